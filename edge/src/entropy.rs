//! Random bytes from the runtime's `crypto.getRandomValues`.

use causeway_core::platform::Entropy;
use worker::wasm_bindgen::throw_str;

#[derive(Debug)]
pub(crate) struct WebEntropy;

impl Entropy for WebEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Going on with predictable bytes would be worse than ending this request.
        if getrandom::fill(bytes).is_err() {
            throw_str("the runtime gave no random bytes");
        }
    }
}
