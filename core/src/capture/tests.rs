use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::clip::{Clip, Readable};
use super::order::CaptureFilter;
use super::redaction::Redaction;
use super::reel::{Reel, Sent};
use super::store::{self, MOST_BYTES, Standing};
use super::switch::{Switch, Ticket};
use super::{Order, media};
use crate::config::document::Document;
use crate::config::outside::Outside;
use crate::config::{Channel, validate};
use crate::testing::database::MemoryDatabase;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

fn order(id: &str, left: u64) -> Order {
    Order { id: id.to_owned(), until: NOW + Duration::from_secs(60), left, filter: CaptureFilter::default() }
}

fn channel() -> Arc<Channel> {
    let document = json!({"channels": [{"id": "ch_a", "name": "a",
        "endpoints": [{"protocol": "chat", "baseUrl": "http://a.test"}],
        "keys": [{"id": "k_1", "key": "an-odd-password-of-a-proxy"}],
        "headers": {"x-token": "another odd one"}}]});
    let document = Document::parse(document.to_string().as_bytes()).unwrap();
    Arc::clone(&validate::compile(document, &Outside::default()).unwrap().channels[0])
}

fn without_media(text: &str) -> String {
    let mut kept = Vec::new();
    media::without(text.as_bytes(), |piece| kept.extend_from_slice(piece));
    String::from_utf8(kept).unwrap()
}

#[test]
fn long_base64_is_told_and_not_kept() {
    let long = "QUJD".repeat(300);
    let short = "QUJD".repeat(250);
    for (text, expected) in [
        (format!("\"data:image/webp;base64,{long}\","), "\"[image/webp, 900 bytes]\",".to_owned()),
        (format!("\"data\": \"{long}\"}}"), "\"data\": \"[base64, 900 bytes]\"}".to_owned()),
        (format!("\"iVBORw0KGgo{long}=\""), "\"[image/png, 908 bytes]\"".to_owned()),
        (format!("{long} {long}"), "[base64, 900 bytes] [base64, 900 bytes]".to_owned()),
        (format!("\"{short}\" said"), format!("\"{short}\" said")),
        ("words, and more words".to_owned(), "words, and more words".to_owned()),
        (String::new(), String::new()),
    ] {
        assert_eq!(without_media(&text), expected);
    }
}

#[test]
fn a_body_keeps_its_beginning_its_end_and_its_size() {
    let mut clip = Clip::default();
    let chunk = b"words of an answer that goes on and on, to its end. ";
    for _ in 0..2000 {
        clip.push(chunk);
    }
    let Readable::Ends(text, end) = clip.readable() else { panic!("it is long") };
    assert_eq!(clip.bytes(), 2000 * chunk.len() as u64);
    assert!(text.starts_with("words of") && text.len() <= 32 * 1024);
    assert!(end.ends_with("to its end. ") && end.len() <= 32 * 1024 && end.len() > 32_000);
}

#[test]
fn what_is_read_of_a_body_is_text() {
    let cut = [&b"ab\xc3"[..]].concat();
    for (body, expected) in [
        (b"".to_vec(), Readable::Whole(String::new())),
        ("für".as_bytes().to_vec(), Readable::Whole("für".to_owned())),
        (cut, Readable::Whole("ab".to_owned())),
        (b"\x89PNG\xff\xfe".to_vec(), Readable::Binary),
        (b" \xff ".repeat(50_000), Readable::Binary),
        // A character lies over the end of what is kept of the beginning, and over the beginning of the end.
        (
            "ä ".repeat(50_000).into_bytes(),
            Readable::Ends("ä ".repeat(10_922) + "ä", " ä".repeat(10_922) + " "),
        ),
    ] {
        assert_eq!(Clip::of(&body).readable(), expected);
    }
}

#[test]
fn a_word_that_the_cut_goes_through_is_left_out() {
    let secret = "k".repeat(40_000);
    let body = format!("before {secret} {} {secret} after", "word ".repeat(40_000));
    let mut clip = Clip::default();
    clip.push(body.as_bytes());
    assert_eq!(clip.readable(), Readable::Ends("before ".to_owned(), " after".to_owned()));
}

#[test]
fn secrets_are_masked_whoever_they_belong_to() {
    let redaction = Redaction { credential: Some("the client's own".to_owned()), channels: vec![channel()] };
    for (text, expected) in [
        ("no such key: an-odd-password-of-a-proxy, sir", "no such key: …, sir"),
        ("it was sent \"another odd one\"", "it was sent \"…\""),
        ("you are the client's own", "you are …"),
        ("cut in an-odd-pass", "cut in …"),
        ("key=sk-proj-0123456789abcdefghij&", "key=sk-…ghij&"),
        (r#""use\nsk-ant-api03-0123456789abcdef""#, r#""use\nsk-…cdef""#),
        (r#""use\u000aAIzaSy0123456789abcdefgh""#, r#""use\u000aAIz…efgh""#),
        (r#""id":"toolu_01A09q90qw90lq917835lq9x""#, r#""id":"toolu_01A09q90qw90lq917835lq9x""#),
        ("chatcmpl-0123456789abcdefghijklmnop", "chatcmpl-0123456789abcdefghijklmnop"),
        ("ghp_0123456789abcdefghijklmnopqrstuvwxyz", "ghp…wxyz"),
        ("claude-sonnet-4-5-20250929 at 12:30", "claude-sonnet-4-5-20250929 at 12:30"),
    ] {
        assert_eq!(redaction.of(text), expected);
    }
}

fn reel(body: &str) -> Reel {
    let ticket = Ticket { order: "o".to_owned(), channel: None };
    Reel::new(ticket, None, Sent::new("POST", "/v1/messages".to_owned(), HeaderMap::new(), body.as_bytes()))
}

fn written(reel: Reel) -> Value {
    serde_json::from_str(&reel.written("req_1", NOW)).unwrap()
}

#[test]
fn what_is_the_same_on_both_sides_is_told_once() {
    let mut reel = reel("asked");
    let mut headers = HeaderMap::new();
    headers.append("anthropic-beta", HeaderValue::from_static("one"));
    headers.append("anthropic-beta", HeaderValue::from_static("two"));
    let key = channel().keys[0].id.clone();
    for body in ["asked otherwise", "asked"] {
        let sent =
            Sent::new("POST", "http://a.test/v1/messages".to_owned(), headers.clone(), body.as_bytes());
        reel.tries(&channel(), &key, sent);
    }
    reel.hears(StatusCode::OK, HeaderMap::new());
    ["said ", "well"].iter().for_each(|chunk| reel.heard(chunk.as_bytes()));
    reel.answers(StatusCode::OK, HeaderMap::new());
    reel.answered(b"said well");
    let body = |text: &str| json!({"bytes": text.len(), "cut": false, "text": text});
    let sent = |body: Option<Value>| {
        let mut sent = json!({"method": "POST", "url": "http://a.test/v1/messages",
            "headers": {"anthropic-beta": "one, two"}});
        body.into_iter().for_each(|body| sent["body"] = body);
        sent
    };
    let expected = json!({
        "id": "req_1", "at": NOW,
        "request": {"method": "POST", "url": "/v1/messages", "headers": {}, "body": body("asked")},
        "attempts": [
            {"channel": "ch_a", "key": "k_1", "request": sent(Some(body("asked otherwise")))},
            {"channel": "ch_a", "key": "k_1", "request": sent(None),
             "answer": {"status": 200, "headers": {}, "body": body("said well")}},
        ],
        "answer": {"status": 200, "headers": {}},
    });
    assert_eq!(written(reel), expected);
}

#[test]
fn a_request_fits_into_a_row_whatever_it_is_like() {
    let mut reel = reel(&"\u{1} ".repeat(100_000));
    let key = channel().keys[0].id.clone();
    for attempt in 0..40 {
        let body = format!("{attempt}{}", "\u{1}\"".repeat(100_000));
        reel.tries(&channel(), &key, Sent::new("POST", "/".to_owned(), HeaderMap::new(), body.as_bytes()));
        reel.hears(StatusCode::OK, HeaderMap::new());
        reel.heard(body.as_bytes());
    }
    let written = reel.written("req_1", NOW);
    assert!(written.len() < 1_900_000, "{}", written.len());
    let written: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["attempts"].as_array().unwrap().len(), 16);
    let last = &written["attempts"][15]["request"]["body"];
    assert_eq!(*last, json!({"bytes": 200_002, "cut": true, "text": ""}));
}

#[test]
fn so_many_requests_are_captured_and_no_longer_than_that() {
    let switch = Switch::default();
    assert!(!switch.is_on());
    switch.set(Some(order("o", 2)));
    assert!(switch.is_on());
    let tickets = [switch.begin("ck", "m", NOW).unwrap(), switch.begin("ck", "m", NOW).unwrap()];
    assert!(switch.begin("ck", "m", NOW).is_none(), "two are under way");
    assert!(tickets.iter().all(|ticket| switch.end(ticket, true)));
    assert!(!switch.is_on(), "two were captured");

    switch.set(Some(order("p", 2)));
    assert!(switch.begin("ck", "m", NOW + Duration::from_secs(60)).is_none());
    assert!(!switch.is_on(), "the time is over");

    switch.set(Some(order("q", 500)));
    let tickets: Vec<_> = (0..40).filter_map(|_| switch.begin("ck", "m", NOW)).collect();
    assert_eq!(tickets.len(), 32, "memory is bounded");
}

#[test]
fn only_what_is_wanted_is_captured() {
    let switch = Switch::default();
    let some = |text: &str| Some(text.to_owned());
    let filter = CaptureFilter { channel: some("ch_a"), client_key: some("ck"), model: some("m") };
    switch.set(Some(Order { filter, ..order("o", 1) }));
    assert!(switch.begin("ck_other", "m", NOW).is_none());
    assert!(switch.begin("ck", "other", NOW).is_none());
    let tickets = [0; 3].map(|_| switch.begin("ck", "m", NOW).unwrap());
    assert_eq!(tickets[0].channel.as_deref(), Some("ch_a"));
    assert_eq!(
        [(0, false), (1, true), (2, true)].map(|(at, fits)| switch.end(&tickets[at], fits)),
        [false, true, false]
    );
}

#[test]
fn what_the_database_says_holds_unless_an_order_was_given_meanwhile() {
    let switch = Switch::default();
    let asked = switch.ask(NOW).unwrap();
    assert!(switch.ask(NOW).is_none(), "it was just asked");
    switch.hear(asked, Some(order("o", 3)), NOW);
    let ticket = switch.begin("ck", "m", NOW).unwrap();
    assert!(switch.end(&ticket, true));
    let later = NOW + Duration::from_secs(5);
    let asked = switch.ask(later).unwrap();
    switch.hear(asked, Some(order("o", 3)), later);
    let tickets: Vec<_> = (0..3).filter_map(|_| switch.begin("ck", "m", later)).collect();
    assert_eq!(tickets.len(), 2, "one has ended, which the database does not know yet");

    let asked = switch.ask(NOW + Duration::from_secs(10)).unwrap();
    switch.set(None);
    switch.hear(asked, Some(order("o", 3)), later);
    assert!(!switch.is_on());
    let late = NOW + Duration::from_secs(70);
    switch.hear(switch.ask(late).unwrap(), Some(order("o", 3)), late);
    assert!(!switch.is_on(), "the time is over");
}

fn standing(database: &MemoryDatabase) -> Standing {
    store::read_standing(database.run(&[store::standing()]).unwrap().remove(0)).unwrap()
}

fn keep(database: &MemoryDatabase, order: &str, request: &str, content: &str) {
    database.run(&store::keep(order, request, NOW, content.to_owned())).unwrap();
}

#[test]
fn an_order_is_read_as_it_was_given() {
    let database = MemoryDatabase::new();
    assert_eq!(store::read_order(database.run(&[store::order()]).unwrap().remove(0)), None);
    assert!(standing(&database).order.is_none());
    for given in [
        order("o", 3),
        Order {
            filter: CaptureFilter { channel: Some("ch_a".to_owned()), ..CaptureFilter::default() },
            ..order("p", 7)
        },
    ] {
        database.run(&store::give(&given)).unwrap();
        assert_eq!(
            store::read_order(database.run(&[store::order()]).unwrap().remove(0)).as_ref(),
            Some(&given)
        );
        assert_eq!(standing(&database).order, Some(given));
    }
}

#[test]
fn however_many_capture_no_more_is_kept_than_was_ordered() {
    let database = MemoryDatabase::new();
    keep(&database, "o", "req_0", "nobody ordered it");
    database.run(&store::give(&order("o", 2))).unwrap();
    for request in ["req_1", "req_2", "req_3"] {
        keep(&database, "o", request, "content");
    }
    let Standing { kept, bytes, order: given } = standing(&database);
    assert_eq!((kept, bytes, given.unwrap().left), (2, 14, 0));
    assert!(database.run(&[store::content("req_3")]).unwrap().remove(0).is_empty());

    database.run(&store::give(&order("p", 2))).unwrap();
    keep(&database, "o", "req_4", "for an order that was replaced");
    database.run(&[store::revoke()]).unwrap();
    keep(&database, "p", "req_5", "for an order that was revoked");
    assert_eq!(standing(&database).kept, 2);
    database.run(&[store::clear()]).unwrap();
    assert_eq!(standing(&database).kept, 0);
}

#[test]
fn the_oldest_goes_first_when_there_is_no_room_and_all_in_its_time() {
    let database = MemoryDatabase::new();
    database.run(&store::give(&order("o", 500))).unwrap();
    let large = "x".repeat(1024 * 1024);
    for number in 0..70 {
        keep(&database, "o", &format!("req_{number}"), &large);
    }
    let Standing { kept, bytes, .. } = standing(&database);
    assert_eq!((kept, bytes), (64, MOST_BYTES));
    let found = |request: &str| !database.run(&[store::content(request)]).unwrap().remove(0).is_empty();
    assert!(!found("req_5") && found("req_6") && found("req_69"));

    let day = Duration::from_secs(24 * 3600);
    database.run(&[store::forget(day, NOW + day)]).unwrap();
    assert_eq!(standing(&database).kept, 64);
    database.run(&[store::forget(day, NOW + day + Duration::from_millis(1))]).unwrap();
    assert_eq!(standing(&database).kept, 0);
}
