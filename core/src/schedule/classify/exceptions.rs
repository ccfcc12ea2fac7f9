//! What a code alone gets wrong, or says too little about: the text decides before any code.

use super::rule::{Source, source, text, words};
use crate::schedule::{Class, Scope};

const LIMITED: &[u16] = &[0, 200, 400, 402, 403, 413, 429, 500, 502, 503, 529];
const REFUSED: &[u16] = &[0, 200, 400, 401, 403, 429, 500, 503];

pub(super) const EXCEPTIONS: &[Source] = &[
    source(
        "https://platform.claude.com/docs/en/api/errors",
        &[text(
            REFUSED,
            &[
                &["organization has been disabled"],
                &["account has been disabled"],
                &["account has been suspended"],
            ],
            Class::Auth,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://platform.openai.com/docs/guides/error-codes",
        &[text(REFUSED, &[&["account", "deactivated"]], Class::Auth).reaching(Scope::Account)],
    ),
    // A day ends at midnight in California, at 08:00 UTC at the latest; the delay told with it is one of a minute.
    source(
        "https://ai.google.dev/gemini-api/docs/rate-limits",
        &[
            words(&["resource_exhausted"], Class::Quota)
                .saying(&[&["perday"], &["per day"]])
                .reaching(Scope::Model)
                .daily_at(8),
            words(&["resource_exhausted"], Class::Rate)
                .saying(&[&["permodel"], &["quota exceeded for metric", "please retry in"]])
                .reaching(Scope::Model),
        ],
    ),
    source(
        "https://ai.google.dev/gemini-api/docs/billing",
        &[words(&["resource_exhausted"], Class::Quota)
            .saying(&[&["prepayment credits"], &["spending cap"]])
            .reaching(Scope::Account)],
    ),
    source(
        "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429",
        &[words(&["resource_exhausted"], Class::Rate)
            .saying(&[&["resource exhausted. please try again later"]])
            .reaching(Scope::Model)],
    ),
    source(
        "https://github.com/google-gemini/gemini-cli/issues/29425",
        &[words(&["quota_exhausted"], Class::Quota)
            .saying(&[&["individual quota reached"]])
            .reaching(Scope::Account)],
    ),
    // Its "quota" is what others call a rate.
    source(
        "https://help.aliyun.com/zh/model-studio/rate-limit",
        &[text(
            LIMITED,
            &[
                &["allocated quota exceeded"],
                &["exceeded your current quota", "aliyun"],
                &["exceeded your current quota", "alibabacloud"],
                &["exceeded your current requests list"],
            ],
            Class::Rate,
        )
        .reaching(Scope::Model)],
    ),
    source(
        "https://platform.claude.com/docs/en/api/rate-limits",
        &[text(
            LIMITED,
            &[
                &["organization's rate limit"],
                &["account's rate limit"],
                &["rate limit for your organization"],
                &["acceleration limit"],
            ],
            Class::Rate,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://platform.openai.com/docs/guides/rate-limits",
        &[words(&["rate_limit_exceeded"], Class::Rate)
            .saying(&[&["rate limit reached for"], &["request too large for"]])
            .reaching(Scope::Model)],
    ),
    source(
        "https://github.com/openai/codex/issues/3257",
        &[text(LIMITED, &[&["hit your usage limit"]], Class::Quota).reaching(Scope::Account)],
    ),
    source(
        "https://www.kimi.com/code/docs/en/kimi-code/error-reference.html",
        &[text(
            LIMITED,
            &[&["reached your usage limit"], &["usage limit for this period"], &["monthly usage limit"]],
            Class::Quota,
        )
        .reaching(Scope::Account)],
    ),
    source(
        "https://docs.cohere.com/docs/rate-limits",
        &[text(LIMITED, &[&["trial key", "month"]], Class::Quota).reaching(Scope::Account)],
    ),
    source(
        "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
        &[text(LIMITED, &[&["too many tokens per day"]], Class::Quota).reaching(Scope::Model)],
    ),
    source(
        "https://openrouter.ai/docs/api-reference/limits",
        &[
            text(LIMITED, &[&["free-models-per-day"]], Class::Quota).reaching(Scope::Account),
            text(LIMITED, &[&["free-models-per-min"]], Class::Rate).reaching(Scope::Account),
        ],
    ),
    // Limits that refill within a minute, whatever the answer calls them; nearly everywhere they are a model's.
    source(
        "https://www.volcengine.com/docs/82379/1299023",
        &[text(
            LIMITED,
            &[
                &["per min"],
                &["perminute"],
                &["(tpm)"],
                &["(rpm)"],
                &["tpm limit"],
                &["rpm limit"],
                &["每分钟"],
            ],
            Class::Rate,
        )
        .reaching(Scope::Model)],
    ),
];
