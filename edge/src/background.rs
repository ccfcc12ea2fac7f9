//! Work that outlives the answer it belongs to.

use std::panic::AssertUnwindSafe;

use causeway_core::platform::Background;
use futures::FutureExt;
use futures::future::BoxFuture;
use worker::js_sys::Promise;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{self, JsValue};
use worker::wasm_bindgen_futures::future_to_promise;

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    /// Keeps the request that is being handled alive until `promise` settles; unlike the context's own
    /// method it serves state that is shared by all requests of an isolate:
    /// <https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil>.
    #[wasm_bindgen(js_name = waitUntil)]
    fn wait_until(promise: &Promise);
}

/// The runtime's `waitUntil`, which gives a task some thirty seconds after the answer.
#[derive(Debug)]
pub(crate) struct WaitUntil;

impl Background for WaitUntil {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let task = AssertUnwindSafe(task.map(|()| Ok(JsValue::UNDEFINED)));
        wait_until(&future_to_promise(task));
    }
}
