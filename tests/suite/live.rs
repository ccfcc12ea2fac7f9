//! What happens, told while it does.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of a test fail the test"
)]

use causeway_tests::client::{Answer, Call};
use causeway_tests::harness::{Channel, Gateway};
use causeway_tests::mock::{Behaviour, Mock, Protocol};
use causeway_tests::sample::Sample;
use causeway_tests::watcher::{Watcher, call};
use futures::future::{join_all, try_join_all};
use http::Method;
use serde_json::{Value, json};

/// So many may watch.
const MOST: usize = 32;

async fn start(mock: &Mock) -> Gateway {
    Gateway::start_own(&[Channel::every("a", &mock.base("a")).with("id", json!("ch_a"))], &[]).await.unwrap()
}

/// Whether requests are told of before they have finished.
async fn tells_all(gateway: &Gateway) -> bool {
    let bootstrap = Call::get(format!("{}/api/bootstrap", gateway.url())).send().await.unwrap().json();
    match bootstrap["live"].as_str() {
        Some("full") => true,
        Some("finished") => false,
        other => panic!("{other:?}"),
    }
}

/// After it has been told how things are.
async fn watch(gateway: &Gateway) -> Watcher {
    let mut watcher = Watcher::open(gateway).await.unwrap();
    let told = watcher.until(|one| is(one, "channels")).await.unwrap();
    assert_eq!((&told[0]["type"], &told[0]["seq"]), (&json!("snapshot"), &json!(1)));
    assert!(told.iter().any(|one| is(one, "config")), "{told:?}");
    watcher
}

fn is(message: &Value, kind: &str) -> bool {
    message["type"] == kind
}

fn ends(id: &str) -> impl Fn(&Value) -> bool {
    move |message| is(message, "finished") && message["request"]["id"] == id
}

async fn ask(gateway: &Gateway, sample: &Sample) -> Answer {
    sample.call(gateway.url(), gateway.key()).send().await.unwrap()
}

/// The id of a request that was answered.
async fn asked(gateway: &Gateway, protocol: Protocol, model: &str) -> String {
    let answer = ask(gateway, &Sample::of(protocol, false).model(model)).await;
    answer.header("x-causeway-request-id").to_owned()
}

#[tokio::test]
async fn a_request_is_told_as_it_goes_on_and_when_it_has_ended() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    let mut watcher = watch(&gateway).await;
    let answer = ask(&gateway, &Sample::of(Protocol::Chat, true)).await;
    let id = answer.header("x-causeway-request-id").to_owned();
    let told = watcher.until(ends(&id)).await.unwrap();
    let seqs: Vec<_> = told.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
    let last = told.last().unwrap();
    let read = async || {
        let url = format!("{}/api/requests?q={id}", gateway.url());
        gateway.admin(Call::get(url)).send().await.unwrap().json()["requests"][0].clone()
    };
    assert!(gateway.until(async || Ok(!read().await.is_null())).await.unwrap(), "it is not recorded");
    assert_eq!(last["request"], read().await);
    if tells_all(&gateway).await {
        let shown: Vec<_> =
            told.iter().filter(|one| is(one, "underWay")).map(|one| &one["request"]).collect();
        assert!(shown.iter().all(|one| one["id"] == id.as_str()), "{shown:?}");
        assert_eq!(shown.first().unwrap()["attemptCount"], 0, "{shown:?}");
        let content = shown.last().unwrap();
        assert_eq!(content["channel"], "ch_a", "{shown:?}");
        assert!(content["firstContentMs"].is_u64(), "{shown:?}");
    }
}

#[tokio::test]
async fn what_is_under_way_is_told_to_whoever_comes() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    if !tells_all(&gateway).await {
        return;
    }
    mock.lane("a").always(Behaviour::text("word ".repeat(200)).every_ms(100));
    let _there_before = watch(&gateway).await;
    let request = Sample::of(Protocol::Chat, true).call(gateway.url(), gateway.key());
    let mut answer = request.open().await.unwrap();
    answer.next().await.unwrap();
    let mut late = Watcher::open(&gateway).await.unwrap();
    let snapshot = late.next().await.unwrap().unwrap();
    assert_eq!(snapshot["requests"][0]["channel"], "ch_a", "{snapshot}");
    drop(answer);
    let told = late.until(|one| is(one, "finished")).await.unwrap();
    assert_eq!(told.last().unwrap()["request"]["class"], "client_gone");
}

#[tokio::test]
async fn strangers_and_pages_of_other_sites_are_refused() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    let body = json!({ "key": gateway.admin_key() }).to_string();
    let session = Call::post(format!("{}/api/session", gateway.url()), body).send().await.unwrap();
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let with_key = || call(&gateway).header("x-api-key", gateway.admin_key());
    let with_cookie = || call(&gateway).header("cookie", &cookie);
    let evil = "https://evil.example";
    for (call, status) in [
        (call(&gateway), 401),
        (call(&gateway).header("x-api-key", gateway.key()), 401),
        (Call::get(format!("{}/api/live?key={}", gateway.url(), gateway.admin_key())), 401),
        (call(&gateway).header("origin", gateway.url()), 401),
        (with_cookie(), 403),
        (with_cookie().header("origin", evil), 403),
        (with_key().header("origin", evil), 403),
    ] {
        let told = format!("{call:?}");
        let Err(refused) = Watcher::ask(call).await.unwrap() else { panic!("it may watch: {told}") };
        assert_eq!(refused.status, status, "{told}: {}", refused.text());
        assert!(refused.json()["error"]["code"].is_string(), "{}", refused.text());
    }
    let mut own = Watcher::ask(with_cookie().header("origin", gateway.url())).await.unwrap().unwrap();
    assert_eq!(own.next().await.unwrap().unwrap()["type"], "snapshot");
    assert_eq!(with_key().send().await.unwrap().status, 426);
    assert_eq!(gateway.admin(Call::new(Method::POST, call_url(&gateway))).send().await.unwrap().status, 405);
}

fn call_url(gateway: &Gateway) -> String {
    format!("{}/api/live", gateway.url())
}

#[tokio::test]
async fn a_filter_holds_at_once_and_a_wrong_one_is_refused() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    let (mut all, mut some) = (watch(&gateway).await, watch(&gateway).await);
    some.say(r#"{"filter": {"protocol": "messages", "channel": "ch_a", "status": "2xx"}}"#).await.unwrap();
    some.until(|one| is(one, "snapshot")).await.unwrap();
    let unwanted = asked(&gateway, Protocol::Chat, "gpt-test").await;
    all.until(ends(&unwanted)).await.unwrap();
    let wanted = asked(&gateway, Protocol::Messages, "claude-test").await;
    let told = some.until(ends(&wanted)).await.unwrap();
    assert!(told.iter().all(|one| one["request"]["id"] != unwanted.as_str()), "{told:?}");
    some.say(r#"{"filter": {"colour": "red"}}"#).await.unwrap();
    let refused = some.until(|one| is(one, "refused")).await.unwrap();
    assert!(refused.last().unwrap()["error"]["fields"]["colour"].is_string(), "{refused:?}");
    some.say(r#"{"filter": {}}"#).await.unwrap();
    some.until(|one| is(one, "snapshot")).await.unwrap();
    let again = asked(&gateway, Protocol::Chat, "gpt-test").await;
    some.until(ends(&again)).await.unwrap();
}

#[tokio::test]
async fn channels_and_the_configuration_are_told_when_they_change() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    let mut watcher = watch(&gateway).await;
    mock.lane("a").always(Behaviour::status_saying(401, "invalid api key"));
    asked(&gateway, Protocol::Chat, "gpt-test").await;
    let told = watcher.until(|one| is(one, "channels")).await.unwrap();
    let channel = &told.last().unwrap()["channels"][0];
    assert_eq!((&channel["id"], &channel["keys"][0]["cooldown"]["class"]), (&json!("ch_a"), &json!("auth")));
    let url = format!("{}/api/channels/ch_a", gateway.url());
    let call = Call::new(Method::PATCH, url).body("application/json", r#"{"weight": 7}"#);
    assert_eq!(gateway.admin(call).send().await.unwrap().status, 200);
    let told = watcher.until(|one| is(one, "config")).await.unwrap();
    assert!(told.last().unwrap()["version"].is_string(), "{told:?}");
}

#[tokio::test]
async fn whoever_does_not_read_holds_up_nobody_and_is_told_what_it_missed() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    let (mut slow, mut quick) = (watch(&gateway).await, watch(&gateway).await);
    quick.say(r#"{"filter": {"model": "the-last"}}"#).await.unwrap();
    quick.until(|one| is(one, "snapshot")).await.unwrap();
    // Long names fill the buffers on the way; natively so many that the queue behind them overflows as well.
    let model = "m".repeat(200);
    let overflows = tells_all(&gateway).await;
    for _ in 0..if overflows { 60 } else { 10 } {
        let answers = (0..40).map(|_| asked(&gateway, Protocol::Chat, &model));
        assert!(join_all(answers).await.iter().all(|id| !id.is_empty()));
    }
    let last = asked(&gateway, Protocol::Chat, "the-last").await;
    quick.until(ends(&last)).await.unwrap();
    let mut told = Vec::new();
    if overflows {
        told = slow.until(|one| is(one, "lagged")).await.unwrap();
        told.extend(slow.until(|one| is(one, "snapshot")).await.unwrap());
    }
    let after = asked(&gateway, Protocol::Chat, &model).await;
    told.extend(slow.until(ends(&after)).await.unwrap());
    for pair in told.windows(2) {
        let missed = pair[1]["seq"].as_u64().unwrap() - pair[0]["seq"].as_u64().unwrap() - 1;
        assert_eq!(missed, pair[1]["dropped"].as_u64().unwrap_or_default(), "{} {}", pair[0], pair[1]);
    }
}

#[tokio::test]
async fn many_may_watch_but_not_all() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    let mut watchers = try_join_all((0..MOST).map(|_| Watcher::open(&gateway))).await.unwrap();
    let with_key = || gateway.admin(call(&gateway));
    let Err(refused) = Watcher::ask(with_key()).await.unwrap() else { panic!("one too many") };
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["error"]["code"]),
        (503, &json!("too_many_watchers"))
    );
    let id = asked(&gateway, Protocol::Chat, "gpt-test").await;
    try_join_all(watchers.iter_mut().map(|watcher| watcher.until(ends(&id)))).await.unwrap();
    // They leave without a word.
    drop(watchers);
    asked(&gateway, Protocol::Chat, "gpt-test").await;
    let room = async || Ok(Watcher::ask(with_key()).await?.is_ok());
    assert!(gateway.until(room).await.unwrap(), "there is no room for another");
}

#[tokio::test]
async fn a_ping_is_answered() {
    let mock = Mock::start().await.unwrap();
    let gateway = start(&mock).await;
    let mut watcher = watch(&gateway).await;
    watcher.say("ping").await.unwrap();
    watcher.until(|one| one == "pong").await.unwrap();
}
