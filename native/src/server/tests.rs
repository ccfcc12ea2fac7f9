use std::future::{pending, ready};
use std::sync::Mutex;

use futures::StreamExt;
use futures::channel::{mpsc, oneshot};
use http_body_util::{Full, StreamBody};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::task::JoinHandle;

use super::*;

type Frame = Result<hyper::body::Frame<Bytes>, Infallible>;
type Answer = std::future::Ready<http::Response<StreamBody<mpsc::UnboundedReceiver<Frame>>>>;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: causeway\r\n\r\n";

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    abort: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Drained>,
}

impl Running {
    async fn start<R, F, B>(limits: Limits, respond: R) -> Self
    where
        R: Fn(http::Request<Incoming>, IpAddr) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = http::Response<B>> + Send + 'static,
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let listener = listen(Some("127.0.0.1"), 0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (abort, aborted) = oneshot::channel();
        let signal = |received: oneshot::Receiver<()>| async {
            if received.await.is_err() {
                pending::<()>().await;
            }
        };
        let ended = tokio::spawn(serve(listener, limits, respond, signal(stopped), signal(aborted)));
        Self { address, stop: Some(stop), abort: Some(abort), ended }
    }

    async fn connect(&self) -> BufReader<TcpStream> {
        BufReader::new(TcpStream::connect(self.address).await.unwrap())
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

/// Answers at once with the number of the request.
fn counted()
-> impl Fn(http::Request<Incoming>, IpAddr) -> std::future::Ready<http::Response<Full<Bytes>>> + Clone {
    let count = Arc::new(Mutex::new(0));
    move |_, _| {
        let mut count = count.lock().unwrap();
        *count += 1;
        ready(http::Response::new(Full::from(format!("answer {count}\n"))))
    }
}

/// Answers with the frames a test sends; the request is announced first.
fn scripted() -> (
    impl Fn(http::Request<Incoming>, IpAddr) -> Answer + Clone,
    mpsc::UnboundedReceiver<mpsc::UnboundedSender<Frame>>,
) {
    let (announce, requests) = mpsc::unbounded();
    let respond = move |_, _| {
        let (frames, body) = mpsc::unbounded();
        announce.unbounded_send(frames).unwrap();
        ready(http::Response::new(StreamBody::new(body)))
    };
    (respond, requests)
}

async fn ask(connection: &mut BufReader<TcpStream>) -> String {
    connection.write_all(REQUEST).await.unwrap();
    let mut line = String::new();
    while !line.starts_with("answer") {
        line.clear();
        assert_ne!(connection.read_line(&mut line).await.unwrap(), 0, "the server closed the connection");
    }
    line
}

async fn rest(connection: &mut BufReader<TcpStream>) -> String {
    let mut rest = Vec::new();
    let _cut = connection.read_to_end(&mut rest).await;
    String::from_utf8(rest).unwrap()
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let running = Running::start(Limits::default(), counted()).await;
    let mut connection = running.connect().await;

    assert_eq!(ask(&mut connection).await, "answer 1\n");
    assert_eq!(ask(&mut connection).await, "answer 2\n");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let mut running = Running::start(Limits::default(), counted()).await;
    let mut connection = running.connect().await;
    ask(&mut connection).await;

    running.stop();

    assert_eq!(running.ended.await.unwrap(), Drained::Complete);
    assert_eq!(rest(&mut connection).await, "");
}

#[tokio::test]
async fn an_open_answer_is_finished_after_the_order_to_stop() {
    let (respond, mut requests) = scripted();
    let mut running = Running::start(Limits::default(), respond).await;
    let mut connection = running.connect().await;
    connection.write_all(REQUEST).await.unwrap();
    let frames = requests.next().await.unwrap();

    running.stop();
    while TcpStream::connect(running.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    frames.unbounded_send(Ok(hyper::body::Frame::data(Bytes::from_static(b"late")))).unwrap();
    drop(frames);

    let answer = rest(&mut connection).await;
    assert!(answer.ends_with("\r\n\r\n4\r\nlate\r\n0\r\n\r\n"), "{answer}");
    assert_eq!(running.ended.await.unwrap(), Drained::Complete);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_when_the_grace_is_over() {
    let (respond, mut requests) = scripted();
    let limits = Limits { grace: Duration::ZERO, ..Limits::default() };
    let mut running = Running::start(limits, respond).await;
    let mut connection = running.connect().await;
    connection.write_all(REQUEST).await.unwrap();
    let frames = requests.next().await.unwrap();

    running.stop();

    assert_eq!(running.ended.await.unwrap(), Drained::Cut(1));
    assert!(frames.is_closed());
}

#[tokio::test]
async fn an_order_to_abort_ends_the_grace() {
    let (respond, mut requests) = scripted();
    let limits = Limits { grace: Duration::MAX, ..Limits::default() };
    let mut running = Running::start(limits, respond).await;
    let mut connection = running.connect().await;
    connection.write_all(REQUEST).await.unwrap();
    let _frames = requests.next().await.unwrap();

    running.stop();
    running.abort.take().unwrap().send(()).unwrap();

    assert_eq!(running.ended.await.unwrap(), Drained::Cut(1));
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_answer() {
    let (respond, mut requests) = scripted();
    let running = Running::start(Limits::default(), respond).await;
    let mut connection = running.connect().await;
    connection.write_all(REQUEST).await.unwrap();
    let frames = requests.next().await.unwrap();

    drop(connection);

    while !frames.is_closed() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_that_sends_no_request_is_closed() {
    for partial in ["", "POST /v1/messages HTTP/1.1\r\nhost: cause"] {
        let limits = Limits { first_headers: Duration::from_millis(1), ..Limits::default() };
        let running = Running::start(limits, counted()).await;
        let mut connection = running.connect().await;
        connection.write_all(partial.as_bytes()).await.unwrap();

        assert_eq!(rest(&mut connection).await, "");
    }
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_its_turn() {
    let running = Running::start(Limits { connections: 1, ..Limits::default() }, counted()).await;
    let mut first = running.connect().await;
    assert_eq!(ask(&mut first).await, "answer 1\n");
    let mut second = running.connect().await;
    second.write_all(REQUEST).await.unwrap();
    for number in 2..20 {
        assert_eq!(ask(&mut first).await, format!("answer {number}\n"));
    }

    drop(first);

    assert_eq!(ask(&mut second).await, "answer 20\n");
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let taken = listen(None, 0).await.unwrap();
    let port = taken.local_addr().unwrap().port();

    assert_eq!(listen(None, port).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn accepted_connections_notice_vanished_clients() {
    let listener = listen(Some("127.0.0.1"), 0).await.unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    assert!(SockRef::from(&accepted).keepalive().unwrap());
    assert_eq!(SockRef::from(&accepted).tcp_keepalive_time().unwrap(), Duration::from_secs(60));
}
