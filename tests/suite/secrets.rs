//! Canaries: no key and no prompt shows up in anything the gateway writes or says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use causeway_tests::client::Call;
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

#[tokio::test]
async fn no_key_and_no_prompt_is_written_or_said() {
    let mock = Mock::start().await.unwrap();
    let every = |name: &str, key: &str| {
        Protocol::ALL.into_iter().fold(Channel::new(name).key(key), |channel, protocol| {
            channel.endpoint(protocol, &mock.base("a"))
        })
    };
    let gateway = Gateway::start_own(&[], &[("LOG_LEVEL", "trace")]).await.unwrap();
    let api = format!("{}/api/channels", gateway.url());
    let create = async |channel: Channel| {
        let created = gateway.admin(Call::post(&api, channel.json().to_string())).send().await.unwrap();
        assert_eq!(created.status, 201, "{}", created.text());
        created.text()
    };
    let mut answers = vec![create(every("a", UPSTREAM)).await];
    answers.extend(traffic(&mock, &gateway).await.unwrap());
    answers.push(create(every("b", ADDED)).await);
    answers.push(gateway.admin(Call::get(&api)).send().await.unwrap().text());
    for name in ["audit", "config/history", "config/export", "config/export?secrets=none"] {
        let answer = gateway.admin(Call::get(format!("{}/api/{name}", gateway.url()))).send().await.unwrap();
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        answers.push(answer.text());
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
