use super::*;

#[test]
fn every_known_shape_is_read() {
    for (body, kind, code, message) in [
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
            Some("overloaded_error"),
            None,
            "Overloaded",
        ),
        (
            r#"{"error":{"message":"No such model","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            Some("invalid_request_error"),
            Some("model_not_found"),
            "No such model",
        ),
        (
            r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}"#,
            Some("RESOURCE_EXHAUSTED"),
            Some("429"),
            "Quota",
        ),
        (
            r#"[{"error":{"code":400,"message":"Bad key","status":"INVALID_ARGUMENT","details":[{"@type":"x"},{"reason":"API_KEY_INVALID"}]}}]"#,
            Some("INVALID_ARGUMENT"),
            Some("API_KEY_INVALID"),
            "Bad key",
        ),
        (r#"{"error":{"code":"1302","message":"too fast"}}"#, None, Some("1302"), "too fast"),
        (r#"{"error":{"code":1113,"message":"no balance"}}"#, None, Some("1113"), "no balance"),
        (r#"{"error":"invalid key"}"#, None, None, "invalid key"),
        (r#"{"error":"invalid_grant","error_description":"Expired"}"#, None, None, "invalid_grant"),
        (r#"{"error":"Relay error","message":"No account"}"#, Some("Relay error"), None, "No account"),
        (r#"{"detail":"Not Found"}"#, None, None, "Not Found"),
        (r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, None, None, "field required"),
        (
            r#"{"detail":[{"loc":["body","tools",0,"type"],"msg":"Input should be 'function'"}]}"#,
            None,
            None,
            "tools.0.type: Input should be 'function'",
        ),
        (
            r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","code":null}"#,
            Some("invalid_request_error"),
            None,
            "seed: Extra inputs are not permitted",
        ),
        (r#"{"detail":{"message":"nested"}}"#, None, None, "nested"),
        (r#"{"message":"Unauthorized"}"#, None, None, "Unauthorized"),
        (r#"{"code":401,"msg":"bad token"}"#, None, Some("401"), "bad token"),
        (
            r#"{"__type":"com.amazon.coral.service#ThrottlingException","message":"Too many tokens"}"#,
            Some("ThrottlingException"),
            None,
            "Too many tokens",
        ),
        (r#"{"RetCode":172,"Message":"Missing signature"}"#, None, Some("172"), "Missing signature"),
        (
            r#"{"id":"1","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#,
            None,
            Some("1008"),
            "insufficient balance",
        ),
        (
            r#"{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"x"}"#,
            None,
            Some("InvalidApiKey"),
            "Invalid API-key provided.",
        ),
        (
            r#"{"error":{"message":"{\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}","code":502}}"#,
            Some("rate_limit_error"),
            Some("502"),
            "slow down",
        ),
        (r#""plain""#, None, None, "plain"),
        ("null", None, None, ""),
        ("[]", None, None, ""),
        ("", None, None, ""),
        ("upstream\tconnect   error\n", None, None, "upstream connect error"),
    ] {
        let error = decode_error(body.as_bytes());
        assert_eq!((error.kind.as_deref(), error.code.as_deref()), (kind, code), "{body}");
        assert_eq!(error.message, message, "{body}");
    }
}

#[test]
fn what_is_used_up_and_until_when_is_read() {
    for (body, limit, reset, message) in [
        (
            r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"m","quotaId":"RequestsPerMinute"},{"quotaId":"RequestsPerDay"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}"#,
            Some("RequestsPerMinute RequestsPerDay"),
            Some("34s"),
            "Quota",
        ),
        (
            r#"{"error":{"message":"Quota","details":[{"retryDelay":"1s"},{"metadata":{"quotaResetTimeStamp":"2025-12-18T20:18:34Z","quotaResetDelay":"161h39m41.3s"}}]}}"#,
            None,
            Some("161h39m41.3s"),
            "Quota",
        ),
        (
            r#"{"error":{"message":"Quota","details":[{"metadata":{"quotaResetTimeStamp":"2025-12-18T20:18:34Z"}}]}}"#,
            None,
            Some("2025-12-18T20:18:34Z"),
            "Quota",
        ),
        (
            r#"{"error":{"type":"usage_limit_reached","message":"Limit","resets_at":1775317531,"resets_in_seconds":602705}}"#,
            None,
            Some("602705"),
            "Limit",
        ),
        (r#"{"title":"Error 1015","status":429,"retry_after":30}"#, None, Some("30"), "Error 1015"),
        (
            r#"{"error":{"message":"Rate limit exceeded","code":429,"metadata":{"headers":{"X-RateLimit-Reset":"1741305600000"}}}}"#,
            None,
            Some("1741305600000"),
            "Rate limit exceeded",
        ),
        (
            r#"{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"m is temporarily rate-limited upstream"}}}"#,
            None,
            None,
            "m is temporarily rate-limited upstream",
        ),
        (
            r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"prompt is too long\"}}"}}}"#,
            None,
            None,
            "prompt is too long",
        ),
        (
            r#"{"error":{"message":"Provider returned error","code":502,"metadata":{"provider_name":"x"}}}"#,
            None,
            None,
            "Provider returned error",
        ),
        (
            r#"{"error":{"message":"{\"error\":{\"message\":\"inner\",\"details\":[{\"retryDelay\":\"26s\"}]}}","code":429}}"#,
            None,
            Some("26s"),
            "inner",
        ),
    ] {
        let error = decode_error(body.as_bytes());
        assert_eq!((error.limit.as_deref(), error.reset.as_deref()), (limit, reset), "{body}");
        assert_eq!(error.message, message, "{body}");
    }
}

#[test]
fn details_are_bounded() {
    let long = "é".repeat(4096);
    let body = format!(
        r#"{{"error":{{"message":"x","details":[{{"retryDelay":"{long}","violations":[{{"quotaId":"{long}"}}]}}]}}}}"#
    );
    let error = decode_error(body.as_bytes());
    assert!(error.reset.unwrap().len() <= MAX_DETAIL && error.limit.unwrap().len() <= MAX_DETAIL);
}

#[test]
fn a_page_is_reduced_to_its_text() {
    let page = b"<!DOCTYPE html><html><head><STYLE>b{c}</style><script>if (1<2) {}</script>\
        <title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502 Bad\tGateway</h1></center><hr>nginx</body>";
    assert_eq!(decode_error(page).message, "502 Bad Gateway 502 Bad Gateway nginx");
}

#[test]
fn a_message_is_cut_between_characters() {
    let long = "é".repeat(MAX_MESSAGE);
    let error = decode_error(format!(r#"{{"error":{{"message":"x{long}"}}}}"#).as_bytes());
    assert_eq!(error.message.len(), MAX_MESSAGE - 1);
    let text = decode_error("字 ".repeat(4000).as_bytes());
    assert_eq!(text.message.chars().count(), MAX_TEXT);
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    for body in [&b"\xff\xfe<\x00>"[..], b"<", b"<script", b"<style>", b"{\"error\":", b"<\xc3>\xa9"] {
        assert!(decode_error(body).message.len() <= MAX_MESSAGE);
    }
}
