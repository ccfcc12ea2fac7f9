//! The Durable Object that holds the database, and tells those who watch what comes into it.

pub(crate) mod link;
mod sql;
mod watchers;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use causeway_core::codec::json;
use causeway_core::database::{DatabaseError, Row, Statement, migrate};
use causeway_core::platform::Clock;
use causeway_core::record::batch::Rows;
use causeway_core::record::fold;
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage,
    durable_object, wasm_bindgen,
};

use crate::clock::WorkerClock;
use crate::environment::retention;
use watchers::Watchers;

/// Takes statements.
const STATEMENTS: &str = "/statements";
/// Takes a batch of records.
const RECORDS: &str = "/records";
/// Becomes a WebSocket: the live feed of whoever the Worker let through.
const LIVE: &str = "/live";
/// How long sums stay apart from those of longer periods.
const FOLD_AFTER: Duration = Duration::from_secs(600);
/// How often old records are looked for, and how soon again while there are more.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
const PRUNE_ON: Duration = Duration::from_secs(10);

/// What an answer's status says of an error.
const FULL: u16 = 507;
const BROKEN: u16 = 422;
const UNAVAILABLE: u16 = 503;

#[durable_object]
pub struct LedgerObject {
    state: Rc<State>,
    env: Env,
    watchers: Rc<Watchers>,
    /// Whether the tables are known to be of the present version.
    migrated: Cell<bool>,
    /// Whether an alarm within [`FOLD_AFTER`] is known to be set.
    alarmed: Cell<bool>,
}

impl DurableObject for LedgerObject {
    fn new(state: State, env: Env) -> Self {
        let state = Rc::new(state);
        let watchers = Watchers::new(Rc::clone(&state), env.clone());
        Self { state, env, watchers, migrated: Cell::new(false), alarmed: Cell::new(false) }
    }

    /// Statements or records in, the answer of each statement out, all in JSON.
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.path() == LIVE {
            return self.watchers.open();
        }
        self.keep_alarm().await?;
        let body = request.bytes().await?;
        let statements = if request.path() == RECORDS {
            let rows: Rows = json::read(&body)?;
            self.watchers.tell(&rows);
            rows.into_statements()
        } else {
            json::read::<Vec<Statement>>(&body)?
        };
        self.watchers.look();
        match self.run(&statements) {
            Ok(answers) => Response::ok(serde_json::to_string(&answers)?),
            Err(error) => Response::error(detail(&error), status(&error)),
        }
    }

    async fn websocket_message(&self, watcher: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        match message {
            WebSocketIncomingMessage::String(text) => self.watchers.hear(&watcher, &text),
            WebSocketIncomingMessage::Binary(_) => Ok(()),
        }
    }

    /// The runtime has answered, and forgets whoever left.
    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> Result<()> {
        Ok(())
    }

    /// Adds up what is fresh, and removes what is too old.
    async fn alarm(&self) -> Result<Response> {
        self.alarmed.set(false);
        let (now, retention) = (WorkerClock.now(), retention(&self.env));
        if let Err(error) = self.run(&fold()) {
            worker::console_error!("fresh sums were not added up: {error}");
        }
        let removed = self.run(&retention.requests(now)).and_then(|answers| {
            self.run(&retention.stats(now))?;
            self.run(&[retention.captures(now)])?;
            Ok(answers.last().is_some_and(|removed| !removed.is_empty()))
        });
        let again = if matches!(removed, Ok(true)) { PRUNE_ON } else { PRUNE_EVERY };
        self.state.storage().set_alarm(again).await?;
        Response::empty()
    }
}

impl LedgerObject {
    /// Sees to it that [`alarm`](DurableObject::alarm) is called one day.
    async fn keep_alarm(&self) -> Result<()> {
        if !self.alarmed.get() {
            let storage = self.state.storage();
            let soon = (WorkerClock.now() + FOLD_AFTER).as_millis();
            let at = storage.get_alarm().await?.and_then(|at| u64::try_from(at).ok());
            if at.is_none_or(|at| at > soon) {
                storage.set_alarm(FOLD_AFTER).await?;
            }
            self.alarmed.set(true);
        }
        Ok(())
    }

    fn run(&self, statements: &[Statement]) -> std::result::Result<Vec<Vec<Row>>, DatabaseError> {
        let storage = self.state.storage();
        if !self.migrated.get() {
            migrate(|statements| sql::transact(&storage, statements))?;
            self.migrated.set(true);
        }
        sql::transact(&storage, statements)
    }
}

const fn status(error: &DatabaseError) -> u16 {
    match error {
        DatabaseError::Full => FULL,
        DatabaseError::Broken(_) => BROKEN,
        DatabaseError::Busy | DatabaseError::Unavailable(_) => UNAVAILABLE,
    }
}

fn detail(error: &DatabaseError) -> String {
    match error {
        DatabaseError::Broken(detail) | DatabaseError::Unavailable(detail) => detail.clone(),
        DatabaseError::Full | DatabaseError::Busy => String::new(),
    }
}
