//! Each target hands in its bytes; what holds for them is said in the core.

use causeway_core::config::Protocol;
use causeway_core::testing::invariants;

pub fn events(data: &[u8]) {
    demand(invariants::events(data));
}

pub fn request(from: Protocol, data: &[u8]) {
    demand(invariants::request(from, data));
}

pub fn answer(from: Protocol, data: &[u8]) {
    demand(invariants::answer(from, data));
}

fn demand(kept: Result<(), String>) {
    if let Err(why) = kept {
        panic!("{why}");
    }
}
