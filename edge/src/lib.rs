//! The gateway as a Cloudflare Worker: the runtime's side of core's platform traits, and the event that
//! hands requests to the gateway.
//!
//! An isolate keeps one gateway for all its requests. What the runtime ties to one request (streams,
//! timers, pending fetches) never leaves that request's futures.

mod background;
mod clock;
mod control;
mod document;
mod entropy;
mod environment;
mod exchange;
#[cfg(feature = "fixtures")]
mod fixtures;
mod headers;
mod http_client;
mod isolate;
mod ledger;
mod platform;
mod presence;
mod recorder;
mod ui;

use causeway_core::gateway::Body;
use causeway_core::platform::Platform;
use isolate::{Isolate, Unready};
use presence::Presence;
use worker::{Context, Env, Request, Response, ResponseBuilder, Result, event};

#[cfg(target_feature = "atomics")]
compile_error!("`worker::send` is sound only while the isolate has one thread");

/// Nobody reads this answer: whom it is for has left.
const CLIENT_CLOSED_REQUEST: u16 = 499;

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    #[cfg(feature = "fixtures")]
    if let Some(answer) = fixtures::answer(&request, &env).await {
        return answer;
    }
    if let Some(asset) = ui::asset(&request).filter(|_| ui::exists(&env)) {
        return ui::serve(&request, &asset, &env).await;
    }
    let isolate = match Isolate::get(&env).await {
        Ok(isolate) => isolate,
        Err(unready) => return refuse(&unready),
    };
    let client = Presence::of(&request);
    let (request, address) = match exchange::inbound(&request) {
        Ok(inbound) => inbound,
        Err(error) => return problem(400, "invalid_request", &error.to_string()),
    };
    match client.during(isolate.gateway().handle(request, address)).await {
        Some(answer) if matches!(answer.body(), Body::Live) => {
            isolate.gateway().platform().database().watch().await
        }
        Some(answer) => exchange::outbound(answer, client),
        None => Ok(Response::builder().with_status(CLIENT_CLOSED_REQUEST).empty()),
    }
}

/// Whoever deployed this Worker sees what to do, in the answer and in the log.
fn refuse(unready: &Unready) -> Result<Response> {
    let detail = unready.detail();
    worker::console_error!("{detail}");
    problem(503, "not_configured", &detail)
}

fn problem(status: u16, code: &str, message: &str) -> Result<Response> {
    let body = serde_json::json!({ "error": { "type": code, "code": code, "message": message } });
    ResponseBuilder::new().with_status(status).with_header("cache-control", "no-store")?.from_json(&body)
}
