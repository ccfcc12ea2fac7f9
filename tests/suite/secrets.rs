//! Canaries: no key and no prompt shows up in anything the gateway writes or says.
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{ADMIN_KEY, CLIENT_KEY, Channel, Feature, Gateway};
use causeway_tests::mock::{Action, Behaviour, Mock, Protocol};
use causeway_tests::sample::Sample;
use http::Method;

const UPSTREAM: &str = "sk-canary-upstream-0a1b2c3d4e5f";
const ADDED: &str = "sk-canary-added-6a7b8c9d0e1f";
const GUESS: &str = "cw-canary-guess-2f4e6d8c0b1a";
const PROMPT: &str = "canary-prompt-of-a-client";
const SAID: &str = "canary-words-of-a-model";

/// All files below `folder`.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

fn holds(bytes: &[u8], canary: &str) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
}

/// Good requests, failing ones and wrong keys, with the prompt and the words of the canaries.
async fn traffic(mock: &Mock, gateway: &Gateway) -> io::Result<Vec<String>> {
    let mut answers = Vec::new();
    let behaviours = [
        Behaviour::text(SAID),
        Behaviour::status_saying(401, format!("Incorrect API key provided: {UPSTREAM}")),
        Behaviour::status(500),
        Action::ResetBeforeHeaders.into(),
        Action::Html { status: 403 }.into(),
    ];
    for behaviour in behaviours {
        mock.lane("a").always(behaviour);
        for protocol in Protocol::ALL {
            let mut sample = Sample::of(protocol, protocol != Protocol::Embeddings);
            sample.body = sample.body.replace("hello", PROMPT).replace("a bridge", PROMPT);
            for key in [gateway.key(), GUESS] {
                answers.push(sample.call(gateway.url(), key).send().await?.text());
            }
        }
        let gemini = Sample::of(Protocol::Gemini, false);
        for key in [gateway.key(), GUESS] {
            let url = format!("{}{}?key={key}", gateway.url(), gemini.path);
            answers.push(Call::post(url, gemini.body.clone()).send().await?.text());
        }
    }
    Ok(answers)
}

/// Serves every protocol from the mock's lane `a`.
fn every(mock: &Mock, name: &str, key: &str) -> Channel {
    Protocol::ALL
        .into_iter()
        .fold(Channel::new(name).key(key), |channel, protocol| channel.endpoint(protocol, &mock.base("a")))
}

async fn read(gateway: &Gateway, path: &str) -> Answer {
    let answer = gateway.admin(Call::get(format!("{}/api/{path}", gateway.url()))).send().await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

#[tokio::test]
async fn no_key_and_no_prompt_is_written_or_said() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[], &[("LOG_LEVEL", "trace")]).await.unwrap();
    let api = format!("{}/api/channels", gateway.url());
    let create = async |channel: Channel| {
        let created = gateway.admin(Call::post(&api, channel.json().to_string())).send().await.unwrap();
        assert_eq!(created.status, 201, "{}", created.text());
        created.text()
    };
    let mut answers = vec![create(every(&mock, "a", UPSTREAM)).await];
    answers.extend(traffic(&mock, &gateway).await.unwrap());
    answers.push(create(every(&mock, "b", ADDED)).await);
    answers.push(gateway.admin(Call::get(&api)).send().await.unwrap().text());
    for name in ["audit", "config/history", "config/export", "config/export?secrets=none"] {
        answers.push(read(&gateway, name).await.text());
    }
    let encrypted =
        Call::post(format!("{}/api/config/export", gateway.url()), r#"{"passphrase":"a long passphrase"}"#);
    answers.push(gateway.admin(encrypted).send().await.unwrap().text());
    for name in ["bootstrap", "channels", "channels/ch_nobody"] {
        let url = format!("{}/api/{name}", gateway.url());
        answers.push(Call::get(&url).header("x-api-key", GUESS).send().await.unwrap().text());
        answers.push(Call::new(Method::DELETE, &url).header("x-api-key", GUESS).send().await.unwrap().text());
    }

    for answer in &answers {
        for canary in [UPSTREAM, ADDED, CLIENT_KEY, ADMIN_KEY, GUESS] {
            assert!(!answer.contains(canary), "{canary} was said: {answer}");
        }
    }
    let log = gateway.log();
    assert!(!log.is_empty());
    for canary in [UPSTREAM, ADDED, CLIENT_KEY, ADMIN_KEY, GUESS, PROMPT, SAID] {
        let line = log.lines().find(|line| line.contains(canary));
        assert_eq!(line, None, "{canary} is in the log");
    }
    for path in files(gateway.state_dir().unwrap()).unwrap() {
        let content = fs::read(&path).unwrap();
        for canary in [UPSTREAM, ADDED, CLIENT_KEY, ADMIN_KEY, GUESS, PROMPT, SAID] {
            assert!(!holds(&content, canary), "{canary} is in {}", path.display());
        }
    }
}

#[tokio::test]
async fn with_capture_on_prompts_stand_in_captures_only_and_keys_nowhere() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[], &[("LOG_LEVEL", "trace")]).await.unwrap();
    let channel = every(&mock, "a", UPSTREAM).json().to_string();
    let create = Call::post(format!("{}/api/channels", gateway.url()), channel);
    assert_eq!(gateway.admin(create).send().await.unwrap().status, 201);
    let order = Call::post(format!("{}/api/capture", gateway.url()), r#"{"requests": 500}"#);
    assert_eq!(gateway.admin(order).send().await.unwrap().status, 200);
    traffic(&mock, &gateway).await.unwrap();
    let requests = async || read(&gateway, "requests?limit=200").await.json();
    let captured = async || {
        let requests = requests().await["requests"].as_array().cloned().unwrap_or_default();
        let captured = requests.into_iter().filter(|request| request["captured"] == true);
        captured.filter_map(|request| Some(request["id"].as_str()?.to_owned())).collect::<Vec<_>>()
    };
    // Every behaviour meets six protocols, and Gemini's key in the query.
    assert!(
        gateway.until(async || Ok(captured().await.len() == 35)).await.unwrap(),
        "{:?}",
        captured().await
    );

    let mut prompts = 0;
    for id in captured().await {
        let text = read(&gateway, &format!("requests/{id}/capture")).await.text();
        for canary in [UPSTREAM, CLIENT_KEY, ADMIN_KEY, GUESS] {
            assert!(!text.contains(canary), "{canary} was captured: {text}");
        }
        prompts += usize::from(text.contains(PROMPT));
    }
    assert!(prompts >= 25, "{prompts}");
    for name in
        ["audit", "config/history", "config/export", "capture", "requests", "requests/export.csv", "overview"]
    {
        let text = read(&gateway, name).await.text();
        assert!(!text.contains(PROMPT) && !text.contains(SAID), "{name} tells of it: {text}");
    }
    let log = gateway.log();
    for canary in [UPSTREAM, CLIENT_KEY, ADMIN_KEY, GUESS, PROMPT, SAID] {
        assert_eq!(log.lines().find(|line| line.contains(canary)), None, "{canary} is in the log");
    }
    for path in files(gateway.state_dir().unwrap()).unwrap() {
        let content = fs::read(&path).unwrap();
        for canary in [UPSTREAM, CLIENT_KEY, ADMIN_KEY, GUESS] {
            assert!(!holds(&content, canary), "{canary} is in {}", path.display());
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_with_secrets_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    if !gateway.has(Feature::Files).await.unwrap() {
        return;
    }
    let call = Call::post(
        format!("{}/api/channels", gateway.url()),
        Channel::every("b", &mock.base("b")).json().to_string(),
    );
    assert_eq!(gateway.admin(call).send().await.unwrap().status, 201);
    for name in ["config.json", "secret.key"] {
        let mode = fs::metadata(gateway.state_dir().unwrap().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is {mode:o}");
    }
}
