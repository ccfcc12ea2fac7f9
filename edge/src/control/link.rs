//! The way from an isolate to the object.

use causeway_core::codec::json;
use causeway_core::config::Version;
use causeway_core::platform::{Link, Unreachable};
use causeway_core::schedule::ChannelHealth;
use causeway_core::schedule::authority::notes::{News, Reset, Told};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Method, ObjectNamespace, Request, RequestInit, Response, Result};

use super::{CONFIG, HEALTH, RESET, Replacement, SYNC};
use crate::isolate::Isolate;

/// There is one object for all that a deployment shares.
const NAME: &str = "control";

/// Implements [`Link`] with calls to the object.
#[derive(Clone, Debug)]
pub(crate) struct ControlLink(pub(crate) ObjectNamespace);

impl ControlLink {
    async fn call(&self, method: Method, path: &str, body: Option<String>) -> Result<Response> {
        let mut init = RequestInit::new();
        init.with_method(method).with_body(body.map(Into::into));
        let request = Request::new_with_init(&format!("https://{NAME}{path}"), &init)?;
        self.0.get_by_name(NAME)?.fetch_with_request(request).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<String>) -> Result<T> {
        let mut answer = self.call(method, path, body).await?;
        let text = answer.text().await?;
        match answer.status_code() {
            200 => Ok(json::from_str(&text)?),
            _ => Err(worker::Error::RustError(text)),
        }
    }

    /// The configuration in force, and how its channels are.
    pub(crate) async fn standing(&self) -> Result<(Version, Vec<ChannelHealth>)> {
        self.ask(Method::Get, HEALTH, None).await
    }

    /// The stored document, as it is kept; `None` before the first write.
    pub(super) async fn document(&self) -> Result<Option<Vec<u8>>> {
        let mut answer = self.call(Method::Get, CONFIG, None).await?;
        match answer.status_code() {
            200 => Ok(Some(answer.bytes().await?).filter(|bytes| !bytes.is_empty())),
            _ => Err(worker::Error::RustError(answer.text().await?)),
        }
    }

    /// `document` is as it is to be kept. Returns the answer's status, and what it says.
    pub(super) async fn replace(
        &self,
        expected: Option<&Version>,
        document: String,
    ) -> Result<(u16, String)> {
        let replacement = Replacement { expected: expected.cloned(), document };
        let mut answer = self.call(Method::Put, CONFIG, Some(json(&replacement)?)).await?;
        Ok((answer.status_code(), answer.text().await?))
    }
}

impl Link for ControlLink {
    #[worker::send]
    async fn sync(&self, told: Told) -> std::result::Result<News, Unreachable> {
        let body = json(&told).map_err(unreachable)?;
        let news: News = self.ask(Method::Post, SYNC, Some(body)).await.map_err(unreachable)?;
        Isolate::hears_of(&news.config);
        Ok(news)
    }

    #[worker::send]
    async fn health(&self) -> std::result::Result<Vec<ChannelHealth>, Unreachable> {
        self.standing().await.map(|(_, health)| health).map_err(unreachable)
    }

    #[worker::send]
    async fn reset(&self, reset: Reset) -> std::result::Result<(), Unreachable> {
        let body = json(&reset).map_err(unreachable)?;
        self.call(Method::Post, RESET, Some(body)).await.map(|_| ()).map_err(unreachable)
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

fn unreachable(error: worker::Error) -> Unreachable {
    Unreachable(error.to_string())
}
