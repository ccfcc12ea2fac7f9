use http::HeaderMap;

use super::Facts;
use crate::protocol::{Operation, peek};

fn facts(operation: Operation, body: &str) -> Facts {
    let none = HeaderMap::new();
    let model = operation.model_in_path().then_some("m");
    peek(operation, &none, body.as_bytes(), model).unwrap().facts(operation, body.as_bytes())
}

#[test]
fn images_tools_and_output_are_found_in_each_protocol() {
    use Operation::{Chat, GeminiGenerate, GeminiStream, Messages, Responses, ResponsesCompact};
    let table: &[(Operation, &str, u32, bool, bool)] = &[
        (Messages, r#"{"model":"m","max_tokens":1024,"messages":[]}"#, 1024, false, false),
        (
            Messages,
            r#"{"model":"m","max_tokens":8,"tools":[{"name":"f"}],
                "messages":[{"content":[{"type":"tool_result","content":[{ "type" : "image" }]}]}]}"#,
            8,
            true,
            true,
        ),
        (
            Messages,
            r#"{"model":"m","max_tokens":8,"tools":[ ],"messages":[{"content":[
                {"type":"tool_use","input":{"image":"nginx","kind":"image"}},
                {"type":"text","text":"{\"type\":\"image\"}"}]}],"metadata":{"type":"image"}}"#,
            8,
            false,
            false,
        ),
        (Chat, r#"{"model":"m","max_tokens":5,"messages":[]}"#, 5, false, false),
        (Chat, r#"{"model":"m","max_completion_tokens":7,"max_tokens":5}"#, 7, false, false),
        (Chat, r#"{"model":"m","max_tokens":5,"max_completion_tokens":7,"functions":[{}]}"#, 7, false, true),
        (Chat, r#"{"model":"m","max_tokens":null,"tools":null,"messages":null}"#, 0, false, false),
        (
            Chat,
            r#"{"model":"m","messages":[{"content":[{"image_url":{"url":"data:image/png;base64,AA"},
                "type":"image_url"}]}],"tools":[{"type":"function"}]}"#,
            0,
            true,
            true,
        ),
        (Chat, r#"{"model":"m","input":[{"type":"image_url"}],"max_output_tokens":3}"#, 0, false, false),
        (Responses, r#"{"model":"m","input":"type: input_image","max_output_tokens":9}"#, 9, false, false),
        (
            Responses,
            r#"{"model":"m","input":[{"content":[{"type":"input_image"}]}],"tools":[]}"#,
            0,
            true,
            false,
        ),
        (
            ResponsesCompact,
            r#"{"model":"m","input":[{"output":{"type":"computer_screenshot"}}]}"#,
            0,
            true,
            false,
        ),
        (
            GeminiGenerate,
            r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}}]}],
                "generationConfig":{"topK":1,"maxOutputTokens":64},"tools":[{"googleSearch":{}}]}"#,
            64,
            true,
            true,
        ),
        (
            GeminiStream,
            r#"{"contents":[{"parts":[{"file_data":{"mime_type":"image\/webp","file_uri":"u"}}]}],
                "generation_config":{"max_output_tokens":"32"}}"#,
            32,
            true,
            false,
        ),
        (
            GeminiStream,
            r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"audio/mp3"}},{"text":"image/png"}]}]}"#,
            0,
            false,
            false,
        ),
    ];
    for (operation, body, output, vision, tools) in table {
        let facts = facts(*operation, body);
        assert_eq!((facts.output, facts.vision, facts.tools), (*output, *vision, *tools), "{body}");
    }
}

#[test]
fn what_answers_no_conversation_asks_for_nothing() {
    let body = r#"{"model":"m","max_tokens":9,"tools":[{}],"messages":[{"content":[{"type":"image"}]}],
                   "input":"text"}"#;
    for operation in Operation::ALL.into_iter().filter(|operation| !operation.converts()) {
        let expected = Facts::default();
        assert_eq!(facts(operation, body), expected, "{}", operation.name());
    }
}

#[test]
fn a_number_that_is_none_is_0_and_a_large_one_is_capped() {
    for (written, expected) in [
        ("4096", 4096),
        ("4096.0", 4096),
        ("1e3", 1000),
        ("-5", 0),
        ("99999999999", u32::MAX),
        ("true", 0),
        ("[1]", 0),
        (r#""many""#, 0),
    ] {
        let body = format!(r#"{{"model":"m","max_tokens":{written}}}"#);
        assert_eq!(facts(Operation::Messages, &body).output, expected, "{written}");
    }
}

fn input(text: &str) -> u32 {
    facts(Operation::Chat, &format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#))
        .input
}

#[test]
fn the_estimate_is_below_what_tokenizers_count_and_of_its_order() {
    // Tokens of one repetition, by o200k_base.
    for (text, tokens) in [
        ("The quick brown fox jumps over the lazy dog, and nobody in the village was surprised. ", 18),
        ("    let value = items.iter().map(|item| item.len()).sum::<usize>();\\n", 18),
        ("今天天气很好，我们一起去公园散步吧。", 13),
        ("\\u4eca\\u5929\\u5929\\u6c14\\u5f88\\u597d\\uff0c\\u6211\\u4eec\\u53bb\\u516c\\u56ed\\u3002", 9),
        ("Сегодня хорошая погода, и мы идём гулять в парк. ", 15),
    ] {
        let estimate = input(&text.repeat(1000));
        let tokens = tokens * 1000;
        assert!(estimate <= tokens && estimate >= tokens / 2, "{text}: {estimate}, really {tokens}");
    }
}

#[test]
fn base64_counts_nothing_wherever_it_stands() {
    let text = "A plain sentence, of some words. ".repeat(300);
    let image = "iVBORw0KGgoAAAANSUhEUgAAB+/xYz09".repeat(20_000);
    let plain = input(&text);
    for mixed in [format!("{text}{image}"), format!("{image}{text}"), image.clone()] {
        let counted = input(&mixed);
        assert!(counted <= plain + 210, "{counted} for {plain}");
    }
    let lines = "/usr/lib/some-path/to.file: 12 lines\\n".repeat(1000);
    assert!(input(&lines) > 6_000);
}
