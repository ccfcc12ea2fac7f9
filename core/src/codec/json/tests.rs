use std::fmt::Write as _;

use serde::de::IgnoredAny;

use super::*;
use crate::codec::splice;

/// Small and seeded: the same documents in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

fn write_space(dice: &mut Dice, out: &mut String) {
    out.push_str(dice.pick(&["", "", "", " ", "\n", "\t\r\n "]));
}

fn write_string(dice: &mut Dice, out: &mut String) {
    out.push('"');
    for _ in 0..dice.roll(12) {
        out.push_str(dice.pick(&[
            "a",
            "model",
            "[",
            "}",
            ",",
            "é",
            "漢",
            "😀",
            "\\n",
            "\\\"",
            "\\\\",
            "\\/",
            "\\u0041",
            "\\ud83d\\ude00",
            "\u{7f}",
            " ",
            "0123456789abcdef",
        ]));
    }
    out.push('"');
}

fn write_value(dice: &mut Dice, depth: usize, out: &mut String) {
    match dice.roll(if depth == 0 { 3 } else { 6 }) {
        0 => out.push_str(dice.pick(&["null", "true", "false"])),
        1 => out.push_str(dice.pick(&[
            "0",
            "-0",
            "12",
            "-1.5",
            "1e9",
            "2.50E-7",
            "10E+2",
            "18446744073709551616",
        ])),
        2 => write_string(dice, out),
        3 => write_object(dice, depth - 1, out),
        _ => {
            out.push('[');
            write_members(dice, out, |dice, out| write_value(dice, depth - 1, out));
            out.push(']');
        }
    }
}

fn write_object(dice: &mut Dice, depth: usize, out: &mut String) {
    out.push('{');
    write_members(dice, out, |dice, out| {
        write_string(dice, out);
        write_space(dice, out);
        out.push(':');
        write_space(dice, out);
        write_value(dice, depth, out);
    });
    out.push('}');
}

fn write_members(dice: &mut Dice, out: &mut String, mut member: impl FnMut(&mut Dice, &mut String)) {
    write_space(dice, out);
    for index in 0..dice.roll(4) {
        if index > 0 {
            out.push(',');
            write_space(dice, out);
        }
        member(dice, out);
        write_space(dice, out);
    }
}

fn document(dice: &mut Dice) -> Vec<u8> {
    let mut out = String::new();
    write_space(dice, &mut out);
    write_object(dice, 6, &mut out);
    write_space(dice, &mut out);
    out.into_bytes()
}

const BREAKERS: &[u8] = b"{}[]\",:\\0-+.eEtfnu \n\x00\x1f\x7f\x80\xffx";

fn mutate(dice: &mut Dice, mut document: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.roll(2) {
        let at = dice.roll(document.len());
        let byte = BREAKERS[dice.roll(BREAKERS.len())];
        match dice.roll(4) {
            0 => document[at] = byte,
            1 => document.insert(at, byte),
            2 if document.len() > 1 => drop(document.remove(at)),
            _ => document.truncate(at + 1),
        }
    }
    document
}

fn accepts(object: &[u8]) -> bool {
    fields(object).all(|field| field.is_ok())
}

fn is_object_to_serde(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

#[test]
fn the_scanner_accepts_what_serde_json_accepts_and_nothing_else() {
    let mut dice = Dice(0x5eed);
    let mut refused = 0;
    for _ in 0..20_000 {
        let whole = document(&mut dice);
        assert!(accepts(&whole), "{}", whole.escape_ascii());
        let mutated = mutate(&mut dice, whole);
        let expected = is_object_to_serde(&mutated);
        refused += usize::from(!expected);
        assert_eq!(accepts(&mutated), expected, "{}", mutated.escape_ascii());
    }
    assert!(refused > 5_000, "mutations break documents");
}

#[test]
fn fields_and_elements_agree_with_a_tree() {
    let mut dice = Dice(7);
    for _ in 0..2_000 {
        let body = document(&mut dice);
        let mut tree = serde_json::Map::new();
        for field in fields(&body) {
            let field = field.unwrap();
            assert_eq!(&body[field.span.clone()], field.value);
            let value: serde_json::Value = serde_json::from_slice(field.value).unwrap();
            if let Some(values) = value.as_array() {
                let scanned: Vec<serde_json::Value> = elements(field.value)
                    .map(|element| serde_json::from_slice(element.unwrap().value).unwrap())
                    .collect();
                assert_eq!(&scanned, values);
            }
            let literal = [b"\"", field.key, b"\""].concat();
            let key = string(&literal).unwrap().into_owned();
            assert!(key_is(field.key, &key));
            tree.insert(key, value);
        }
        assert_eq!(
            serde_json::Value::Object(tree),
            serde_json::from_slice::<serde_json::Value>(&body).unwrap()
        );
    }
}

#[test]
fn a_path_leads_to_the_value_at_its_end() {
    use Step::{Field, First};
    let body = br#" {"a": {"b":[ {"x":{"c":0},"c" : [1, 2]},3]},"e":[],"a":7} "#;
    let cases: [(&[Step<'_>], Option<&str>); 9] = [
        (&[Field("a"), Field("b"), First, Field("c")], Some("[1, 2]")),
        (&[Field("a"), Field("b"), First, Field("c"), First], Some("1")),
        (&[Field("a"), Field("b"), First, Field("x")], Some(r#"{"c":0}"#)),
        (&[Field("e")], Some("[]")),
        (&[Field("e"), First], None),
        (&[Field("c")], None),
        (&[First], None),
        (&[Field("a"), First], None),
        (&[Field("a"), Field("b"), First, Field("c"), Field("d")], None),
    ];
    for (path, expected) in cases {
        let found = at(body, path.iter().copied()).map(|value| str::from_utf8(value).unwrap());
        assert_eq!(found, expected, "{path:?}");
    }
    assert_eq!(at(br#"{"a":[{"b":1"#, [Field("a"), First, Field("b")]), Some(&b"1"[..]));
    assert_eq!(at(br#"{"a":[{"b":"#, [Field("a"), First, Field("b")]), None);
}

#[test]
fn strings_decode_as_serde_json_decodes_them() {
    let mut dice = Dice(99);
    for _ in 0..20_000 {
        let mut literal = String::new();
        write_string(&mut dice, &mut literal);
        let literal =
            if dice.roll(2) == 0 { literal.into_bytes() } else { mutate(&mut dice, literal.into_bytes()) };
        let expected: Option<String> =
            serde_json::from_slice(&literal).ok().filter(|_| literal.trim_ascii() == literal);
        assert_eq!(string(&literal).as_deref(), expected.as_deref(), "{}", literal.escape_ascii());
    }
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    for literal in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\n""#,
        r#""\ud83d\ud83d""#,
        r#""\ud83dx""#,
        r#""\ud83d\u0041""#,
    ] {
        assert_eq!(string(literal.as_bytes()), None, "{literal}");
        assert!(accepts(format!("{{\"a\":{literal}}}").as_bytes()), "the document is still fine to pass on");
    }
}

#[test]
fn a_string_without_escapes_is_borrowed() {
    assert!(matches!(string("\"gpt-5 é\"".as_bytes()), Some(Cow::Borrowed("gpt-5 é"))));
    for other in ["", "\"", "null", "{}", "\"a\" ", " \"a\"", "\"a\"\"b\""] {
        assert_eq!(string(other.as_bytes()), None, "{other}");
    }
    assert_eq!(string(b"\"\xff\""), None);
}

#[test]
fn an_escaped_key_is_still_that_key() {
    assert!(key_is(b"model", "model"));
    assert!(key_is(br"mod\u0065l", "model"));
    assert!(key_is(br"\u006d\u006f\u0064\u0065\u006c", "model"));
    assert!(key_is(br"a\/b", "a/b"));
    assert!(!key_is(b"models", "model"));
    assert!(!key_is(br"mod\u0065ls", "model"));
    assert!(!key_is(b"mod\\", "model"));
    assert!(!key_is(b"\xff\\u0065", "model"));
}

#[test]
fn errors_name_the_place_and_the_reason() {
    let cases = [
        ("", "expected an object at byte 0"),
        ("[1]", "expected an object at byte 0"),
        ("{\"a\":1} x", "expected nothing more at byte 8"),
        ("{\"a\":1,}", "expected a key at byte 7"),
        ("{\"a\" 1}", "expected `:` at byte 5"),
        ("{\"a\":}", "expected a value at byte 5"),
        ("{\"a\":1 \"b\":2}", "expected `,` or `}` at byte 7"),
        ("{\"a\":[1 2]}", "expected `,` or `]` at byte 8"),
        ("{\"a\":[,1]}", "expected a value at byte 6"),
        ("{\"a\":{,}}", "expected a key at byte 6"),
        ("{\"a\":01}", "expected `,` or `}` at byte 6"),
        ("{\"a\":1.}", "expected a digit at byte 7"),
        ("{\"a\":\"\n\"}", "unescaped control character in a string at byte 6"),
        ("{\"a\":\"\\x\"}", "invalid escape in a string at byte 6"),
        ("{\"a\":\"b", "unterminated string at byte 7"),
    ];
    for (body, expected) in cases {
        let mut fields = fields(body.as_bytes());
        let error = fields.find_map(Result::err).unwrap();
        assert_eq!(error.to_string(), expected, "{body}");
        assert_eq!(fields.next(), None, "nothing follows an error");
    }
    assert_eq!(check_utf8(b"ab\xff").unwrap_err().to_string(), "invalid UTF-8 at byte 2");
}

#[test]
fn depth_is_limited_to_the_last_container() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(accepts(nested(MAX_DEPTH).as_bytes()));
    let error = fields(nested(MAX_DEPTH + 1).as_bytes()).find_map(Result::err).unwrap();
    assert_eq!(error.what, "too many nested containers");

    let mut objects = String::new();
    for _ in 0..MAX_DEPTH {
        write!(objects, "{{\"a\":").unwrap();
    }
    assert!(accepts(format!("{objects}1{}", "}".repeat(MAX_DEPTH)).as_bytes()));
}

#[test]
fn a_bottomless_document_is_refused_at_once() {
    for opener in ["[", "{\"a\":", "[[{\"a\":"] {
        let body = format!("{{\"a\":{}", opener.repeat(1_000_000));
        let error = fields(body.as_bytes()).next().unwrap().unwrap_err();
        assert_eq!(error.what, "too many nested containers");
        assert!(error.offset < 8 * MAX_DEPTH);
    }
}

#[test]
fn a_field_is_replaced_in_place() {
    let body = br#"{ "messages":[{"model":"no"}], "model" : "a\"b" ,"n":1.10}"#;
    let model = fields(body).map(Result::unwrap).find(|field| key_is(field.key, "model")).unwrap();
    assert_eq!(string(model.value).as_deref(), Some("a\"b"));
    let edited = splice(body, &[(model.span, b"\"gpt-5\"")]);
    assert_eq!(edited, br#"{ "messages":[{"model":"no"}], "model" : "gpt-5" ,"n":1.10}"#);
}
