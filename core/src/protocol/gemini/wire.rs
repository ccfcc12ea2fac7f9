//! What goes over the wire: objects as clients spell them, parts, chunks of an answer.

pub(in crate::protocol::gemini) mod answer;
pub(in crate::protocol::gemini) mod chunk;
pub(in crate::protocol::gemini) mod object;
pub(in crate::protocol::gemini) mod part;
pub(in crate::protocol::gemini) mod path;
