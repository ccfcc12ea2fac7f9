//! Phrases that say what there is not enough of: room, rate or money.

use super::rule::{Source, source, text};
use crate::schedule::{Class, Scope};

const BUSY: &[u16] = &[0, 200, 429, 500, 502, 503, 504, 529];
const RATE: &[u16] = &[0, 200, 402, 403, 429, 500, 503];
const SPENT: &[u16] = &[0, 200, 400, 401, 402, 403, 429, 500, 503];

pub(super) const CAPACITY: &[Source] = &[
    source(
        "https://github.com/Wei-Shaw/sub2api/issues/593",
        &[text(
            BUSY,
            &[
                &["no available account"],
                &["account pool", "unavailable"],
                &["all accounts failed"],
                &["无可用账号"],
            ],
            Class::Overload,
        )],
    ),
    source(
        "https://github.com/QuantumNous/new-api",
        &[text(
            BUSY,
            &[
                &["已饱和"],
                &["负载过高"],
                &["系统繁忙"],
                &["服务器繁忙"],
                &["无可用渠道"],
                &["no available channel"],
            ],
            Class::Overload,
        )],
    ),
    source(
        "https://github.com/openai/codex/issues/19446",
        &[text(
            BUSY,
            &[&["at capacity"], &["over capacity"], &["currently unavailable due to high"]],
            Class::Overload,
        )],
    ),
    source(
        "https://ai.google.dev/gemini-api/docs/troubleshooting",
        &[text(BUSY, &[&["overloaded"], &["high demand"], &["no capacity available"]], Class::Overload)],
    ),
    source(
        "https://api-docs.deepseek.com/quick_start/error_codes",
        &[text(
            BUSY,
            &[&["too busy"], &["server is busy"], &["server busy"], &["high traffic"]],
            Class::Overload,
        )],
    ),
    source(
        "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
        &[text(BUSY, &[&["bedrock is unable to process your request"]], Class::Overload)],
    ),
    source(
        "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
        &[text(&[503], &[&["loading model"]], Class::Overload)],
    ),
    source(
        "https://github.com/continuedev/continue/issues/6185",
        &[text(RATE, &[&["capacity exceeded for this model"]], Class::Rate).reaching(Scope::Model)],
    ),
    source(
        "https://github.com/AIDotNet/OpenDeepWiki/issues/269",
        &[text(RATE, &[&["rejected due to rate limiting"]], Class::Rate).reaching(Scope::Model)],
    ),
    source(
        "https://openrouter.ai/docs/api-reference/errors",
        &[text(RATE, &[&["temporarily rate-limited upstream"]], Class::Rate).reaching(Scope::Model)],
    ),
    source(
        "https://github.com/microsoft/vscode-copilot-release/issues/7132",
        &[text(RATE, &[&["exhausted this model's rate limit"]], Class::Rate).reaching(Scope::Model)],
    ),
    source(
        "https://platform.openai.com/docs/guides/rate-limits",
        &[text(
            RATE,
            &[
                &["rate limit"],
                &["rate-limited"],
                &["rate-limit exceeded"],
                &["ratelimit"],
                &["too many requests"],
                &["requests per"],
                &["tokens per"],
            ],
            Class::Rate,
        )],
    ),
    source(
        "https://github.com/QuantumNous/new-api",
        &[text(RATE, &[&["请求过于频繁"], &["请求频率"], &["限流"], &["并发"]], Class::Rate)],
    ),
    source(
        "https://github.com/songquanpeng/one-api",
        &[text(SPENT, &[&["令牌额度"], &["令牌", "额度已用尽"]], Class::Quota)],
    ),
    source(
        "https://github.com/QuantumNous/new-api",
        &[text(
            SPENT,
            &[
                &["余额不足"],
                &["欠费"],
                &["额度不足"],
                &["额度已用尽"],
                &["额度已用完"],
                &["预扣费"],
                &["积分不足"],
            ],
            Class::Quota,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://platform.openai.com/docs/guides/error-codes",
        &[text(
            SPENT,
            &[
                &["insufficient_quota"],
                &["insufficient quota"],
                &["insufficient funds"],
                &["exceeded your current quota"],
                &["quota", "exhausted"],
                &["quota exceeded"],
                &["usage limit"],
            ],
            Class::Quota,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://platform.claude.com/docs/en/api/errors",
        &[text(
            SPENT,
            &[&["credit balance is too low"], &["out of extra usage"], &["spend limit"]],
            Class::Quota,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://github.com/continuedev/continue/issues/10373",
        &[text(
            SPENT,
            &[
                &["used all available credits"],
                &["spending limit"],
                &["run out of credits"],
                &["doesn't have any credits"],
            ],
            Class::Quota,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://openrouter.ai/docs/api-reference/errors",
        &[text(
            SPENT,
            &[&["insufficient credit"], &["requires more credits"], &["out of credits"]],
            Class::Quota,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://api-docs.deepseek.com/quick_start/error_codes",
        &[text(SPENT, &[&["insufficient", "balance"], &["overdue balance"]], Class::Quota)
            .reaching(Scope::Account)],
    ),
    source(
        "https://github.com/diegosouzapw/OmniRoute/issues/3709",
        &[text(SPENT, &[&["reached your", "usage limit"]], Class::Quota).reaching(Scope::Account)],
    ),
];
