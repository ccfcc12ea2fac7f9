//! The Durable Object that all isolates share: the authority over the configuration, and over what is held
//! against channels.
//!
//! It keeps both in its storage. Isolates read the configuration from the copy in KV when they start, and from
//! here when they hear that there is a newer one.

mod keeper;
pub(crate) mod link;
pub(crate) mod store;

use std::cell::RefCell;

use causeway_core::config::Version;
use causeway_core::platform::{Clock, StoreError};
use causeway_core::schedule::ChannelHealth;
use causeway_core::schedule::authority::notes::{News, Reset, Told};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Method, Request, Response, Result, State, durable_object, wasm_bindgen};

use crate::clock::WorkerClock;
use crate::isolate::Unready;
use keeper::Keeper;

const SYNC: &str = "/sync";
const HEALTH: &str = "/health";
const RESET: &str = "/reset";
const CONFIG: &str = "/config";

/// A write of the configuration.
#[derive(Debug, Serialize, Deserialize)]
struct Replacement {
    /// The version that is replaced; `None`: there is none yet.
    expected: Option<Version>,
    /// As it is kept, upstream keys sealed.
    document: String,
}

#[durable_object]
pub struct ControlObject {
    state: State,
    env: Env,
    /// `None` until the first request, and after a failed write.
    keeper: RefCell<Option<Keeper>>,
}

impl DurableObject for ControlObject {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, keeper: RefCell::new(None) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if let Err(unready) = self.wake().await {
            return Response::error(unready.detail(), 503);
        }
        match (request.method(), request.path().as_str()) {
            (Method::Post, SYNC) => self.sync(&read(&mut request).await?).await,
            (Method::Get, HEALTH) => self.health(),
            (Method::Post, RESET) => self.reset(&read(&mut request).await?).await,
            (Method::Get, CONFIG) => self.config(),
            (Method::Put, CONFIG) => self.replace(read(&mut request).await?).await,
            _ => Response::error("no such call", 404),
        }
    }
}

impl ControlObject {
    /// Makes sure that there is a keeper.
    async fn wake(&self) -> std::result::Result<(), Unready> {
        if self.keeper.borrow().is_some() {
            return Ok(());
        }
        let keeper = Keeper::load(&self.state.storage(), &self.env).await?;
        self.keeper.borrow_mut().get_or_insert(keeper);
        Ok(())
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Keeper) -> T) -> Result<T> {
        self.keeper.borrow_mut().as_mut().map(use_it).ok_or_else(|| worker::Error::from("not awake"))
    }

    async fn sync(&self, told: &Told) -> Result<Response> {
        let news: News = self.with(|keeper| keeper.sync(told, WorkerClock.now()))?;
        self.save().await?;
        Response::from_json(&news)
    }

    fn health(&self) -> Result<Response> {
        let standing: (Version, Vec<ChannelHealth>) =
            self.with(|keeper| keeper.standing(WorkerClock.now()))?;
        Response::from_json(&standing)
    }

    async fn reset(&self, reset: &Reset) -> Result<Response> {
        self.with(|keeper| keeper.reset(reset, WorkerClock.now()))?;
        self.save().await?;
        Response::empty()
    }

    /// Keeps what is new of what is held against channels and accounts. What could not be written is tried again
    /// with the next.
    async fn save(&self) -> Result<()> {
        let (revision, rows) = self.with(|keeper| keeper.unsaved())??;
        let storage = self.state.storage();
        for (place, row) in rows {
            storage.put(&place, row).await?;
        }
        self.with(|keeper| keeper.saved(revision))
    }

    fn config(&self) -> Result<Response> {
        match self.with(|keeper| keeper.stored().map(str::to_owned))? {
            Some(document) => Response::ok(document),
            None => Response::empty(),
        }
    }

    async fn replace(&self, replacement: Replacement) -> Result<Response> {
        let changed = self.with(|keeper| keeper.replacement(replacement, WorkerClock.now()))?;
        let text = match changed {
            Ok(text) => text,
            Err(StoreError::Conflict) => {
                return Response::error("the configuration was changed meanwhile", 409);
            }
            Err(error) => return Response::error(error.to_string(), 422),
        };
        if let Err(error) = self.state.storage().put(keeper::DOCUMENT, &text).await {
            // What is in memory is not what is kept: begin anew from that.
            self.keeper.take();
            return Err(error);
        }
        if let Err(error) = keeper::publish(&self.env, &text).await {
            worker::console_error!("the configuration's copy in KV is out of date: {error}");
        }
        Response::empty()
    }
}

async fn read<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    let bytes = request.bytes().await?;
    causeway_core::codec::json::read(&bytes).map_err(worker::Error::from)
}
