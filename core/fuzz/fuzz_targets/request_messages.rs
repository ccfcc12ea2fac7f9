#![no_main]

use causeway_core::config::Protocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| causeway_fuzz::request(Protocol::Messages, data));
