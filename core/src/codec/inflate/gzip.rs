//! gzip around deflate: <https://www.rfc-editor.org/rfc/rfc1952>.
//!
//! flate2 reads gzip too, but its checksum brings tables of 16 kB along, which no compression makes smaller.

use flate2::bufread::DeflateDecoder;

use super::{InflateError, read};

const MAGIC_AND_METHOD: [u8; 3] = [0x1f, 0x8b, 8];

const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;

/// Decodes all members of `body`, one after the other.
pub(super) fn decode(body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut decoded = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let mut deflated = DeflateDecoder::new(after_header(rest).ok_or(InflateError::Broken)?);
        let member = read(&mut deflated, limit - decoded.len())?;
        let (sent, behind) = trailer(deflated.into_inner()).ok_or(InflateError::Broken)?;
        if sent != (checksum(&member), member.len() as u32) {
            return Err(InflateError::Broken);
        }
        decoded.extend(member);
        rest = behind;
    }
    Ok(decoded)
}

fn after_header(member: &[u8]) -> Option<&[u8]> {
    let (flags, rest) = member.strip_prefix(&MAGIC_AND_METHOD)?.split_first()?;
    // Modification time, compression level and system.
    let (_, mut rest) = rest.split_first_chunk::<6>()?;
    if flags & HAS_EXTRA != 0 {
        let (length, extra) = rest.split_first_chunk()?;
        rest = extra.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & HAS_CHECKSUM != 0 {
        (_, rest) = rest.split_first_chunk::<2>()?;
    }
    Some(rest)
}

/// The checksum and the length of what was encoded, and what follows.
fn trailer(rest: &[u8]) -> Option<((u32, u32), &[u8])> {
    let (checksum, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    Some(((u32::from_le_bytes(*checksum), u32::from_le_bytes(*length)), rest))
}

/// CRC-32, half a byte at a time.
fn checksum(bytes: &[u8]) -> u32 {
    let halves = bytes.iter().flat_map(|byte| [byte & 15, byte >> 4]);
    !halves.fold(!0, |sum: u32, half| {
        let index = (sum ^ u32::from(half)) & 15;
        (sum >> 4) ^ REMAINDERS.get(index as usize).copied().unwrap_or_default()
    })
}

/// Of each half byte, by the polynomial of section 8 of the RFC.
const REMAINDERS: [u32; 16] = [
    0x0000_0000,
    0x1db7_1064,
    0x3b6e_20c8,
    0x26d9_30ac,
    0x76dc_4190,
    0x6b6b_51f4,
    0x4db2_6158,
    0x5005_713c,
    0xedb8_8320,
    0xf00f_9344,
    0xd6d6_a3e8,
    0xcb61_b38c,
    0x9b64_c2b0,
    0x86d3_d2d4,
    0xa00a_e278,
    0xbdbd_f21c,
];
