//! What holds for any bytes at all; each target hands in its own.

use causeway_core::codec::sse;
use causeway_core::config::Protocol;
use causeway_core::testing::golden::{self, Kind, PROTOCOLS};
use causeway_core::testing::wellformed;

/// A stream has the same events however it is cut.
pub fn events(data: &[u8]) {
    let whole = split(data, data.len());
    assert_eq!(whole, split(data, 1));
    assert_eq!(whole, split(data, 7));
}

fn split(data: &[u8], size: usize) -> Vec<(Option<Vec<u8>>, Vec<u8>)> {
    let mut events = Vec::new();
    let mut decoder = sse::Decoder::new(1 << 20);
    let mut take = |event: sse::Event<'_>| events.push((event.name.map(Into::into), event.data.into()));
    for chunk in data.chunks(size.max(1)) {
        if decoder.push(chunk, &mut take).is_err() {
            return Vec::new();
        }
    }
    decoder.finish(&mut take);
    events
}

/// A request is converted or refused.
pub fn request(from: Protocol, data: &[u8]) {
    for (_, to) in PROTOCOLS {
        golden::request(from, to, data);
    }
}

/// An answer, streamed or not, becomes a legal stream, and the same one however it is cut.
pub fn answer(from: Protocol, data: &[u8]) {
    for (_, to) in PROTOCOLS {
        let streamed = golden::stream(from, to, [data]);
        assert_eq!(streamed, golden::stream(from, to, data.chunks(3)));
        for streamed in [streamed, golden::stream_of_document(from, to, data)] {
            // What an upstream's vendor alone knows goes to its own clients as it is, right or wrong.
            if from != to
                && let Err(why) = wellformed::check(to, &streamed)
            {
                panic!("{to:?}: {why}\n{}", String::from_utf8_lossy(&streamed));
            }
        }
        golden::document(from, Kind::Document, to, [data]);
    }
}
