//! What holds for any bytes at all, as the fuzz targets check it.

use crate::codec::sse;
use crate::config::Protocol;
use crate::testing::codec;
use crate::testing::golden::{self, Kind, PROTOCOLS};
use crate::testing::wellformed::{self, Leeway};

/// A stream has the same events however it is cut.
///
/// # Errors
/// The size of the pieces that make a difference.
pub fn events(data: &[u8]) -> Result<(), String> {
    let whole = split(data, data.len());
    match [1, 7].into_iter().find(|size| split(data, *size) != whole) {
        Some(size) => Err(format!("other events in pieces of {size}")),
        None => Ok(()),
    }
}

type Owned = (Option<Vec<u8>>, Vec<u8>);

/// `None` for what is too large.
fn split(data: &[u8], size: usize) -> Option<Vec<Owned>> {
    let mut events = Vec::new();
    let mut decoder = sse::Decoder::new(1 << 20);
    let mut take = |event: sse::Event<'_>| events.push((event.name.map(Into::into), event.data.into()));
    for chunk in data.chunks(size.max(1)) {
        decoder.push(chunk, &mut take).ok()?;
    }
    decoder.finish(&mut take);
    Some(events)
}

/// A request is refused, or becomes one that its upstream can read.
///
/// # Errors
/// What the upstream cannot read.
pub fn request(from: Protocol, data: &[u8]) -> Result<(), String> {
    for (_, to) in PROTOCOLS {
        let Ok(encoded) = golden::encoded(from, to, data) else { continue };
        codec::read_request(to, &encoded.body)
            .map_err(|why| format!("{to:?}: {why}\n{}", String::from_utf8_lossy(&encoded.body)))?;
    }
    Ok(())
}

/// An answer, streamed or not, is told by the rules, becomes a legal stream, and the same one however it
/// is cut.
///
/// # Errors
/// What is wrong first.
pub fn answer(from: Protocol, data: &[u8]) -> Result<(), String> {
    codec::keeps_rules(from, data)?;
    let may_be_document = matches!(data.trim_ascii_start(), [b'{' | b'[', ..]);
    for (_, to) in PROTOCOLS {
        let streamed = golden::stream(from, to, [data]);
        if streamed != golden::stream(from, to, data.chunks(3)) {
            return Err(format!("{to:?}: another stream in pieces"));
        }
        let of_document = may_be_document.then(|| golden::stream_of_document(from, to, data));
        let leeway = if from == to { Leeway::Pieces } else { Leeway::Ids };
        for streamed in [Some(streamed), of_document].into_iter().flatten() {
            wellformed::check_with(leeway, to, &streamed)
                .map_err(|why| format!("{to:?}: {why}\n{}", String::from_utf8_lossy(&streamed)))?;
        }
        golden::document(from, Kind::Document, to, [data]);
    }
    Ok(())
}
