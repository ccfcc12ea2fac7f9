//! A Responses document to events.

use serde_json::value::RawValue;

use crate::codec::json;
use crate::ir::{Block, Choice, Event, Finish, Item, Response, replay};
use crate::protocol::convert::Invalid;
use crate::protocol::decode_error;
use crate::protocol::responses::answer::{self, Answer, End};
use crate::protocol::responses::wire;

/// Tells an answer that was not streamed.
pub(in crate::protocol) fn decode(body: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Invalid> {
    let raw: &RawValue =
        json::read(body).map_err(|error| Invalid(format!("the answer is no JSON: {error}")))?;
    let answer: Answer<'_> = wire::read(raw).map_err(wire::at(|| "the answer".into()))?;
    let start = answer.start();
    let items: Vec<Item> = answer.output().into_iter().filter_map(|raw| answer::item(raw).ok()).collect();
    let finish = match answer.end("completed") {
        End::Finish(finish) => finish,
        End::Whole => whole(&items),
        End::Error(error) => {
            let told = if error.message.is_empty() { decode_error(body) } else { error };
            each(Event::Error(told));
            return Ok(());
        }
    };
    let response = Response {
        id: start.id.as_deref().map(String::from),
        model: start.model.as_deref().map(String::from),
        created: start.created,
        service_tier: start.service_tier.as_deref().map(String::from),
        choices: vec![Choice { items, finish: Some(finish) }],
        usage: answer.usage(),
        ..Response::default()
    };
    replay(&response, &mut |event| each(event));
    Ok(())
}

fn whole(items: &[Item]) -> Finish {
    let called = items.iter().any(|item| match item {
        Item::ToolCall(_) => true,
        Item::Opaque(opaque) => answer::awaits_client(opaque),
        _ => false,
    });
    let refused = items.iter().any(|item| match item {
        Item::Message(message) => message.blocks.iter().any(|block| matches!(block, Block::Refusal(_))),
        _ => false,
    });
    answer::whole(called, refused)
}
