//! One protocol at the client, another at the upstream: what a client sees of faults, losses and refusals.

use std::io;

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Action, Behaviour, Mock, Operation, Protocol};
use causeway_tests::sample::{MODEL, Sample};
use causeway_tests::wire;
use serde_json::{Value, json};

/// Twelve words, so that a stream can break in the middle of them.
const TEXT: &str = "one two three four five six seven eight nine ten eleven twelve";

const CONVERTED: [Protocol; 4] = [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini];

/// Every client on every upstream of another protocol.
fn pairs() -> impl Iterator<Item = (Protocol, Protocol)> {
    let others = |client| CONVERTED.into_iter().filter(move |upstream| *upstream != client);
    CONVERTED.into_iter().flat_map(move |client| others(client).map(move |upstream| (client, upstream)))
}

fn samples(client: Protocol) -> [Sample; 2] {
    [Sample::of(client, false), Sample::of(client, true)]
}

/// A channel whose name is its lane's, reached by that name.
fn channel(mock: &Mock, name: &str, upstream: Protocol) -> Channel {
    let patience =
        json!({ "responseHeaderTimeoutMs": 2000, "firstContentTimeoutMs": 1000, "idleTimeoutMs": 1000 });
    Channel::new(name)
        .endpoint(upstream, &mock.base(name))
        .key(&format!("sk-{name}"))
        .with("timeouts", patience)
}

async fn send(gateway: &Gateway, sample: &Sample, channel: &str) -> io::Result<Answer> {
    sample.call(gateway.url(), gateway.key()).header("x-channel", channel).send().await
}

/// What the conversion lost, but for what an upstream says of itself and no other protocol has a place for.
fn lost(answer: &Answer) -> Vec<&str> {
    let all = answer.header("x-causeway-loss").split(", ");
    all.filter(|loss| !loss.is_empty() && !loss.starts_with("ext.")).collect()
}

/// A gateway before one channel, whose lane is `a`.
async fn one(upstream: Protocol) -> io::Result<(Mock, Gateway)> {
    let mock = Mock::start().await?;
    let gateway = Gateway::start(&[channel(&mock, "a", upstream)]).await?;
    mock.lane("a").always(Behaviour::text(TEXT));
    Ok((mock, gateway))
}

#[tokio::test]
async fn every_client_is_answered_by_every_upstream() {
    for upstream in CONVERTED {
        let (mock, gateway) = one(upstream).await.unwrap();
        for sample in CONVERTED.into_iter().flat_map(samples) {
            let answer = send(&gateway, &sample, "a").await.unwrap();
            let case = format!("{} on {}", sample.name(), upstream.as_str());
            assert_eq!(answer.status, 200, "{case}: {}", answer.text());
            assert_eq!(wire::said(sample.protocol, sample.stream, &answer.body), TEXT, "{case}");
            let media = if sample.stream { "text/event-stream" } else { "application/json" };
            assert!(answer.header("content-type").starts_with(media), "{case}");
            assert_eq!(answer.header("x-causeway-channel"), "a", "{case}");
            assert_eq!(lost(&answer), Vec::<&str>::new(), "{case}");
            let seen = mock.lane("a").last().unwrap();
            assert_eq!(seen.key.as_deref(), Some("sk-a"), "{case}");
            assert!(
                seen.path.contains(MODEL) || seen.body.windows(MODEL.len()).any(|it| it == MODEL.as_bytes())
            );
        }
        assert_eq!(mock.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_upstream_error_keeps_its_status_and_message_in_the_shape_of_the_client() {
    const SAID: &str = "Something is wrong with number 42.";
    let mock = Mock::start().await.unwrap();
    let cases = || pairs().flat_map(|pair| [400, 413, 422, 429, 500, 503].map(|status| (pair, status)));
    let name = |((client, upstream), status): ((Protocol, Protocol), u16)| {
        format!("{}-{}-{status}", client.as_str(), upstream.as_str())
    };
    let channels: Vec<_> = cases().map(|case| channel(&mock, &name(case), case.0.1)).collect();
    let gateway = Gateway::start(&channels).await.unwrap();
    for case in cases() {
        let ((client, _), status) = case;
        let behaviour = Behaviour::status_saying(status, SAID).header("retry-after", "17");
        mock.lane(&name(case)).always(behaviour);
        let answer = send(&gateway, &Sample::of(client, status % 2 == 0), &name(case)).await.unwrap();
        assert_eq!(answer.status, status, "{}: {}", name(case), answer.text());
        assert_eq!(wire::error_problem(client, status, &answer.json()), None, "{}", name(case));
        let message = wire::error_message(&answer.json());
        assert!(message.contains(SAID), "{}: {message}", name(case));
        if status == 429 {
            let seconds: u64 = answer.header("retry-after").parse().unwrap_or_default();
            assert!((1..=17).contains(&seconds), "{}: {:?}", name(case), answer.header("retry-after"));
        }
    }
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_broken_stream_ends_in_one_error_event_of_the_client() {
    let mock = Mock::start().await.unwrap();
    let name = |client: Protocol, upstream: Protocol| format!("{}-{}", client.as_str(), upstream.as_str());
    let channels: Vec<_> =
        pairs().map(|(client, upstream)| channel(&mock, &name(client, upstream), upstream)).collect();
    let gateway = Gateway::start(&channels).await.unwrap();
    let checks = pairs().map(async |(client, upstream)| {
        let lane = mock.lane(&name(client, upstream));
        lane.always(Behaviour::text(TEXT));
        let whole =
            Sample::of(upstream, true).call(&mock.base(&name(client, upstream)), "k").send().await.unwrap();
        let bytes = whole.text().match_indices("\n\n").nth(8).map_or(whole.body.len(), |(end, _)| end) - 1;
        let breaks = [
            Action::CutAfter { events: 8 },
            Action::StallAfter { events: 8 },
            Action::ErrorEvent { after_events: 8 },
            Action::ResetAfter { bytes },
        ];
        for action in breaks {
            let case = format!("{} {action:?}", name(client, upstream));
            let mut behaviour = Behaviour::text(TEXT);
            behaviour.action = action;
            lane.always(behaviour);
            let answer = send(&gateway, &Sample::of(client, true), &name(client, upstream)).await.unwrap();
            assert_eq!(answer.status, 200, "{case}: {}", answer.text());
            let said = wire::said(client, true, &answer.body);
            assert!(said.starts_with("one ") && TEXT.starts_with(&said), "{case}: {}", answer.text());
            let events = wire::events(&answer.body);
            let errors = events.iter().filter(|event| wire::is_error(client, event)).count();
            assert_eq!(errors, 1, "{case}: {}", answer.text());
            assert!(wire::is_error(client, events.last().unwrap()), "{case}: {}", answer.text());
            let clean = events.iter().any(|event| wire::is_clean_end(client, event));
            assert!(!clean && !answer.cut, "{case}: {}", answer.text());
        }
    });
    futures::future::join_all(checks).await;
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_error_inside_a_200_and_a_dead_upstream_fail_over_to_any_protocol() {
    let faults = [
        Action::ErrorEvent { after_events: 0 },
        Action::EmptyStream,
        Action::Html { status: 200 },
        Action::ResetBeforeHeaders,
        Action::Status { code: 500, message: None, body: None },
    ];
    for (client, second) in pairs() {
        let mock = Mock::start().await.unwrap();
        // Native first, then converted; and the other way round.
        let orders = [[client, second], [second, client]];
        let named = |order: usize, fault: usize, place: &str| format!("{place}-{order}-{fault}");
        let mut channels = Vec::new();
        for (order, protocols) in orders.iter().enumerate() {
            for fault in 0..faults.len() {
                for (priority, (place, protocol)) in ["a", "b"].into_iter().zip(protocols).enumerate() {
                    let channel = channel(&mock, &named(order, fault, place), *protocol)
                        .priority(u32::try_from(priority).unwrap() + 1)
                        .with("models", json!([format!("model-{order}-{fault}")]));
                    channels.push(channel);
                }
            }
        }
        let gateway = Gateway::start(&channels).await.unwrap();
        for (order, _) in orders.iter().enumerate() {
            for (fault, action) in faults.iter().enumerate() {
                let (a, b) = (mock.lane(&named(order, fault, "a")), mock.lane(&named(order, fault, "b")));
                a.always(action.clone());
                b.always(Behaviour::text(TEXT));
                let sample = Sample::of(client, true).model(&format!("model-{order}-{fault}"));
                let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
                let case = format!("{} {:?} {action:?}", sample.name(), orders[order]);
                assert_eq!(answer.status, 200, "{case}: {}", answer.text());
                assert_eq!(wire::said(client, true, &answer.body), TEXT, "{case}: {}", answer.text());
                assert_eq!((a.count(), b.count()), (1, 1), "{case}");
            }
        }
        assert_eq!(mock.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn words_arrive_while_the_upstream_has_not_said_the_rest() {
    for (client, upstream) in pairs() {
        let (mock, gateway) = one(upstream).await.unwrap();
        let mut behaviour = Behaviour::text(TEXT);
        behaviour.action = Action::StallAfter { events: 8 };
        mock.lane("a").always(behaviour);
        let call = gateway.abandonable(Sample::of(client, true).call(gateway.url(), gateway.key()));
        let mut answer = call.open().await.unwrap();
        let mut body = Vec::new();
        while !wire::said(client, true, &body).contains("one two") {
            let more = answer.next().await.unwrap();
            body.extend_from_slice(&more.unwrap_or_else(|| panic!("{client:?} on {upstream:?}: it ended")));
        }
        assert!(!wire::events(&body).iter().any(|event| wire::is_error(client, event)));
        drop(answer);
        let aborted = gateway.until(async || Ok(!mock.lane("a").aborted().is_empty())).await.unwrap();
        assert!(aborted, "{client:?} on {upstream:?}: the upstream talks on");
    }
}

#[tokio::test]
async fn slow_and_oddly_framed_answers_are_converted_too() {
    for (client, upstream) in pairs() {
        let (mock, gateway) = one(upstream).await.unwrap();
        let drip = Action::SlowDrip { bytes: 97, delay_ms: 1 };
        for action in [drip, Action::Gzip, Action::Crlf, Action::WrongContentType, Action::BareJsonLines] {
            let mut behaviour = Behaviour::text(TEXT);
            behaviour.action = action.clone();
            mock.lane("a").script([behaviour]);
            let answer = send(&gateway, &Sample::of(client, true), "a").await.unwrap();
            let case = format!("{client:?} on {upstream:?} {action:?}");
            assert_eq!(answer.status, 200, "{case}: {}", answer.text());
            assert_eq!(wire::said(client, true, &answer.body), TEXT, "{case}: {}", answer.text());
            assert_eq!(answer.header("content-encoding"), "", "{case}");
        }
    }
}

/// A sample with one more field.
fn asking(client: Protocol, stream: bool, field: &str) -> Sample {
    let sample = Sample::of(client, stream);
    Sample { body: sample.body.replacen('{', &format!("{{{field},"), 1), ..sample }
}

#[tokio::test]
async fn what_an_upstream_cannot_take_is_told_in_a_header_or_refused() {
    let losses = [
        (Protocol::Messages, Protocol::Chat, r#""top_k":5"#, "top_k"),
        (Protocol::Messages, Protocol::Responses, r#""stop_sequences":["x"]"#, "stop"),
        (Protocol::Chat, Protocol::Messages, r#""seed":5"#, "seed"),
        (Protocol::Chat, Protocol::Responses, r#""logit_bias":{"1":2}"#, "logit_bias"),
        (Protocol::Responses, Protocol::Gemini, r#""prompt_cache_key":"k""#, "prompt_cache_key"),
        (Protocol::Gemini, Protocol::Responses, r#""generationConfig":{"topK":5}"#, "top_k"),
    ];
    for (client, upstream, field, feature) in losses {
        let mock = Mock::start().await.unwrap();
        let tells = channel(&mock, "tells", upstream);
        let refuses = channel(&mock, "refuses", upstream).with("onLoss", json!("refuse"));
        let gateway = Gateway::start(&[tells, refuses]).await.unwrap();
        let (plain, lossy) = (Sample::of(client, false), asking(client, false, field));
        let answer = send(&gateway, &lossy, "tells").await.unwrap();
        assert_eq!(answer.status, 200, "{feature}: {}", answer.text());
        assert_eq!(lost(&answer), [format!("{feature}=dropped")]);
        let answer = send(&gateway, &lossy, "refuses").await.unwrap();
        assert_eq!(answer.status, 400, "{feature}: {}", answer.text());
        assert_eq!(wire::error_problem(client, 400, &answer.json()), None);
        assert!(wire::error_message(&answer.json()).contains(feature), "{feature}: {}", answer.text());
        assert_eq!(mock.lane("refuses").count(), 0, "{feature}");
        assert_eq!(send(&gateway, &plain, "refuses").await.unwrap().status, 200, "{feature}");
        assert_eq!(mock.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_only_the_vendor_remembers_is_refused_by_upstreams_that_do_not() {
    let (mock, gateway) = one(Protocol::Chat).await.unwrap();
    let sample = asking(Protocol::Responses, false, r#""previous_response_id":"resp_1""#);
    let answer = send(&gateway, &sample, "a").await.unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(wire::error_problem(Protocol::Responses, 400, &answer.json()), None);
    assert!(wire::error_message(&answer.json()).contains("previous_response_id"), "{}", answer.text());
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn a_channel_serves_the_clients_it_accepts_and_no_others() {
    let mock = Mock::start().await.unwrap();
    let a = channel(&mock, "a", Protocol::Chat).with("accepts", json!(["messages"]));
    let gateway = Gateway::start(&[a]).await.unwrap();
    for client in CONVERTED {
        let sample = Sample::of(client, false);
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        if client == Protocol::Messages {
            assert_eq!(answer.status, 200, "{client:?}: {}", answer.text());
            continue;
        }
        let status = answer.status.as_u16();
        assert!((400..=503).contains(&status), "{client:?}: {status}");
        assert_eq!(
            wire::error_problem(client, status, &answer.json()),
            None,
            "{client:?}: {}",
            answer.text()
        );
    }
    assert_eq!(mock.lane("a").count(), 1);
}

#[tokio::test]
async fn what_cannot_be_converted_is_an_estimate_or_an_error_and_asks_nobody() {
    let (mock, gateway) = one(Protocol::Chat).await.unwrap();
    for sample in Sample::all() {
        if CONVERTED.contains(&sample.protocol)
            && Sample::of(sample.protocol, sample.stream).path == sample.path
        {
            continue;
        }
        // Compaction is the one among them that a chat can do.
        if sample.path.ends_with("/compact") {
            continue;
        }
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        let status = answer.status.as_u16();
        let counts = [Operation::CountTokens, Operation::ResponsesInputTokens, Operation::GeminiCountTokens];
        if counts.contains(&sample.operation) {
            assert_eq!(status, 200, "{}: {}", sample.name(), answer.text());
            assert!(!answer.header("x-causeway-estimated").is_empty(), "{}", sample.name());
            continue;
        }
        assert!((400..=503).contains(&status), "{}: {status} {}", sample.name(), answer.text());
        let problem = wire::error_problem(sample.protocol, status, &answer.json());
        assert_eq!(problem, None, "{}", sample.name());
    }
    assert_eq!(mock.lane("a").count(), 0);
}

#[tokio::test]
async fn usage_is_asked_of_a_chat_upstream_and_shown_to_those_who_asked() {
    let (mock, gateway) = one(Protocol::Chat).await.unwrap();
    let clients = [
        (Protocol::Messages, r#""output_tokens":9"#),
        (Protocol::Responses, r#""output_tokens":9"#),
        (Protocol::Gemini, r#""totalTokenCount":30"#),
    ];
    for (client, usage) in clients {
        let answer = send(&gateway, &Sample::of(client, true), "a").await.unwrap();
        assert!(answer.text().contains(usage), "{client:?}: {}", answer.text());
        let seen: Value = serde_json::from_slice(&mock.lane("a").last().unwrap().body).unwrap();
        assert_eq!(seen["stream_options"]["include_usage"], true, "{client:?}");
    }
    for upstream in [Protocol::Messages, Protocol::Responses, Protocol::Gemini] {
        let (_mock, gateway) = one(upstream).await.unwrap();
        let sample = Sample::of(Protocol::Chat, true);
        let with = asking(Protocol::Chat, true, r#""stream_options":{"include_usage":true}"#);
        for (sample, shown) in [(sample, false), (with, true)] {
            let answer = send(&gateway, &sample, "a").await.unwrap();
            let events = wire::events(&answer.body);
            let usage = events.iter().filter(|event| event.json()["usage"].is_object()).count();
            assert_eq!(usage, usize::from(shown), "{upstream:?}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused_before_anybody_is_asked() {
    let (mock, gateway) = one(Protocol::Chat).await.unwrap();
    let cases = [
        (
            Protocol::Messages,
            r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{}]}]}"#,
            "messages[0]",
        ),
        (Protocol::Messages, r#"{"model":"m","max_tokens":5,"messages":3}"#, "messages"),
        (Protocol::Responses, r#"{"model":"m","input":[7]}"#, "input[0]"),
        (Protocol::Gemini, r#"{"contents":[{"parts":7}]}"#, "contents"),
    ];
    for (client, body, place) in cases {
        let sample = Sample { body: body.to_owned(), ..Sample::of(client, false) };
        let answer = send(&gateway, &sample, "a").await.unwrap();
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert_eq!(wire::error_problem(client, 400, &answer.json()), None, "{body}");
        assert!(wire::error_message(&answer.json()).contains(place), "{body}: {}", answer.text());
    }
    let call = Call::post(format!("{}/v1/messages", gateway.url()), "{").header("x-api-key", gateway.key());
    assert_eq!(call.send().await.unwrap().status, 400);
    assert_eq!(mock.lane("a").count(), 0);
}
