use http::HeaderValue;

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

#[test]
fn model_stream_and_session_are_read_in_one_pass() {
    let none = HeaderMap::new();
    for (body, model, stream, session) in [
        (r#"{"model":"m","stream":true}"#, "m", true, None),
        (r#" { "stream" : false , "model" : "m" } "#, "m", false, None),
        (r#"{"mod\u0065l":"\u006d\"","stream":null}"#, "m\"", false, None),
        (r#"{"model":"m","stream":"true","prompt_cache_key":"k","user":"u"}"#, "m", false, Some("k")),
        (r#"{"user":"u","metadata":{"a":1,"user_id":"i"},"model":"m"}"#, "m", false, Some("i")),
        (r#"{"safety_identifier":"s","user":"","model":"m","metadata":{}}"#, "m", false, Some("s")),
        (r#"{"model":"m","user":7,"metadata":[1],"prompt_cache_key":null}"#, "m", false, None),
    ] {
        let peek = peek(Operation::Chat, &none, body.as_bytes(), None).unwrap();
        assert_eq!(
            (peek.model.as_ref(), peek.stream, peek.session.as_deref()),
            (model, stream, session),
            "{body}"
        );
    }
}

#[test]
fn a_header_names_the_session_before_the_body_does() {
    let body = br#"{"model":"m","prompt_cache_key":"k"}"#;
    for (pairs, expected) in [
        (vec![("session_id", "b"), ("x-claude-code-session-id", "a")], "a"),
        (vec![("thread-id", "t"), ("session-id", "s")], "s"),
        (vec![("conversation-id", "c"), ("session-id", " ")], "c"),
        (vec![("x-client-request-id", "r")], "k"),
    ] {
        let headers = headers(&pairs);
        let peek = peek(Operation::Responses, &headers, body, None).unwrap();
        assert_eq!(peek.session.as_deref(), Some(expected), "{pairs:?}");
    }
}

#[test]
fn gemini_is_told_model_and_stream_by_its_path() {
    let body = br#"{"contents":[],"model":"other","stream":true}"#;
    for (operation, stream) in [(Operation::GeminiGenerate, false), (Operation::GeminiStream, true)] {
        let headers = headers(&[("x-gemini-api-privileged-user-id", "g")]);
        let peek = peek(operation, &headers, body, Some("gemini-3-pro")).unwrap();
        assert_eq!((peek.model.as_ref(), peek.model_span, peek.stream), ("gemini-3-pro", None, stream));
        assert_eq!(peek.session.as_deref(), Some("g"));
    }
}

#[test]
fn a_request_that_cannot_be_read_is_told_why() {
    let json = "application/json";
    for (operation, content_type, body, expected) in [
        (Operation::Chat, json, "", "the body is empty"),
        (Operation::Chat, json, " \n", "the body is empty"),
        (Operation::Chat, json, "{}", "missing `model`"),
        (Operation::Messages, json, r#"{"model":""}"#, "missing `model`"),
        (Operation::Messages, json, r#"{"model":null}"#, "`model` must be a string"),
        (Operation::Messages, json, r#"{"model":"a","model":"b"}"#, "`model` is given twice"),
        (Operation::ImageGenerate, json, r#"{"prompt":"a cat"}"#, "missing `model`"),
        (Operation::Chat, json, r#"{"model":"m""#, "the body is not valid JSON: "),
        (Operation::Chat, json, r#"{"model":"m"} x"#, "the body is not valid JSON: "),
        (Operation::Chat, json, r#"{"model":"m","a":[1,}"#, "the body is not valid JSON: "),
        (Operation::Chat, json, r#"["model"]"#, "the body is not valid JSON: "),
        (
            Operation::Chat,
            "multipart/form-data; boundary=x",
            "--x--",
            "the content type must be application/json, not multipart/form-data",
        ),
        (
            Operation::Embeddings,
            "Application/X-WWW-form-urlencoded",
            "model=m",
            "the content type must be application/json, not application/x-www-form-urlencoded",
        ),
    ] {
        let headers = headers(&[("content-type", content_type)]);
        let error = peek(operation, &headers, body.as_bytes(), None).unwrap_err();
        assert!(error.starts_with(expected), "{body}: {error}");
    }
    let none = HeaderMap::new();
    assert!(peek(Operation::Chat, &none, b"{\"model\":\"m\",\"a\":\"\xff\"}", None).is_err());
    assert!(peek(Operation::GeminiStream, &none, b"{}", None).is_err());
    assert!(peek(Operation::Chat, &none, "[".repeat(1_000_000).as_bytes(), None).is_err());
}

#[test]
fn other_content_types_pass_as_json() {
    for content_type in
        ["text/plain;charset=UTF-8", "application/vnd.api+json", "application/json; charset=utf-8"]
    {
        let headers = headers(&[("content-type", content_type)]);
        assert!(peek(Operation::Chat, &headers, br#"{"model":"m"}"#, None).is_ok(), "{content_type}");
    }
}

#[test]
fn a_mapped_model_changes_nothing_else() {
    let headers = HeaderMap::new();
    for (body, model, expected) in [
        (
            r#"{ "temperature":1.10, "model" : "a","x":{"model":"a"}}"#,
            "b",
            r#"{ "temperature":1.10, "model" : "b","x":{"model":"a"}}"#,
        ),
        (r#"{"model":"a"}"#, "\"\\\n", r#"{"model":"\"\\\n"}"#),
        (r#"{"model":"\u0061"}"#, "long-name", r#"{"model":"long-name"}"#),
    ] {
        let body = Bytes::from(body);
        let peek = peek(Operation::Messages, &headers, &body, None).unwrap();
        assert_eq!(with_model(Operation::Messages, &peek, &body, model), expected);
    }
}

const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\
    Content-Type: image/png\r\n\r\n\u{0}{\"model\":\"no\"}\r\n--b\r\n\
    Content-Disposition: form-data; name=\"model\"\r\n\r\ngpt-image-2\r\n--b\r\n\
    Content-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n--b\r\n\
    Content-Disposition: form-data; name=\"user\"\r\n\r\nu1\r\n--b--\r\n";

#[test]
fn a_form_is_read_and_its_model_replaced() {
    let headers = headers(&[("content-type", "multipart/form-data; boundary=\"b\"")]);
    for operation in [Operation::ImageEdit, Operation::ImageVariation] {
        let body = Bytes::from(FORM);
        let peek = peek(operation, &headers, &body, None).unwrap();
        assert_eq!(
            (peek.model.as_ref(), peek.stream, peek.session.as_deref()),
            ("gpt-image-2", true, Some("u1"))
        );
        let mapped = with_model(operation, &peek, &body, "other \"one\"");
        assert_eq!(mapped, FORM.replace("gpt-image-2", "other \"one\""));
    }
}

#[test]
fn an_image_edit_may_be_json() {
    let headers = headers(&[("content-type", "application/json")]);
    let peek = peek(Operation::ImageEdit, &headers, br#"{"model":"m","images":[]}"#, None).unwrap();
    assert_eq!(peek.model, "m");
}

#[test]
fn a_form_that_cannot_be_read_is_told_why() {
    let twice = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n".repeat(2) + "--b--";
    for (content_type, body, expected) in [
        ("multipart/form-data", FORM, "the content type has no boundary"),
        ("multipart/form-data; boundary=c", FORM, "the body is not a valid form: "),
        ("multipart/form-data; boundary=b", "--b--\r\n", "missing `model`"),
        ("multipart/form-data; boundary=b", &twice, "`model` is given twice"),
    ] {
        let headers = headers(&[("content-type", content_type)]);
        let error = peek(Operation::ImageEdit, &headers, body.as_bytes(), None).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}
