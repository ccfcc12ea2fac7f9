//! Error types and codes that say what is meant. Generic ones (`invalid_request_error`, `api_error`,
//! `INVALID_ARGUMENT`) stand in no table: the text decides there.

use super::rule::{Source, source, words};
use crate::schedule::{Class, Scope};

pub(super) const PROTOCOL: &[Source] = &[
    source(
        "https://platform.claude.com/docs/en/api/errors",
        &[
            words(&["overloaded_error"], Class::Overload),
            words(&["billing_error"], Class::Quota).reaching(Scope::Account),
            words(&["authentication_error"], Class::Auth),
            words(&["request_too_large"], Class::RequestFault),
            words(&["timeout_error"], Class::Transport),
        ],
    ),
    source(
        "https://platform.openai.com/docs/guides/error-codes",
        &[
            words(&["context_length_exceeded"], Class::ContextTooLong),
            words(
                &["content_policy_violation", "content_filter", "moderation_blocked", "invalid_prompt"],
                Class::ContentPolicy,
            ),
            words(&["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"], Class::Quota)
                .reaching(Scope::Account),
            words(&["server_is_overloaded", "slow_down", "overloaded"], Class::Overload),
            words(&["model_not_found"], Class::ModelUnavailable),
            words(&["invalid_api_key", "token_expired", "token_invalidated"], Class::Auth),
            words(&["account_deactivated", "invalid_organization"], Class::Auth).reaching(Scope::Account),
            // It is where the gateway calls from that is refused.
            words(&["unsupported_country_region_territory"], Class::Auth).reaching(Scope::Channel),
            words(&["rate_limit_exceeded"], Class::Rate),
            words(&["previous_response_not_found"], Class::RequestFault).under(&[400, 404]),
            words(
                &["unsupported_parameter", "unsupported_value", "string_above_max_length"],
                Class::RequestFault,
            ),
        ],
    ),
    source(
        "https://github.com/router-for-me/CLIProxyAPI/issues/1666",
        &[words(&["usage_limit_reached", "usage_not_included"], Class::Quota).reaching(Scope::Account)],
    ),
    source(
        "https://ai.google.dev/gemini-api/docs/troubleshooting",
        &[
            words(&["api_key_invalid"], Class::Auth),
            words(&["unauthenticated"], Class::Auth).under(&[400, 401]),
        ],
    ),
    source(
        "https://github.com/liuw1535/antigravity2api-nodejs/issues/44",
        &[words(&["quota_exhausted"], Class::Quota).reaching(Scope::Model)],
    ),
    source(
        "https://github.com/google-gemini/gemini-cli/issues/23520",
        &[words(&["model_capacity_exhausted"], Class::Overload)],
    ),
    // Google calls every limit a quota; only what names a day lasts.
    source(
        "https://ai.google.dev/gemini-api/docs/troubleshooting",
        &[words(&["resource_exhausted"], Class::Rate)],
    ),
];

/// Numbers are bound to the statuses they come with: vendors share them.
pub(super) const VENDOR: &[Source] = &[
    source(
        "https://github.com/QuantumNous/new-api",
        &[
            words(&["insufficient_user_quota"], Class::Quota).reaching(Scope::Account),
            words(&["pre_consume_token_quota_failed"], Class::Quota),
            words(
                &["sensitive_words_detected", "prompt_blocked", "content_blocked", "violation_fee.grok.csam"],
                Class::ContentPolicy,
            ),
            words(&["get_channel_failed", "channel:no_available_key"], Class::ModelUnavailable),
            words(&["empty_response"], Class::BadAnswer),
        ],
    ),
    source(
        "https://github.com/Wei-Shaw/sub2api",
        &[
            words(&["insufficient_balance"], Class::Quota).reaching(Scope::Account),
            words(&["no_available_account"], Class::Overload),
        ],
    ),
    source(
        "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter",
        &[
            words(&["responsibleaipolicyviolation"], Class::ContentPolicy),
            words(&["deploymentnotfound"], Class::ModelUnavailable),
        ],
    ),
    source(
        "https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html",
        &[
            words(&["throttlingexception"], Class::Rate).reaching(Scope::Model),
            words(&["modelnotreadyexception", "serviceunavailableexception"], Class::Overload),
            words(&["unrecognizedclientexception", "expiredtokenexception"], Class::Auth),
        ],
    ),
    source(
        "https://platform.moonshot.ai/docs/api/chat",
        &[
            words(&["exceeded_current_quota_error"], Class::Quota).reaching(Scope::Account),
            words(&["engine_overloaded_error"], Class::Overload),
            words(&["rate_limit_reached_error"], Class::Rate).reaching(Scope::Account),
            words(&["invalid_authentication_error", "incorrect_api_key_error"], Class::Auth),
            words(&["resource_not_found_error"], Class::ModelUnavailable),
        ],
    ),
    source(
        "https://help.aliyun.com/zh/model-studio/error-code",
        &[
            words(
                &["arrearage", "prepaidbilloverdue", "postpaidbilloverdue", "commoditynotpurchased"],
                Class::Quota,
            )
            .reaching(Scope::Account),
            words(&["allocationquota.freetieronly"], Class::Quota).reaching(Scope::Model),
            words(&["datainspectionfailed", "data_inspection_failed"], Class::ContentPolicy),
            words(
                &[
                    "throttling",
                    "throttling.ratequota",
                    "throttling.burstrate",
                    "throttling.allocationquota",
                    "limit_requests",
                    "limit_burst_rate",
                ],
                Class::Rate,
            )
            .reaching(Scope::Model),
            words(&["invalidapikey"], Class::Auth),
            words(&["model.accessdenied", "modelnotfound"], Class::ModelUnavailable),
        ],
    ),
    source(
        "https://www.volcengine.com/docs/82379/1299023",
        &[
            words(&["accountoverdueerror"], Class::Quota).reaching(Scope::Account),
            words(&["setlimitexceeded", "quotaexceeded"], Class::Quota).reaching(Scope::Model),
            words(&["serveroverloaded"], Class::Overload),
            words(
                &[
                    "modelnotopen",
                    "invalidendpointormodel.notfound",
                    "invalidendpointormodel.modelidaccessdisabled",
                    "invalidendpoint.closedendpoint",
                    "unsupportedmodel",
                ],
                Class::ModelUnavailable,
            ),
            words(
                &[
                    "sensitivecontentdetected",
                    "inputtextsensitivecontentdetected",
                    "inputimagesensitivecontentdetected",
                    "outputtextsensitivecontentdetected",
                    "inputtextriskdetection",
                    "inputimageriskdetection",
                    "outputtextriskdetection",
                ],
                Class::ContentPolicy,
            ),
            words(
                &[
                    "ratelimitexceeded.endpointtpmexceeded",
                    "ratelimitexceeded.endpointrpmexceeded",
                    "modelaccountrpmratelimitexceeded",
                    "modelaccounttpmratelimitexceeded",
                    "modelaccountipmratelimitexceeded",
                    "requestbursttoofast",
                ],
                Class::Rate,
            )
            .reaching(Scope::Model),
        ],
    ),
    source(
        "https://github.com/router-for-me/CLIProxyAPI/pull/5978",
        &[words(&["accountquotaexceeded"], Class::Quota).reaching(Scope::Account)],
    ),
    source(
        "https://docs.bigmodel.cn/cn/faq/api-code",
        &[
            words(&["1000", "1001", "1002", "1003", "1004"], Class::Auth).under(&[401]),
            words(&["1110", "1111", "1112"], Class::Auth).under(&[401, 429]).reaching(Scope::Account),
            words(&["1113"], Class::Quota).under(&[400, 429]).reaching(Scope::Account),
            words(&["1211"], Class::ModelUnavailable).under(&[400, 404]),
            words(&["1261"], Class::ContextTooLong).under(&[400]),
            words(&["1301"], Class::ContentPolicy).under(&[400]),
            words(&["1302", "1303"], Class::Rate).under(&[429]).reaching(Scope::Model),
            words(&["1305", "1312"], Class::Overload).under(&[429]),
            words(&["1304", "1308", "1309", "1310"], Class::Quota).under(&[429]).reaching(Scope::Account),
            words(&["1311"], Class::ModelUnavailable).under(&[400, 403, 429]),
            words(&["1313"], Class::Rate).under(&[429]).reaching(Scope::Account),
        ],
    ),
    source(
        "https://docs.z.ai/api-reference/api-code",
        &[words(&["1316", "1317", "1318", "1319", "1320", "1321"], Class::Quota)
            .under(&[429])
            .reaching(Scope::Account)],
    ),
    // Inside an answer of status 200.
    source(
        "https://platform.minimax.io/docs/api-reference/errorcode",
        &[
            words(&["1002", "1039", "1041"], Class::Rate).under(&[0, 200]),
            words(&["1004", "2049"], Class::Auth).under(&[0, 200]),
            words(&["1008", "2056"], Class::Quota).under(&[0, 200]).reaching(Scope::Account),
            words(&["1026", "1027"], Class::ContentPolicy).under(&[0, 200]),
            words(&["2013"], Class::ContextTooLong).under(&[0, 200]).saying(&[&["context window"]]),
            words(&["2013"], Class::RequestFault).under(&[0, 200]),
            words(&["2061"], Class::ModelUnavailable).under(&[0, 200]),
        ],
    ),
    source(
        "https://docs.siliconflow.cn/cn/faqs/error-code",
        &[
            words(&["20012"], Class::ModelUnavailable).under(&[400, 404]),
            words(&["30001"], Class::Quota).under(&[402, 403]).reaching(Scope::Account),
            words(&["50505"], Class::Overload).under(&[429, 503]),
            words(&["50603"], Class::Overload).under(&[500, 503]),
        ],
    ),
    source(
        "https://console.groq.com/docs/errors",
        &[
            words(&["model_decommissioned", "model_terms_required"], Class::ModelUnavailable),
            words(&["organization_restricted"], Class::Auth).reaching(Scope::Account),
        ],
    ),
    source("https://github.com/raycast/extensions/issues/31107", &[words(&["rate_limited"], Class::Rate)]),
    source("https://docs.mistral.ai/api", &[words(&["invalid_model"], Class::ModelUnavailable)]),
    source(
        "https://inference-docs.cerebras.ai/support/error",
        &[
            words(&["queue_exceeded"], Class::Overload),
            words(&["token_quota_exceeded", "request_quota_exceeded"], Class::Rate).reaching(Scope::Model),
            words(&["wrong_api_key"], Class::Auth),
        ],
    ),
    source(
        "https://github.com/github/copilot-cli/issues/730",
        &[words(&["quota_exceeded"], Class::Quota).under(&[402, 429]).reaching(Scope::Account)],
    ),
    source(
        "https://github.com/zed-industries/zed/issues/28869",
        &[
            words(&["model_not_supported", "unsupported_api_for_model"], Class::ModelUnavailable),
            words(&["model_max_prompt_tokens_exceeded"], Class::ContextTooLong),
        ],
    ),
];
