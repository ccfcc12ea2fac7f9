use super::*;

#[test]
fn every_vendors_list_is_read() {
    let openai = r#"{"object":"list","data":[{"id":"gpt-5.5","object":"model","created":1771331696,"owned_by":"openai"}]}"#;
    let claude = r#"{"data":[{"type":"model","id":"claude-opus-5","display_name":"Claude Opus 5",
        "created_at":"2026-02-17T12:34:56Z","max_input_tokens":1000000,"max_tokens":64000}],
        "has_more":true,"first_id":"claude-opus-5","last_id":"claude-opus-5"}"#;
    let gemini = r#"{"models":[{"name":"models/gemini-3-pro","displayName":"Gemini 3 Pro","inputTokenLimit":1048576,
        "outputTokenLimit":65536,"supportedGenerationMethods":["generateContent"]}],"nextPageToken":"abc"}"#;
    let model = |id: &str| Model { id: id.to_owned(), ..Model::default() };
    for (body, expected, next) in [
        (
            openai,
            Model { created: Some(1_771_331_696), owned_by: Some("openai".to_owned()), ..model("gpt-5.5") },
            None,
        ),
        (
            claude,
            Model {
                display_name: Some("Claude Opus 5".to_owned()),
                created: Some(1_771_331_696),
                input_limit: Some(1_000_000),
                output_limit: Some(64_000),
                ..model("claude-opus-5")
            },
            Some(("after_id", "claude-opus-5".to_owned())),
        ),
        (
            gemini,
            Model {
                display_name: Some("Gemini 3 Pro".to_owned()),
                input_limit: Some(1_048_576),
                output_limit: Some(65_536),
                ..model("gemini-3-pro")
            },
            Some(("pageToken", "abc".to_owned())),
        ),
        (r#"[{"id":"a"}]"#, model("a"), None),
        (r#"{"data":["a"],"has_more":false,"last_id":"a"}"#, model("a"), None),
        (r#"{"data":[{"id":""},{"x":1},7,{"id":"a"}],"nextPageToken":""}"#, model("a"), None),
    ] {
        assert_eq!(decode(body.as_bytes()), Some(Page { models: vec![expected], next }), "{body}");
    }
}

#[test]
fn what_is_no_list_is_none() {
    for body in ["", "{}", "<html>", r#"{"error":{"message":"no"}}"#, r#"{"data":{}}"#, "7"] {
        assert_eq!(decode(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn a_list_has_the_shape_that_its_sdk_reads() {
    let models = [
        Model {
            id: "a/b".to_owned(),
            display_name: Some("A".to_owned()),
            created: Some(1_771_331_696),
            owned_by: Some("o".to_owned()),
            input_limit: Some(9),
            output_limit: None,
        },
        Model { id: "c".to_owned(), ..Model::default() },
    ];
    let encoded = |protocol| -> Value { serde_json::from_slice(&encode_list(protocol, &models)).unwrap() };
    assert_eq!(
        encoded(Protocol::Chat),
        json!({"object": "list", "data": [
            {"id": "a/b", "object": "model", "created": 1_771_331_696, "owned_by": "o"},
            {"id": "c", "object": "model", "created": 0, "owned_by": "causeway"},
        ]})
    );
    assert_eq!(
        encoded(Protocol::Messages),
        json!({"data": [
            {"type": "model", "id": "a/b", "display_name": "A", "created_at": "2026-02-17T12:34:56Z",
                "lifecycle": "active", "max_input_tokens": 9, "max_tokens": null},
            {"type": "model", "id": "c", "display_name": "c", "created_at": "1970-01-01T00:00:00Z",
                "lifecycle": "active", "max_input_tokens": null, "max_tokens": null},
        ], "has_more": false, "first_id": "a/b", "last_id": "c"})
    );
    let methods = json!(["generateContent", "streamGenerateContent", "countTokens"]);
    assert_eq!(
        encoded(Protocol::Gemini),
        json!({"models": [
            {"name": "models/a/b", "displayName": "A", "inputTokenLimit": 9, "supportedGenerationMethods": methods},
            {"name": "models/c", "displayName": "c", "supportedGenerationMethods": methods},
        ]})
    );
}

#[test]
fn a_list_we_write_is_one_we_can_read() {
    let models =
        [Model { id: "a".to_owned(), ..Model::default() }, Model { id: "b".to_owned(), ..Model::default() }];
    for protocol in Protocol::ALL {
        let page = decode(&encode_list(protocol, &models)).unwrap();
        let ids: Vec<_> = page.models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!((ids.as_slice(), page.next), (&["a", "b"][..], None), "{protocol}");
    }
}

#[test]
fn an_empty_list_is_a_list() {
    for protocol in Protocol::ALL {
        assert_eq!(decode(&encode_list(protocol, &[])), Some(Page::default()), "{protocol}");
    }
}

#[test]
fn one_model_looks_as_it_does_in_the_list() {
    let model = Model { id: "a".to_owned(), ..Model::default() };
    for protocol in Protocol::ALL {
        let one = String::from_utf8(encode_one(protocol, &model).to_vec()).unwrap();
        let list = String::from_utf8(encode_list(protocol, std::slice::from_ref(&model)).to_vec()).unwrap();
        assert!(list.contains(&one), "{protocol}");
    }
}
