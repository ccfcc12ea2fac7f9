use super::*;

#[test]
fn every_rule_has_a_source_and_a_sign() {
    for source in TABLE.iter().copied().flatten() {
        assert!(source.url.starts_with("https://") && !source.url.contains(' '), "{}", source.url);
        assert!(!source.rules.is_empty(), "{}", source.url);
        for rule in source.rules {
            assert!(
                !(rule.words.is_empty() && rule.phrases.is_empty() && rule.statuses.is_empty()),
                "{} has a rule for everything",
                source.url
            );
            assert!(rule.phrases.iter().all(|parts| !parts.is_empty()), "{}", source.url);
            assert_ne!(rule.class, Class::Success);
        }
    }
}

#[test]
fn the_table_is_in_lower_case() {
    for rule in TABLE.iter().copied().flatten().flat_map(|source| source.rules) {
        for text in rule.words.iter().chain(rule.phrases.iter().copied().flatten()) {
            assert_eq!(*text, text.to_lowercase());
        }
    }
}

#[test]
fn a_fault_of_the_request_blames_nobody_and_asks_for_no_wait() {
    for rule in TABLE.iter().copied().flatten().flat_map(|source| source.rules) {
        assert_eq!(
            rule.class.tries_next(),
            rule.scope != Scope::Request,
            "{:?} {:?}",
            rule.words,
            rule.phrases
        );
    }
    let message = "prompt is too long; try again in 20s";
    let evidence = Evidence { status: 400, message, ..Evidence::default() };
    assert_eq!(classify(&evidence, Timestamp::from_millis(0)).retry_after, None);
}

#[test]
fn a_bare_status_has_a_class() {
    for (status, class) in [
        (0, Class::ServerError),
        (200, Class::ServerError),
        (302, Class::BadAnswer),
        (400, Class::RequestFault),
        (401, Class::Auth),
        (402, Class::Quota),
        (403, Class::Auth),
        (404, Class::ModelUnavailable),
        (408, Class::Transport),
        (413, Class::RequestFault),
        (422, Class::RequestFault),
        (429, Class::Rate),
        (451, Class::ContentPolicy),
        (498, Class::ContentPolicy),
        (500, Class::ServerError),
        (503, Class::ServerError),
        (524, Class::ServerError),
        (529, Class::Overload),
    ] {
        assert_eq!(class_of(&Evidence { status, ..Evidence::default() }), class, "{status}");
    }
}

#[test]
fn a_word_counts_under_its_statuses_only() {
    for (word, status, class) in [
        ("unauthenticated", 401, Class::Auth),
        ("unauthenticated", 503, Class::ServerError),
        ("previous_response_not_found", 404, Class::RequestFault),
        ("previous_response_not_found", 500, Class::ServerError),
    ] {
        let evidence = Evidence { status, code: Some(word), ..Evidence::default() };
        assert_eq!(class_of(&evidence), class, "{status} {word}");
    }
}

#[test]
fn a_context_error_is_never_the_keys_fault() {
    for message in [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ] {
        for status in [0, 200, 400, 401, 403, 413, 422, 429, 500, 502, 503] {
            for kind in [None, Some("invalid_request_error"), Some("INVALID_ARGUMENT")] {
                let class = class_of(&Evidence { status, kind, message, ..Evidence::default() });
                assert_eq!(class, Class::ContextTooLong, "{status} {kind:?} {message}");
            }
        }
    }
}

#[test]
fn a_limit_per_minute_is_never_a_ban() {
    for message in [
        "Rate limit reached for gpt-5 in organization org-1 on tokens per min (TPM): Limit 30000. You exceeded your current quota.",
        "Quota exceeded: 40000 tokens per minute. Insufficient quota.",
        "您的账户已达到每分钟 Token 额度不足",
        "Tokens per minute limit exceeded - too many tokens processed.",
    ] {
        for status in [0, 200, 402, 403, 429, 500, 503] {
            for word in
                ["insufficient_quota", "rate_limit_exceeded", "RESOURCE_EXHAUSTED", "token_quota_exceeded"]
            {
                let evidence =
                    Evidence { status, kind: Some(word), code: Some(word), message, ..Evidence::default() };
                assert_eq!(class_of(&evidence), Class::Rate, "{status} {word} {message}");
            }
        }
    }
}
