use serde_json::json;

use super::*;

const RUST: &str = r#"pub fn tokens(text: &str) -> u64 {
    let mut cost = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (run, price) = match first {
            'a'..='z' | 'A'..='Z' => word(rest),
            _ if first.is_ascii() => marks(rest, first),
            _ => (first.len_utf8(), character_price(first)),
        };
        cost += price;
        rest = rest.get(run..).unwrap_or("");
    }
    cost.div_ceil(TOKEN)
}
"#;

const PYTHON: &str = r"class EventStream:
    def __init__(self, response, *, client=None):
        self._response = response
        self._decoder = client.make_decoder() if client else None

    async def __aiter__(self):
        async for chunk in self._response.aiter_bytes():
            if not chunk:
                continue
            yield self._decoder.decode(chunk)
";

/// Texts with the count of a published tokenizer, and how far off the estimate may be, in percent.
const SAMPLES: &[(&str, u64, u64)] = &[
    (
        "The gateway authenticates every request, picks a channel that can serve it, converts the protocol where \
         the two sides differ, and streams the answer back to the client. When an upstream breaks, it fails over \
         to the next one without the client noticing anything.",
        51,
        15,
    ),
    (RUST, 143, 15),
    (PYTHON, 80, 15),
    (
        "2026-11-22T13:07:21Z 192.168.10.254 0x7fffde12 3.14159265 1,234,567.89 550e8400-e29b-41d4-a716-446655440000",
        59,
        15,
    ),
    (
        "请帮我写一个函数，用来解析用户上传的配置文件，并在出错时返回清晰的错误信息。我们需要考虑文件编码、缺失字段以及类型不匹配等情况。",
        50,
        30,
    ),
    (
        "ユーザーがアップロードした設定ファイルを解析し、エラーが発生した場合には明確なメッセージを返す関数を書いてください。",
        50,
        30,
    ),
    (
        "사용자가 업로드한 설정 파일을 분석하고 오류가 발생하면 명확한 메시지를 반환하는 함수를 작성해 주세요.",
        54,
        30,
    ),
    (
        "Напишите, пожалуйста, функцию, которая разбирает загруженный пользователем файл конфигурации и возвращает \
         понятное сообщение об ошибке.",
        62,
        30,
    ),
];

#[test]
fn a_text_is_estimated_near_a_tokenizers_count() {
    for (sample, counted, tolerance) in SAMPLES {
        let estimated = text::tokens(sample);
        assert!(
            estimated.abs_diff(*counted) * 100 <= counted * tolerance,
            "{estimated} for {counted}: {sample}"
        );
    }
}

#[test]
fn what_a_request_holds_adds_up() {
    let estimate = |body: serde_json::Value| estimate(body.to_string().as_bytes());
    let word =
        |content: serde_json::Value| estimate(json!({"messages": [{"role": "user", "content": content}]}));
    let empty = word(json!(""));
    assert_eq!(word(json!("hello")), empty + 1);
    assert_eq!(word(json!([{"type": "text", "text": "hello"}])), empty + 1);
    assert_eq!(
        word(json!([{"type": "tool_result", "tool_use_id": "t", "content": "hello"}])),
        empty + CALL + 1
    );
    assert_eq!(
        word(
            json!([{"type": "tool_result", "content": [{"type": "text", "text": "hello"}, {"type": "image"}]}])
        ),
        empty + CALL + 1 + IMAGE
    );
    assert!(
        word(json!([{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}]))
            > empty + CALL
    );
    assert_eq!(estimate(json!({"system": "hello"})), estimate(json!({})) + 1);
    assert_eq!(estimate(json!({"system": [{"type": "text", "text": "hello"}]})), estimate(json!({})) + 1);
    assert!(estimate(json!({"tools": [{"name": "Bash", "input_schema": {}}]})) > TOOLS);
    assert_eq!(estimate(json!({"tools": []})), estimate(json!({})));
}

#[test]
fn media_do_not_count_by_their_base64() {
    let estimate = |kind: &str, data: &str| {
        let block = json!({"type": kind, "source": {"type": "base64", "media_type": "x", "data": data}});
        estimate(json!({"messages": [{"role": "user", "content": [block]}]}).to_string().as_bytes())
    };
    let (short, long) = ("A".repeat(100), "A".repeat(1_000_000));
    assert_eq!(estimate("image", &short), estimate("image", &long));
    assert_eq!(estimate("image", &short), REQUEST + MESSAGE + IMAGE);
    assert_eq!(estimate("document", &short), REQUEST + MESSAGE + PAGE);
    assert_eq!(estimate("document", &long), REQUEST + MESSAGE + PAGE * 16);
    assert_eq!(estimate("redacted_thinking", &long), REQUEST + MESSAGE);
}

#[test]
fn every_body_gets_a_number() {
    let deep = "[".repeat(100_000);
    let nested = (0..20)
        .fold("\"x\"".to_owned(), |content, _| format!(r#"[{{"type":"tool_result","content":{content}}}]"#));
    let nested = format!(r#"{{"messages":[{{"content":{nested}}}]}}"#);
    for body in
        ["", "[]", "{", r#"{"messages":{}}"#, r#"{"messages":[1,null,{"content":7}]}"#, &deep, &nested]
    {
        assert!(estimate(body.as_bytes()) >= REQUEST);
    }
}
