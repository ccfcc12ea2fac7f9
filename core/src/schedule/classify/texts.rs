//! Phrases that say what is meant where no code does. The last resort: each rule names the statuses
//! under which its words may be trusted.

use crate::schedule::Class;

/// Under the listed statuses a text with one of these phrases means `class`. A phrase of several parts
/// needs all of them. Everything is in lower case.
struct Text {
    statuses: &'static [u16],
    phrases: &'static [&'static [&'static str]],
    class: Class,
}

/// The first rule that fits.
pub(super) fn find(status: u16, text: &str) -> Option<Class> {
    let fits = |rule: &&Text| {
        rule.statuses.contains(&status)
            && rule.phrases.iter().any(|parts| parts.iter().all(|part| text.contains(part)))
    };
    TEXTS.iter().find(fits).map(|rule| rule.class)
}

/// Whether a limit that refills within minutes is meant, whatever the answer calls it.
pub(super) fn is_per_minute(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "per min",
        "perminute",
        "(tpm)",
        "(rpm)",
        "tokens per min",
        "tpm limit",
        "rpm limit",
        "allocated quota exceeded",
        "每分钟",
    ];
    WORDS.iter().any(|word| text.contains(word))
}

/// The order matters: what must never be mistaken for another goes first.
const TEXTS: &[Text] = &[
    Text {
        statuses: &[0, 200, 400, 413, 422, 500, 502, 503],
        class: Class::ContextTooLong,
        phrases: &[
            &["prompt is too long"],
            &["input is too long"],
            &["maximum context length"],
            &["exceed context limit"],
            &["exceeds the context window"],
            &["exceed", "context size"],
            &["context window", "exceed"],
            &["context length", "exceed"],
            &["context_length_exceeded"],
            &["input token count", "exceeds the maximum"],
            &["model token limit"],
            &["maximum prompt length"],
            &["range of input length"],
            &["total message token length exceed"],
            &["上下文", "超"],
            &["prompt", "超长"],
        ],
    },
    Text {
        // Items an answer refers to, not models.
        statuses: &[400, 404],
        class: Class::RequestFault,
        phrases: &[&["items are not persisted"], &["previous response", "not found"], &["file", "not found"]],
    },
    Text {
        statuses: &[0, 200, 400, 403, 404, 422, 429, 500, 503],
        class: Class::ModelUnavailable,
        phrases: &[
            &["model", "not exist"],
            &["model not found"],
            &["not supported model"],
            &["unsupported model"],
            &["model is not supported"],
            &["the model `", "is not supported"],
            &["is not a valid model"],
            &["no endpoints found"],
            &["no available channel for model"],
            &["not found for api version"],
            &["access to the model"],
            &["access to model"],
            &["模型不存在"],
            &["模型", "无可用渠道"],
            &["不支持的模型"],
            &["不支持该模型"],
        ],
    },
    Text {
        statuses: &[0, 200, 429, 500, 502, 503, 504, 529],
        class: Class::Overload,
        phrases: &[
            &["overloaded"],
            &["at capacity"],
            &["over capacity"],
            &["high demand"],
            &["too busy"],
            &["server is busy"],
            &["no available account"],
            &["已饱和"],
            &["负载过高"],
            &["系统繁忙"],
            &["服务器繁忙"],
        ],
    },
    Text {
        statuses: &[0, 200, 402, 403, 429, 500, 503],
        class: Class::Rate,
        phrases: &[
            &["rate limit"],
            &["rate-limit"],
            &["ratelimit"],
            &["too many requests"],
            &["requests per"],
            &["tokens per"],
            &["请求过于频繁"],
            &["请求频率"],
            &["限流"],
            &["并发"],
        ],
    },
    Text {
        // Google says "quota" for every limit; only the daily ones last.
        statuses: &[429],
        class: Class::Rate,
        phrases: &[&["quota exceeded for metric", "please retry in"]],
    },
    Text {
        statuses: &[0, 200, 400, 401, 402, 403, 429, 500, 503],
        class: Class::Quota,
        phrases: &[
            &["insufficient_quota"],
            &["insufficient balance"],
            &["insufficient credit"],
            &["insufficient quota"],
            &["insufficient funds"],
            &["balance", "insufficient"],
            &["credit balance is too low"],
            &["exceeded your current quota"],
            &["requires more credits"],
            &["doesn't have any credits"],
            &["out of credits"],
            &["usage limit"],
            &["spending limit"],
            &["spend limit"],
            &["quota", "exhausted"],
            &["quota exceeded"],
            &["余额不足"],
            &["欠费"],
            &["额度不足"],
            &["额度已用尽"],
            &["预扣费"],
            &["积分不足"],
        ],
    },
    Text {
        statuses: &[0, 200, 400, 403, 422, 500],
        class: Class::ContentPolicy,
        phrases: &[
            &["content policy"],
            &["usage policy"],
            &["usage policies"],
            &["content management policy"],
            &["content filtering policy"],
            &["safety system"],
            &["flagged"],
            &["敏感"],
            &["不安全"],
        ],
    },
    Text {
        statuses: &[0, 200, 400, 404, 500, 503],
        class: Class::Auth,
        phrases: &[
            &["api key not valid"],
            &["api key expired"],
            &["invalid api key"],
            &["incorrect api key"],
            &["invalid x-api-key"],
            &["organization has been disabled"],
            &["user location is not supported"],
            &["无效的令牌"],
            &["令牌已过期"],
        ],
    },
];
