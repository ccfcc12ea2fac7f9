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
