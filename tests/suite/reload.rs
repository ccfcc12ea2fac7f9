//! The configuration changes while requests run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use causeway_tests::client::Call;
use causeway_tests::harness::{Channel, Feature, Gateway, document};
use causeway_tests::mock::{Behaviour, Mock, Protocol};
use causeway_tests::sample::Sample;
use causeway_tests::wire;

#[tokio::test]
async fn a_reload_under_load_drops_no_request() {
    let mock = Mock::start().await.unwrap();
    for lane in ["a", "b"] {
        mock.lane(lane).always(Behaviour::ok().events(20).every_ms(2));
    }
    let gateway = Arc::new(Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = Protocol::ALL
        .into_iter()
        .flat_map(|protocol| [(protocol, false), (protocol, true)])
        .filter(|(protocol, stream)| !(*protocol == Protocol::Embeddings && *stream))
        .map(|(protocol, stream)| {
            let (gateway, stop, served) = (Arc::clone(&gateway), Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                let sample = Sample::of(protocol, stream);
                while !stop.load(Ordering::Relaxed) {
                    let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
                    assert!(answer.status == 200 && !answer.cut, "{}: {}", sample.name(), answer.text());
                    let ended =
                        wire::events(&answer.body).iter().any(|event| wire::is_clean_end(protocol, event));
                    assert!(ended || !stream, "{}: {}", sample.name(), answer.text());
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for name in ["b", "a", "b"] {
        gateway.configure(&[Channel::every(name, &mock.base(name))]).await.unwrap();
        let before = mock.lane(name).count();
        assert!(gateway.until(async || Ok(mock.lane(name).count() > before + 5)).await.unwrap());
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert!(served.load(Ordering::Relaxed) > 15);
    assert_eq!(mock.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_broken_file_is_refused_with_the_old_configuration_kept() {
    let mock = Mock::start().await.unwrap();
    let gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    if !gateway.has(Feature::Files).await.unwrap() {
        return;
    }
    let good = document(&[Channel::every("b", &mock.base("b"))]).to_string();
    let half = good.get(..good.len() / 2).unwrap_or_default();
    let typo = good.replace("\"baseUrl\"", "\"baseURL\"");
    let no_url = good.replace("http://", "not a url ");
    let sample = Sample::of(Protocol::Chat, false);
    for (case, text) in [("half", half), ("a typo", &typo), ("no URL", &no_url), ("nothing", "")] {
        let before = gateway.log().len();
        gateway.write_config(text).unwrap();
        let said = async || Ok(gateway.log().get(before..).is_some_and(|new| new.contains("config")));
        assert!(gateway.until(said).await.unwrap(), "{case}: nothing was said of it");
        let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.header("x-causeway-channel")), (200, "a"), "{case}");
        assert!(!gateway.log().contains("sk-b-1"), "{case}: a key went to the log");
    }
    gateway.configure(&[Channel::every("b", &mock.base("b"))]).await.unwrap();
    let answer = sample.call(gateway.url(), gateway.key()).send().await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.header("x-causeway-channel")), (200, "b"));
}

#[tokio::test]
async fn a_stream_that_began_ends_on_the_configuration_it_began_with() {
    let mock = Mock::start().await.unwrap();
    mock.lane("a").always(Behaviour::ok().events(40).every_ms(50));
    let gateway = Gateway::start_own(&[Channel::every("a", &mock.base("a"))], &[]).await.unwrap();
    let sample = Sample::of(Protocol::Messages, true);
    let mut arriving = sample.call(gateway.url(), gateway.key()).open().await.unwrap();
    assert!(arriving.next().await.unwrap().is_some());
    gateway.configure(&[Channel::every("b", &mock.base("b"))]).await.unwrap();
    let rest = arriving.rest().await.unwrap();
    assert!(!rest.cut && rest.text().contains("message_stop"), "{}", rest.text());
    let health = Call::get(format!("{}/health", gateway.url())).send().await.unwrap();
    assert_eq!(health.status, 200);
}
