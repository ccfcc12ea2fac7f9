//! Phrases that say what is meant where no code does. The last resort: each rule names the statuses
//! under which its words may be trusted. The order matters: what must never be mistaken for another goes
//! first.

use super::rule::{Source, source, text};
use crate::schedule::{Class, Scope};

/// No status of a too long prompt can be relied on; relays pass it on under any.
const ANY_FAULT: &[u16] = &[0, 200, 400, 401, 403, 413, 422, 429, 500, 502, 503];
const MODEL: &[u16] = &[0, 200, 400, 403, 404, 422, 429, 500, 503];
const POLICY: &[u16] = &[0, 200, 400, 403, 422, 500];
const KEY: &[u16] = &[0, 200, 400, 404, 500, 503];

/// What is wrong with the request, the path or the model.
pub(super) const REQUEST: &[Source] = &[
    source(
        "https://platform.claude.com/docs/en/api/errors",
        &[text(
            ANY_FAULT,
            &[&["prompt is too long"], &["exceed context limit"], &["context window", "exceed"]],
            Class::ContextTooLong,
        )],
    ),
    source(
        "https://platform.openai.com/docs/guides/error-codes",
        &[text(
            ANY_FAULT,
            &[
                &["maximum context length"],
                &["context length", "exceed"],
                &["context_length_exceeded"],
                &["maximum input length"],
            ],
            Class::ContextTooLong,
        )],
    ),
    source(
        "https://ai.google.dev/gemini-api/docs/troubleshooting",
        &[text(ANY_FAULT, &[&["input token count", "exceeds the maximum"]], Class::ContextTooLong)],
    ),
    source(
        "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
        &[text(ANY_FAULT, &[&["input is too long"]], Class::ContextTooLong)],
    ),
    source(
        "https://platform.moonshot.ai/docs/api/chat",
        &[text(
            ANY_FAULT,
            &[
                &["model token limit"],
                &["total message token length exceed"],
                &["total message size", "exceeds limit"],
            ],
            Class::ContextTooLong,
        )],
    ),
    source(
        "https://docs.x.ai/docs/models",
        &[text(ANY_FAULT, &[&["maximum prompt length"]], Class::ContextTooLong)],
    ),
    source(
        "https://help.aliyun.com/zh/model-studio/error-code",
        &[text(ANY_FAULT, &[&["range of input length"], &["input length should be"]], Class::ContextTooLong)],
    ),
    source(
        "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
        &[text(ANY_FAULT, &[&["exceed", "context size"]], Class::ContextTooLong)],
    ),
    source(
        "https://docs.bigmodel.cn/cn/faq/api-code",
        &[text(ANY_FAULT, &[&["上下文", "超"], &["prompt", "超长"]], Class::ContextTooLong)],
    ),
    source(
        "https://docs.together.ai/docs/error-codes",
        &[text(
            ANY_FAULT,
            &[&["inputs tokens + max_new_tokens must be"], &["less than the context length"]],
            Class::ContextTooLong,
        )],
    ),
    // Items an answer refers to, not models.
    source(
        "https://platform.openai.com/docs/api-reference/responses",
        &[text(
            &[400, 404],
            &[&["items are not persisted"], &["previous response", "not found"], &["file", "not found"]],
            Class::RequestFault,
        )],
    ),
    // A wrong path, not a wrong model.
    source(
        "https://github.com/songquanpeng/one-api",
        &[text(&[404, 405], &[&["invalid url ("]], Class::BadAnswer)],
    ),
    source(
        "https://pkg.go.dev/net/http#NotFound",
        &[text(
            &[404, 405],
            &[&["404 page not found"], &["404 not found"], &["cannot post /"], &["page could not be found"]],
            Class::BadAnswer,
        )],
    ),
    source(
        "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/",
        &[
            text(&[403, 429, 503], &[&["error code: 1015"], &["you are being rate limited"]], Class::Rate)
                .reaching(Scope::Channel),
            text(
                &[403, 429, 503],
                &[
                    &["just a moment..."],
                    &["attention required", "cloudflare"],
                    &["sorry, you have been blocked"],
                    &["error code: 1010"],
                    &["error code: 1020"],
                ],
                Class::BadAnswer,
            ),
        ],
    ),
    source(
        "https://github.com/QuantumNous/new-api",
        &[text(
            MODEL,
            &[
                &["no available channel", "for model"],
                &["模型", "无可用渠道"],
                &["可用渠道不存在"],
                &["无权访问模型"],
                &["不支持的模型"],
                &["不支持该模型"],
            ],
            Class::ModelUnavailable,
        )],
    ),
    source(
        "https://github.com/Wei-Shaw/claude-relay-service/issues/713",
        &[text(
            MODEL,
            &[&["no available", "accounts support"], &["no available accounts supporting model"]],
            Class::ModelUnavailable,
        )],
    ),
    source(
        "https://platform.openai.com/docs/guides/error-codes",
        &[text(
            MODEL,
            &[
                &["model", "not exist"],
                &["model not found"],
                &["unsupported model"],
                &["not supported model"],
                &["model is not supported"],
                &["the model `", "is not supported"],
                &["access to the model"],
                &["access to model"],
            ],
            Class::ModelUnavailable,
        )],
    ),
    source(
        "https://openrouter.ai/docs/api-reference/errors",
        &[text(MODEL, &[&["is not a valid model"], &["no endpoints found"]], Class::ModelUnavailable)],
    ),
    source(
        "https://ai.google.dev/gemini-api/docs/troubleshooting",
        &[text(MODEL, &[&["not found for api version"]], Class::ModelUnavailable)],
    ),
    source(
        "https://github.com/anthropics/claude-code/issues/1466",
        &[text(MODEL, &[&["on-demand throughput", "supported"]], Class::ModelUnavailable)],
    ),
    source(
        "https://docs.ollama.com/api/errors",
        &[text(MODEL, &[&["model '", "not found"], &["model \"", "not found"]], Class::ModelUnavailable)],
    ),
    source(
        "https://www.kimi.com/code/docs/en/kimi-code/error-reference.html",
        &[text(MODEL, &[&["not found the model"]], Class::ModelUnavailable)],
    ),
    source(
        "https://docs.bigmodel.cn/cn/faq/api-code",
        &[text(MODEL, &[&["模型不存在"]], Class::ModelUnavailable)],
    ),
];

/// Why the content or the key is refused.
pub(super) const REFUSAL: &[Source] = &[
    source(
        "https://platform.openai.com/docs/guides/error-codes",
        &[text(
            POLICY,
            &[&["content policy"], &["usage policy"], &["usage policies"], &["safety system"], &["flagged"]],
            Class::ContentPolicy,
        )],
    ),
    source(
        "https://platform.claude.com/docs/en/api/errors",
        &[text(POLICY, &[&["content filtering policy"]], Class::ContentPolicy)],
    ),
    source(
        "https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter",
        &[text(POLICY, &[&["content management policy"]], Class::ContentPolicy)],
    ),
    source(
        "https://github.com/deepseek-ai/awesome-deepseek-integration/issues/13",
        &[text(POLICY, &[&["content exists risk"]], Class::ContentPolicy)],
    ),
    source(
        "https://platform.moonshot.ai/docs/api/chat",
        &[text(POLICY, &[&["considered high risk"]], Class::ContentPolicy)],
    ),
    source(
        "https://docs.bigmodel.cn/cn/faq/api-code",
        &[text(POLICY, &[&["敏感"], &["不安全"]], Class::ContentPolicy)],
    ),
    source("https://docs.cohere.com/reference/errors", &[text(&[498], &[], Class::ContentPolicy)]),
    source(
        "https://platform.openai.com/docs/guides/error-codes",
        &[text(KEY, &[&["invalid api key"], &["incorrect api key"]], Class::Auth)],
    ),
    source(
        "https://platform.claude.com/docs/en/api/errors",
        &[text(KEY, &[&["invalid x-api-key"]], Class::Auth)],
    ),
    source(
        "https://ai.google.dev/gemini-api/docs/troubleshooting",
        &[
            text(KEY, &[&["api key not valid"], &["api key expired"]], Class::Auth),
            text(KEY, &[&["user location is not supported"]], Class::Auth).reaching(Scope::Channel),
            text(&[400, 403], &[&["has been suspended"]], Class::Auth).reaching(Scope::Account),
        ],
    ),
    source(
        "https://github.com/QuantumNous/new-api/issues/3302",
        &[text(KEY, &[&["无效的令牌"], &["令牌已过期"], &["令牌状态不可用"]], Class::Auth)],
    ),
];
