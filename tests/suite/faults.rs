//! The fault table: what each fault of an upstream comes to, in every protocol.
//!
//! Each row has its own model, served by two channels of two keys: `a` first, `b` when `a` fails.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use causeway_tests::client::Answer;
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Action, Behaviour, Lane, Mock, Protocol};
use causeway_tests::sample::Sample;
use causeway_tests::wire;
use serde_json::json;

/// Twelve words, so that a stream can break in the middle of them.
const TEXT: &str = "one two three four five six seven eight nine ten eleven twelve";

/// What `a` does.
#[derive(Clone, Debug)]
enum Fault {
    /// To every request.
    Always(Behaviour),
    /// To requests with its first key.
    FirstKey(Behaviour),
    /// Nobody listens.
    Refused,
}

/// What must come of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expect {
    /// The other key of `a` answers; the first one is left alone from then on.
    NextKey,
    /// `b` answers.
    NextChannel,
    /// The client gets what the upstream said, and `a` is asked again next time.
    PassedOn,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Json,
    Stream,
    Both,
}

fn table() -> Vec<(&'static str, Mode, Fault, Expect)> {
    use Expect::{NextChannel, NextKey, PassedOn};
    use Fault::{Always, FirstKey, Refused};
    use Mode::{Both, Json, Stream};
    let status = Behaviour::status;
    vec![
        ("401", Both, FirstKey(status(401)), NextKey),
        ("403", Both, FirstKey(status(403)), NextKey),
        ("429 with retry-after", Both, FirstKey(status(429).header("retry-after", "60")), NextKey),
        ("500", Both, Always(status(500)), NextChannel),
        ("502", Both, Always(status(502)), NextChannel),
        ("503", Both, Always(status(503)), NextChannel),
        ("529", Both, Always(status(529)), NextChannel),
        ("refused", Both, Refused, NextChannel),
        ("reset before the headers", Both, Always(Action::ResetBeforeHeaders.into()), NextChannel),
        ("no headers in time", Both, Always(Action::StallHeaders.into()), NextChannel),
        ("HTML with 200", Both, Always(Action::Html { status: 200 }.into()), NextChannel),
        ("HTML with 502", Both, Always(Action::Html { status: 502 }.into()), NextChannel),
        ("empty stream", Stream, Always(Action::EmptyStream.into()), NextChannel),
        ("error first in 200", Both, Always(Action::ErrorEvent { after_events: 0 }.into()), NextChannel),
        ("silence before content", Stream, Always(Action::StallAfter { events: 0 }.into()), NextChannel),
        ("reset before a byte", Stream, Always(Action::ResetAfter { bytes: 0 }.into()), NextChannel),
        ("400", Both, Always(status(400)), PassedOn),
        ("413", Both, Always(status(413)), PassedOn),
        ("422", Both, Always(status(422)), PassedOn),
        ("context too long", Json, Always(too_long()), PassedOn),
    ]
}

fn too_long() -> Behaviour {
    Behaviour::status_saying(400, "prompt is too long: 210000 tokens > 200000 maximum")
}

/// The two channels of row `index`.
fn channels(mock: &Mock, protocol: Protocol, index: usize, fault: &Fault) -> [Channel; 2] {
    let channel = |name: &str, priority, base: &str| {
        Channel::new(&format!("{name}-{index}"))
            .endpoint(protocol, base)
            .key(&format!("sk-{name}-1"))
            .key(&format!("sk-{name}-2"))
            .priority(priority)
            .with("rotation", json!("ordered"))
            .with("models", json!([format!("model-{index}")]))
            // Vectors of one space only take each other's place.
            .with("embeddingSpace", json!("space"))
            .with(
                "timeouts",
                json!({
                    "responseHeaderTimeoutMs": 1000,
                    "firstContentTimeoutMs": 1000,
                    "idleTimeoutMs": 1000,
                }),
            )
    };
    let (a, b) = (mock.base(&format!("a-{index}")), mock.base(&format!("b-{index}")));
    let a = if matches!(fault, Fault::Refused) { mock.refused().unwrap_or(a) } else { a };
    [channel("a", 1, &a), channel("b", 2, &b)]
}

fn modes(protocol: Protocol, mode: Mode) -> Vec<bool> {
    let wanted = |stream: bool| mode == Mode::Both || (mode == Mode::Stream) == stream;
    [false, true]
        .into_iter()
        .filter(|stream| wanted(*stream) && !(*stream && protocol == Protocol::Embeddings))
        .collect()
}

/// Every row in one gateway, all at once; the problems of all of them.
async fn problems(protocol: Protocol) -> io::Result<Vec<String>> {
    let mock = Mock::start().await?;
    let rows: Vec<_> = table()
        .into_iter()
        .flat_map(|(name, mode, fault, expect)| {
            modes(protocol, mode).into_iter().map(move |stream| (name, stream, fault.clone(), expect))
        })
        .collect();
    let all: Vec<_> =
        rows.iter().enumerate().flat_map(|(index, row)| channels(&mock, protocol, index, &row.2)).collect();
    let gateway = Gateway::start(&all).await?;
    let checks = rows.iter().enumerate().map(async |(index, (name, stream, fault, expect))| {
        let (a, b) = (mock.lane(&format!("a-{index}")), mock.lane(&format!("b-{index}")));
        b.always(Behaviour::text(TEXT));
        a.always(Behaviour::text(TEXT));
        match fault {
            Fault::Always(behaviour) => drop(a.always(behaviour.clone())),
            Fault::FirstKey(behaviour) => drop(a.always_key("sk-a-1", behaviour.clone())),
            Fault::Refused => {}
        }
        let sample = Sample::of(protocol, *stream).model(&format!("model-{index}"));
        let checked = check(&gateway, &sample, (&a, &b), fault, *expect).await;
        checked
            .err()
            .map(|problem| format!("{name} ({}): {problem}", if *stream { "stream" } else { "json" }))
    });
    let mut problems: Vec<_> = futures::future::join_all(checks).await.into_iter().flatten().collect();
    problems.extend(mock.violations());
    Ok(problems)
}

async fn check(
    gateway: &Gateway,
    sample: &Sample,
    (a, b): (&Lane, &Lane),
    fault: &Fault,
    expect: Expect,
) -> Result<(), String> {
    let send =
        async || sample.call(gateway.url(), gateway.key()).send().await.map_err(|error| error.to_string());
    let answer = send().await?;
    let hops = (a.keys(), b.keys());
    let (expected_a, expected_b): (&[&str], &[&str]) = match (expect, fault) {
        (Expect::NextKey, _) => (&["sk-a-1", "sk-a-2"], &[]),
        (Expect::NextChannel, Fault::Refused) => (&[], &["sk-b-1"]),
        (Expect::NextChannel, _) => (&["sk-a-1"], &["sk-b-1"]),
        (Expect::PassedOn, _) => (&["sk-a-1"], &[]),
    };
    if hops.0 != expected_a || hops.1 != expected_b {
        return Err(format!("went {hops:?}, the client got {}: {}", answer.status, answer.text()));
    }
    if expect == Expect::PassedOn {
        passed_on(sample, fault, &answer)?;
        send().await?;
        return if a.count() == 2 { Ok(()) } else { Err("`a` was blamed for it".to_owned()) };
    }
    answered(sample, &answer)?;
    let channel = if expect == Expect::NextKey { "a" } else { "b" };
    if !answer.header("x-causeway-channel").starts_with(channel) {
        return Err(format!("x-causeway-channel is {:?}", answer.header("x-causeway-channel")));
    }
    if expect == Expect::NextKey {
        send().await?;
        if a.keys().last().is_some_and(|key| key == "sk-a-1") {
            return Err("the failed key was tried again at once".to_owned());
        }
    }
    Ok(())
}

/// The client got the whole of a good answer.
fn answered(sample: &Sample, answer: &Answer) -> Result<(), String> {
    let said = wire::said(sample.protocol, sample.stream, &answer.body);
    let wanted = match sample.protocol {
        Protocol::Images => "image",
        Protocol::Embeddings => "vector",
        _ => TEXT,
    };
    if answer.status != 200 || answer.cut || said != wanted {
        return Err(format!("the client got {} {}", answer.status, answer.text()));
    }
    Ok(())
}

/// The client got the upstream's own error.
fn passed_on(sample: &Sample, fault: &Fault, answer: &Answer) -> Result<(), String> {
    let Fault::Always(Behaviour { action: Action::Status { code, message, .. }, .. }) = fault else {
        return Err("only a status can be passed on".to_owned());
    };
    if answer.status != *code {
        return Err(format!("{code} became {}", answer.status));
    }
    if let Some(problem) = wire::error_problem(sample.protocol, *code, &answer.json()) {
        return Err(problem);
    }
    let said = wire::error_message(&answer.json());
    match message {
        Some(message) if said != *message => Err(format!("the message became {said:?}")),
        _ if said.contains("tried") => Err(format!("the message was changed: {said:?}")),
        _ => Ok(()),
    }
}

macro_rules! for_each_protocol {
    ($($name:ident => $protocol:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            let problems = problems(Protocol::$protocol).await.unwrap();
            assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
        })*
    };
}

for_each_protocol! {
    the_fault_table_holds_for_messages => Messages,
    the_fault_table_holds_for_chat => Chat,
    the_fault_table_holds_for_responses => Responses,
    the_fault_table_holds_for_gemini => Gemini,
    the_fault_table_holds_for_images => Images,
    the_fault_table_holds_for_embeddings => Embeddings,
}

/// A gateway with one row's channels, and its lanes.
async fn pair(protocol: Protocol) -> io::Result<(Mock, Gateway, Sample)> {
    let mock = Mock::start().await?;
    let channels = channels(&mock, protocol, 0, &Fault::Always(Behaviour::ok()));
    let gateway = Gateway::start(&channels).await?;
    for lane in ["a-0", "b-0"] {
        mock.lane(lane).always(Behaviour::text(TEXT));
    }
    let sample = Sample::of(protocol, protocol != Protocol::Embeddings).model("model-0");
    Ok((mock, gateway, sample))
}

#[tokio::test]
async fn when_all_fail_the_client_gets_the_status_and_retry_after_in_its_own_protocol() {
    for (protocol, status) in
        Protocol::ALL.into_iter().flat_map(|protocol| [(protocol, 429), (protocol, 503)])
    {
        let (mock, gateway, sample) = pair(protocol).await.unwrap();
        for lane in ["a-0", "b-0"] {
            mock.lane(lane).always(Behaviour::status(status).header("retry-after", "17"));
        }
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        let name = sample.name();
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert_eq!(wire::error_problem(protocol, status, &answer.json()), None, "{name}");
        let seconds: u64 = answer.header("retry-after").parse().unwrap_or_default();
        assert!((1..=17).contains(&seconds), "{name}: retry-after {:?}", answer.header("retry-after"));
        let message = wire::error_message(&answer.json());
        assert!(message.contains("a-0") && message.contains("b-0"), "{name} hides what was tried: {message}");
    }
}

#[tokio::test]
async fn a_broken_stream_ends_in_one_error_event_and_no_clean_end() {
    for protocol in Protocol::ALL.into_iter().filter(|protocol| *protocol != Protocol::Embeddings) {
        let (mock, gateway, sample) = pair(protocol).await.unwrap();
        let events = if protocol == Protocol::Images { 1 } else { 7 };
        let whole = sample.call(gateway.url(), gateway.key()).send().await.unwrap().text();
        let bytes = whole.match_indices("\n\n").nth(events).map_or(whole.len(), |(end, _)| end) - 1;
        let breaks = [
            Action::CutAfter { events },
            Action::StallAfter { events },
            Action::ErrorEvent { after_events: events },
            Action::ResetAfter { bytes },
        ];
        for action in breaks {
            let case = format!("{} {action:?}", sample.name());
            let mut behaviour = Behaviour::text(TEXT);
            behaviour.action = action;
            mock.lane("a-0").always(behaviour);
            let answer =
                sample.call(gateway.url(), gateway.key()).header("x-channel", "a-0").send().await.unwrap();
            assert_eq!(answer.status, 200, "{case}: {}", answer.text());
            let events = wire::events(&answer.body);
            let errors = events.iter().filter(|event| wire::is_error(protocol, event)).count();
            assert_eq!(errors, 1, "{case}: {}", answer.text());
            assert!(
                !events.iter().any(|event| wire::is_clean_end(protocol, event)),
                "{case}: {}",
                answer.text()
            );
            assert!(wire::is_error(protocol, events.last().unwrap()), "{case}: {}", answer.text());
            assert!(!answer.cut, "{case}: the error event must be the end of a whole answer");
        }
        assert_eq!(mock.lane("b-0").count(), 0, "no silent failover after the first content");
    }
}

#[tokio::test]
async fn a_cut_json_answer_is_never_a_whole_one() {
    for protocol in Protocol::ALL {
        let (mock, gateway, _) = pair(protocol).await.unwrap();
        let sample = Sample::of(protocol, false).model("model-0");
        mock.lane("a-0").always(Action::ResetAfter { bytes: 40 });
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert!(answer.cut || answered(&sample, &answer).is_ok(), "{}: {}", sample.name(), answer.text());
    }
}

#[tokio::test]
async fn vectors_of_another_space_take_nobodys_place() {
    for space in [json!(null), json!("another")] {
        let mock = Mock::start().await.unwrap();
        let channels = channels(&mock, Protocol::Embeddings, 0, &Fault::Always(Behaviour::ok()));
        let [a, b] = channels;
        let gateway = Gateway::start(&[a, b.with("embeddingSpace", space)]).await.unwrap();
        mock.lane("a-0").always(Behaviour::status(500));
        let sample = Sample::of(Protocol::Embeddings, false).model("model-0");
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!((answer.status.as_u16(), mock.lane("b-0").count()), (500, 0), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_client_that_leaves_aborts_the_upstream_and_blames_nobody() {
    for protocol in [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini] {
        for action in [Action::StallAfter { events: 7 }, Action::StallHeaders] {
            let (mock, gateway, sample) = pair(protocol).await.unwrap();
            let lane = mock.lane("a-0");
            let mut behaviour = Behaviour::text(TEXT);
            behaviour.action = action.clone();
            lane.script([behaviour]);
            let call = gateway.abandonable(sample.call(gateway.url(), gateway.key()));
            let client = tokio::spawn(async move {
                let mut answer = call.open().await?;
                while answer.next().await?.is_some() {}
                Ok::<_, io::Error>(())
            });
            assert!(gateway.until(async || Ok(lane.count() == 1)).await.unwrap());
            client.abort();
            let left = Instant::now();
            assert!(gateway.until(async || Ok(!lane.aborted().is_empty())).await.unwrap());
            let noticed = lane.aborted().first().unwrap().at.saturating_duration_since(left);
            assert!(noticed < Duration::from_secs(1), "{} {action:?}: {noticed:?}", sample.name());
            let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
            answered(&sample, &answer).unwrap();
            let expected = BTreeMap::from([("sk-a-1".to_owned(), 2)]);
            assert_eq!((lane.key_counts(), mock.lane("b-0").count()), (expected, 0), "{}", sample.name());
        }
    }
}

#[tokio::test]
async fn slow_and_oddly_framed_answers_are_good_answers() {
    for protocol in Protocol::ALL {
        let (mock, gateway, sample) = pair(protocol).await.unwrap();
        let drip = Action::SlowDrip { bytes: 97, delay_ms: 1 };
        for action in [drip, Action::Gzip, Action::Crlf, Action::WrongContentType] {
            let mut behaviour = Behaviour::text(TEXT);
            behaviour.action = action.clone();
            mock.lane("a-0").script([behaviour]);
            let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
            answered(&sample, &answer)
                .unwrap_or_else(|problem| panic!("{} {action:?}: {problem}", sample.name()));
            assert_eq!(answer.header("content-encoding"), "", "{} {action:?}", sample.name());
        }
        assert_eq!(mock.lane("b-0").count(), 0, "{}", sample.name());
    }
}
