//! `causeway demo`: the gateway with a built-in upstream, to see it work without any vendor's key.

mod answer;
mod upstream;
