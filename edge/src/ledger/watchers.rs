//! Those who watch, over WebSockets that outlive the object's memory:
//! <https://developers.cloudflare.com/durable-objects/best-practices/websockets/>.
//!
//! Isolates tell the object of finished requests anyway, to have them recorded: watching costs them no call. How channels
//! and configuration are, the object asks the other one, a second after it was called, and only while somebody watches.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use causeway_core::live::{Finished, Heard, MOST_WATCHERS, PACE, PING, PONG, Seat, Standing, snapshot};
use causeway_core::platform::Clock;
use causeway_core::record::batch::Rows;
use worker::{
    Env, Response, Result, State, WebSocket, WebSocketPair, WebSocketRequestResponsePair, console_error,
};

use crate::clock::WorkerClock;
use crate::environment::control;

/// Of so many requests of one batch a watcher is told. The runtime keeps what a slow one does not read, without a bound.
const MOST_OF_A_BATCH: usize = 200;

pub(super) struct Watchers {
    state: Rc<State>,
    env: Env,
    /// Forgotten with the object's memory: then all are told everything again.
    standing: RefCell<Standing>,
    /// Somebody sees to it that they are told how things are.
    looking: Cell<bool>,
}

impl Watchers {
    pub(super) fn new(state: Rc<State>, env: Env) -> Rc<Self> {
        Rc::new(Self { state, env, standing: RefCell::default(), looking: Cell::new(false) })
    }

    /// Seats whoever the Worker let through.
    pub(super) fn open(self: &Rc<Self>) -> Result<Response> {
        if self.state.get_websockets().len() >= MOST_WATCHERS {
            let message = format!("{MOST_WATCHERS} connections watch already; close one of them");
            return crate::problem(503, "too_many_watchers", &message);
        }
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        self.state.accept_web_socket(&server);
        // Pings keep the connection, and do not wake the object.
        self.state.set_websocket_auto_response(&WebSocketRequestResponsePair::new(PING, PONG)?);
        let mut seat = Seat::default();
        let beginning = seat.tell(&snapshot(WorkerClock.now()));
        give(&server, &seat, [beginning])?;
        self.standing.take();
        self.look();
        Response::from_websocket(client)
    }

    /// What a watcher said.
    pub(super) fn hear(&self, watcher: &WebSocket, text: &str) -> Result<()> {
        let mut seat = seat(watcher);
        let answer = match seat.hear(text) {
            Heard::Ping => PONG.to_owned(),
            Heard::Filter => seat.tell(&snapshot(WorkerClock.now())),
            Heard::Nonsense(message) => seat.tell(&message),
        };
        give(watcher, &seat, [answer])
    }

    /// Tells of requests that have finished.
    pub(super) fn tell(&self, rows: &Rows) {
        let watchers = self.state.get_websockets();
        if watchers.is_empty() {
            return;
        }
        let requests = Finished::all(rows);
        give_all(watchers, |seat| seat.batch(&requests, MOST_OF_A_BATCH, WorkerClock.now()));
    }

    /// Sees to it that those who watch are told how channels and configuration are, a while from now.
    pub(super) fn look(self: &Rc<Self>) {
        if self.looking.get() || self.state.get_websockets().is_empty() {
            return;
        }
        self.looking.set(true);
        let this = Rc::clone(self);
        self.state.wait_until(async move {
            WorkerClock.sleep(PACE).await;
            this.looking.set(false);
            if let Err(error) = this.tell_standing().await {
                console_error!("watchers were not told how channels are: {error}");
            }
        });
    }

    async fn tell_standing(&self) -> Result<()> {
        let (version, health) = control(&self.env)?.standing().await?;
        let messages = self.standing.borrow_mut().changes(&version, &health);
        if !messages.is_empty() {
            let watchers = self.state.get_websockets();
            give_all(watchers, |seat| messages.iter().map(|message| seat.tell(message)).collect());
        }
        Ok(())
    }
}

fn give_all(watchers: Vec<WebSocket>, told: impl Fn(&mut Seat) -> Vec<String>) {
    for watcher in watchers {
        let mut seat = seat(&watcher);
        let texts = told(&mut seat);
        // One that is leaving takes no more.
        let _leaving = give(&watcher, &seat, texts);
    }
}

fn seat(watcher: &WebSocket) -> Seat {
    let kept: Option<String> = watcher.deserialize_attachment().unwrap_or_default();
    Seat::parse(&kept.unwrap_or_default())
}

/// Sends `texts` and keeps the seat that they were told to.
fn give(watcher: &WebSocket, seat: &Seat, texts: impl IntoIterator<Item = String>) -> Result<()> {
    for text in texts {
        watcher.send_with_str(text)?;
    }
    watcher.serialize_attachment(seat.to_text())
}
