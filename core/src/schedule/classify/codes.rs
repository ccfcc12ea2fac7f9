//! Error types and codes that say what is meant. Generic ones (`invalid_request_error`, `api_error`,
//! `INVALID_ARGUMENT`) stand in no table: the text decides there.

use super::Evidence;
use crate::schedule::Class;

/// A type or code, in lower case, and what it means under some statuses (none listed: under all).
pub(super) struct Code {
    statuses: &'static [u16],
    word: &'static str,
    class: Class,
}

const fn any(word: &'static str, class: Class) -> Code {
    Code { statuses: &[], word, class }
}

const fn under(statuses: &'static [u16], word: &'static str, class: Class) -> Code {
    Code { statuses, word, class }
}

/// The code's meaning, or else the type's.
pub(super) fn find(table: &[Code], evidence: &Evidence<'_>) -> Option<Class> {
    [evidence.code, evidence.kind].into_iter().flatten().find_map(|word| {
        let meant = |code: &&Code| {
            (code.statuses.is_empty() || code.statuses.contains(&evidence.status))
                && code.word.eq_ignore_ascii_case(word)
        };
        table.iter().find(meant).map(|code| code.class)
    })
}

/// <https://platform.claude.com/docs/en/api/errors>,
/// <https://platform.openai.com/docs/guides/error-codes>,
/// <https://ai.google.dev/gemini-api/docs/troubleshooting>.
pub(super) const PROTOCOL: &[Code] = &[
    any("context_length_exceeded", Class::ContextTooLong),
    any("content_policy_violation", Class::ContentPolicy),
    any("content_filter", Class::ContentPolicy),
    any("moderation_blocked", Class::ContentPolicy),
    any("invalid_prompt", Class::ContentPolicy),
    any("insufficient_quota", Class::Quota),
    any("billing_error", Class::Quota),
    any("billing_hard_limit_reached", Class::Quota),
    any("billing_not_active", Class::Quota),
    any("usage_limit_reached", Class::Quota),
    any("usage_not_included", Class::Quota),
    any("overloaded_error", Class::Overload),
    any("overloaded", Class::Overload),
    any("server_is_overloaded", Class::Overload),
    any("slow_down", Class::Overload),
    any("model_not_found", Class::ModelUnavailable),
    any("invalid_api_key", Class::Auth),
    any("api_key_invalid", Class::Auth),
    any("authentication_error", Class::Auth),
    any("account_deactivated", Class::Auth),
    any("token_expired", Class::Auth),
    any("token_invalidated", Class::Auth),
    any("invalid_organization", Class::Auth),
    any("unsupported_country_region_territory", Class::Auth),
    under(&[400, 401], "unauthenticated", Class::Auth),
    any("rate_limit_exceeded", Class::Rate),
    under(&[400, 404], "previous_response_not_found", Class::RequestFault),
    any("unsupported_parameter", Class::RequestFault),
    any("unsupported_value", Class::RequestFault),
    any("string_above_max_length", Class::RequestFault),
    any("request_too_large", Class::RequestFault),
    any("timeout_error", Class::Transport),
];

/// Words of single vendors. Numbers are bound to the statuses they come with: vendors share them.
pub(super) const VENDOR: &[Code] = &[
    // new-api and its relatives.
    any("insufficient_user_quota", Class::Quota),
    any("pre_consume_token_quota_failed", Class::Quota),
    any("sensitive_words_detected", Class::ContentPolicy),
    any("prompt_blocked", Class::ContentPolicy),
    any("content_blocked", Class::ContentPolicy),
    any("no_available_account", Class::Overload),
    // Azure OpenAI: https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
    any("deploymentnotfound", Class::ModelUnavailable),
    any("responsibleaipolicyviolation", Class::ContentPolicy),
    // Amazon Bedrock: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
    any("throttlingexception", Class::Rate),
    any("modelnotreadyexception", Class::Overload),
    any("serviceunavailableexception", Class::Overload),
    any("unrecognizedclientexception", Class::Auth),
    any("expiredtokenexception", Class::Auth),
    // xAI.
    any("violation_fee.grok.csam", Class::ContentPolicy),
    // Moonshot: https://platform.moonshot.ai/docs/api/chat
    any("exceeded_current_quota_error", Class::Quota),
    any("engine_overloaded_error", Class::Overload),
    any("rate_limit_reached_error", Class::Rate),
    any("invalid_authentication_error", Class::Auth),
    any("resource_not_found_error", Class::ModelUnavailable),
    // Alibaba Model Studio: https://help.aliyun.com/zh/model-studio/error-code
    any("arrearage", Class::Quota),
    any("allocationquota.freetieronly", Class::Quota),
    any("datainspectionfailed", Class::ContentPolicy),
    any("data_inspection_failed", Class::ContentPolicy),
    any("throttling", Class::Rate),
    any("throttling.ratequota", Class::Rate),
    any("throttling.burstrate", Class::Rate),
    any("throttling.allocationquota", Class::Rate),
    any("limit_requests", Class::Rate),
    any("limit_burst_rate", Class::Rate),
    any("invalidapikey", Class::Auth),
    any("model.accessdenied", Class::ModelUnavailable),
    any("modelnotfound", Class::ModelUnavailable),
    // Volcengine Ark: https://www.volcengine.com/docs/82379/1299023
    any("accountoverdueerror", Class::Quota),
    any("setlimitexceeded", Class::Quota),
    any("serveroverloaded", Class::Overload),
    any("modelnotopen", Class::ModelUnavailable),
    any("invalidendpointormodel.notfound", Class::ModelUnavailable),
    any("invalidendpointormodel.modelidaccessdisabled", Class::ModelUnavailable),
    any("sensitivecontentdetected", Class::ContentPolicy),
    any("inputtextsensitivecontentdetected", Class::ContentPolicy),
    any("ratelimitexceeded.endpointtpmexceeded", Class::Rate),
    any("ratelimitexceeded.endpointrpmexceeded", Class::Rate),
    any("modelaccountrpmratelimitexceeded", Class::Rate),
    any("modelaccounttpmratelimitexceeded", Class::Rate),
    // Zhipu: https://docs.bigmodel.cn/cn/faq/api-code
    under(&[401], "1002", Class::Auth),
    under(&[400, 429], "1113", Class::Quota),
    under(&[400, 404], "1211", Class::ModelUnavailable),
    under(&[400], "1261", Class::ContextTooLong),
    under(&[400], "1301", Class::ContentPolicy),
    under(&[429], "1302", Class::Rate),
    under(&[429], "1303", Class::Rate),
    under(&[429], "1304", Class::Quota),
    under(&[429], "1305", Class::Overload),
    under(&[429], "1308", Class::Quota),
    under(&[429], "1309", Class::Quota),
    under(&[429], "1310", Class::Quota),
    // MiniMax, inside an answer of status 200: https://platform.minimax.io/docs/api-reference/errorcode
    under(&[0, 200], "1002", Class::Rate),
    under(&[0, 200], "1004", Class::Auth),
    under(&[0, 200], "1008", Class::Quota),
    under(&[0, 200], "1026", Class::ContentPolicy),
    under(&[0, 200], "1027", Class::ContentPolicy),
    under(&[0, 200], "1039", Class::Rate),
    under(&[0, 200], "2013", Class::RequestFault),
    under(&[0, 200], "2049", Class::Auth),
    // SiliconFlow.
    under(&[400, 404], "20012", Class::ModelUnavailable),
    under(&[402, 403], "30001", Class::Quota),
    under(&[429, 503], "50505", Class::Overload),
    under(&[500, 503], "50603", Class::Overload),
];
