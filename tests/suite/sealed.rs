//! Signed and encrypted thinking: back to its issuer, over restarts and failovers, and to nobody else.

use std::io;

use causeway_tests::client::Call;
use causeway_tests::conversation::{self, Conversation, LAST_WORDS};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Behaviour, Lane, Mock, Protocol};
use serde_json::{Value, json};

const CLIENTS: [Protocol; 4] = [Protocol::Messages, Protocol::Chat, Protocol::Responses, Protocol::Gemini];

/// Upstreams whose thinking is sealed.
const SEALING: [Protocol; 3] = [Protocol::Messages, Protocol::Responses, Protocol::Gemini];

fn channel(mock: &Mock, name: &str, upstream: Protocol) -> Channel {
    mock.lane(name).always(conversation::upstream());
    Channel::new(name).endpoint(upstream, &mock.base(name)).key(&format!("sk-{name}"))
}

/// The next answer, given by `channel`.
async fn ask(gateway: &Gateway, talk: &Conversation, channel: &str) -> io::Result<Value> {
    let call = talk.call(gateway.url(), gateway.key()).header("x-channel", channel);
    let answer = call.send().await?;
    let case = format!("{:?} on {channel}", talk.protocol);
    assert_eq!(answer.status, 200, "{case}: {}\n{:?}", answer.text(), talk.body);
    assert_eq!(answer.header("x-causeway-channel"), channel, "{case}");
    Ok(answer.json())
}

/// The bodies that arrived hold this text, base64 in either alphabet.
fn arrived(lane: &Lane, text: &str) -> bool {
    lane.requests().iter().any(|request| String::from_utf8_lossy(&request.body).contains(text))
}

/// What `from` gave out never came to `to`.
fn assert_unseen(from: &Lane, to: &Lane, case: &str) {
    for seal in from.seals() {
        assert!(!arrived(to, &seal), "{case}: {seal} went to somebody else");
    }
}

#[tokio::test]
async fn sealed_thinking_goes_back_to_its_issuer_and_to_nobody_else() {
    for upstream in SEALING {
        for client in CLIENTS.into_iter().filter(|client| *client != upstream) {
            let case = format!("{client:?} on {upstream:?}");
            let mock = Mock::start().await.unwrap();
            let channels = [
                channel(&mock, "a", upstream),
                channel(&mock, "b", upstream),
                channel(&mock, "c", Protocol::Chat),
            ];
            let gateway = Gateway::start(&channels).await.unwrap();
            let mut talk = Conversation::new(client);
            talk.call_answered(&ask(&gateway, &talk, "a").await.unwrap());
            let mine = ask(&gateway, &talk, "a").await.unwrap();
            assert!(mine.to_string().contains(LAST_WORDS), "{case}: {mine}");
            let (a, b, c) = (mock.lane("a"), mock.lane("b"), mock.lane("c"));
            assert!(
                a.seals().first().is_some_and(|seal| arrived(&a, seal)),
                "{case}: the issuer's own did not come back"
            );
            for other in ["b", "c"] {
                let theirs = ask(&gateway, &talk, other).await.unwrap();
                assert!(theirs.to_string().contains(LAST_WORDS), "{case}: {theirs}");
            }
            talk.answered(&mine);
            talk.say("And tomorrow?");
            for channel in ["b", "c", "a"] {
                let answer = ask(&gateway, &talk, channel).await.unwrap();
                talk.answered(&answer);
                talk.say("And then?");
            }
            assert_unseen(&a, &b, &case);
            assert_unseen(&a, &c, &case);
            assert_unseen(&b, &a, &case);
            assert_eq!(mock.violations(), Vec::<String>::new(), "{case}");
        }
    }
}

#[tokio::test]
async fn a_conversation_goes_on_when_its_channel_fails_whatever_the_next_one_speaks() {
    for client in CLIENTS {
        for second in CLIENTS.into_iter().filter(|second| *second != client) {
            let case = format!("{client:?}, then {second:?}");
            let mock = Mock::start().await.unwrap();
            let channels =
                [channel(&mock, "native", client), channel(&mock, "converted", second).priority(2)];
            let gateway = Gateway::start(&channels).await.unwrap();
            let mut talk = Conversation::new(client);
            talk.call_answered(&ask(&gateway, &talk, "native").await.unwrap());
            let (native, converted) = (mock.lane("native"), mock.lane("converted"));
            native.always(Behaviour::status(500));
            let call = talk.call(gateway.url(), gateway.key());
            let answer = call.send().await.unwrap();
            assert_eq!(answer.header("x-causeway-channel"), "converted", "{case}: {}", answer.text());
            assert!(answer.text().contains(LAST_WORDS), "{case}: {}", answer.text());
            native.always(conversation::upstream());
            talk.answered(&answer.json());
            talk.say("And tomorrow?");
            for channel in ["converted", "native"] {
                let answer = ask(&gateway, &talk, channel).await.unwrap();
                talk.answered(&answer);
                talk.say("And then?");
            }
            assert_unseen(&native, &converted, &case);
            assert_unseen(&converted, &native, &case);
            assert!(!arrived(&native, "causeway1"), "{case}: the gateway's own seals stay with it");
            assert_eq!(mock.violations(), Vec::<String>::new(), "{case}");
        }
    }
}

#[tokio::test]
async fn sealed_thinking_survives_a_restart() {
    for upstream in SEALING {
        for client in CLIENTS.into_iter().filter(|client| *client != upstream) {
            let mock = Mock::start().await.unwrap();
            let mut gateway = Gateway::start_own(&[channel(&mock, "a", upstream)], &[]).await.unwrap();
            let mut talk = Conversation::new(client);
            talk.call_answered(&ask(&gateway, &talk, "a").await.unwrap());
            gateway.restart().await.unwrap();
            let last = ask(&gateway, &talk, "a").await.unwrap();
            assert!(last.to_string().contains(LAST_WORDS), "{client:?} on {upstream:?}: {last}");
            let lane = mock.lane("a");
            assert!(
                lane.seals().first().is_some_and(|seal| arrived(&lane, seal)),
                "{client:?} on {upstream:?}"
            );
            assert_eq!(mock.violations(), Vec::<String>::new(), "{client:?} on {upstream:?}");
        }
    }
}

#[tokio::test]
async fn an_altered_seal_opens_nothing() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start(&[channel(&mock, "a", Protocol::Messages)]).await.unwrap();
    let mut talk = Conversation::new(Protocol::Responses);
    let first = ask(&gateway, &talk, "a").await.unwrap();
    assert!(first.to_string().contains("causeway1_"), "{first}");
    let altered = first.to_string().replace("causeway1_", "causeway1_A");
    talk.call_answered(&serde_json::from_str(&altered).unwrap());
    let last = ask(&gateway, &talk, "a").await.unwrap();
    assert!(last.to_string().contains(LAST_WORDS), "{last}");
    let lane = mock.lane("a");
    assert!(!lane.seals().first().is_some_and(|seal| arrived(&lane, seal)), "an altered seal was opened");
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_compaction_made_by_one_upstream_is_read_by_every_other() {
    const SUMMARY: &str = "They spoke of herons.";
    let named = |protocol: Protocol| format!("speaks-{}", protocol.as_str());
    for maker in [Protocol::Messages, Protocol::Chat, Protocol::Gemini] {
        let mock = Mock::start().await.unwrap();
        let channels: Vec<_> = CLIENTS.into_iter().map(|it| channel(&mock, &named(it), it)).collect();
        let gateway = Gateway::start(&channels).await.unwrap();
        mock.lane(&named(maker)).always(Behaviour::text(SUMMARY));
        let said = json!({ "role": "user", "content": "I saw a heron." });
        let post = async |path: &str, channel: &str, body: Value| {
            let call = Call::post(format!("{}/v1/responses{path}", gateway.url()), body.to_string());
            let call = call.header("authorization", format!("Bearer {}", gateway.key()));
            call.header("x-channel", channel).send().await.unwrap()
        };
        let trigger = json!({ "type": "compaction_trigger" });
        let ways = [
            ("/compact", json!({ "model": "mock-large", "input": [said] })),
            ("", json!({ "model": "mock-large", "store": false, "input": [said, trigger] })),
        ];
        for (path, body) in ways {
            let answer = post(path, &named(maker), body).await;
            let case = format!("{maker:?} {path}: {}", answer.text());
            let items = answer.json()["output"].as_array().cloned().unwrap_or_default();
            let made = items.iter().find(|item| item["type"] == "compaction");
            let made = made.unwrap_or_else(|| panic!("no compaction: {case}")).clone();
            assert!(made["encrypted_content"].as_str().is_some_and(|it| !it.contains(SUMMARY)), "{case}");
            for reader in CLIENTS {
                let input = json!([made, { "role": "user", "content": "What did I see?" }]);
                let body = json!({ "model": "mock-large", "store": false, "input": input });
                let answer = post("", &named(reader), body).await;
                assert_eq!(answer.status, 200, "{case}, {reader:?}: {}", answer.text());
                let seen = mock.lane(&named(reader)).last().unwrap();
                let seen = String::from_utf8_lossy(&seen.body).into_owned();
                assert!(seen.contains(SUMMARY), "{case}, {reader:?}: {seen}");
            }
        }
        assert_eq!(mock.violations(), Vec::<String>::new(), "{maker:?}");
    }
}
