use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

const TEXT: &[u8] = br#"{"model":"gpt-5","input":"hello hello hello hello"}"#;

/// `TEXT` as the reference implementation writes it: streamed, with a checksum.
const ZSTD: &[u8] = &[
    0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x4d, 0x01, 0x00, 0x24, 0x02, 0x7b, 0x22, 0x6d, 0x6f, 0x64, 0x65,
    0x6c, 0x22, 0x3a, 0x22, 0x67, 0x70, 0x74, 0x2d, 0x35, 0x22, 0x2c, 0x22, 0x69, 0x6e, 0x70, 0x75, 0x74,
    0x22, 0x3a, 0x22, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x22, 0x7d, 0x01, 0x00, 0xc8, 0x5c, 0x9e, 0x93,
    0x48, 0xd6, 0x6f,
];

/// `{"model":"gpt-5"}` as the reference implementation writes it: one segment, no checksum.
const ZSTD_SINGLE_SEGMENT: &[u8] = &[
    0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x11, 0x89, 0x00, 0x00, 0x7b, 0x22, 0x6d, 0x6f, 0x64, 0x65, 0x6c, 0x22,
    0x3a, 0x22, 0x67, 0x70, 0x74, 0x2d, 0x35, 0x22, 0x7d,
];

const SKIPPABLE: &[u8] = &[0x50, 0x2a, 0x4d, 0x18, 0x03, 0x00, 0x00, 0x00, b'x', b'y', b'z'];

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zstd(body: &[u8]) -> Vec<u8> {
    compress_to_vec(body, CompressionLevel::Fastest)
}

#[test]
fn each_coding_is_taken_off() {
    let cases = [
        ("gzip", gzip(TEXT)),
        (" X-GZip ", gzip(TEXT)),
        ("gzip", [gzip(&TEXT[..9]), gzip(&TEXT[9..])].concat()),
        ("deflate", zlib(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("zstd", ZSTD.to_vec()),
        ("zstd", zstd(TEXT)),
        ("zstd", [SKIPPABLE, &zstd(&TEXT[..9]), SKIPPABLE, &zstd(&TEXT[9..])].concat()),
        ("identity", TEXT.to_vec()),
        ("", TEXT.to_vec()),
        ("gzip, zstd", zstd(&gzip(TEXT))),
        ("zstd,identity , gzip,deflate", zlib(&gzip(ZSTD))),
    ];
    for (encoding, body) in cases {
        assert_eq!(inflate(encoding, &body, 1000).as_deref(), Ok(TEXT), "{encoding:?}");
    }
    assert_eq!(inflate("zstd", ZSTD_SINGLE_SEGMENT, 100).as_deref(), Ok(&br#"{"model":"gpt-5"}"#[..]));
}

#[test]
fn an_empty_body_stays_empty() {
    for encoding in ["gzip", "deflate", "zstd", "identity", ""] {
        assert_eq!(inflate(encoding, b"", 0), Ok(Vec::new()), "{encoding:?}");
    }
    assert_eq!(inflate("br", b"", 0), Err(InflateError::Unsupported("br".to_owned())));
}

#[test]
fn one_byte_over_the_limit_is_too_large() {
    for (encoding, body) in [
        ("gzip", gzip(TEXT)),
        ("deflate", zlib(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("zstd", zstd(TEXT)),
        ("", TEXT.to_vec()),
    ] {
        assert_eq!(inflate(encoding, &body, TEXT.len()).as_deref(), Ok(TEXT), "{encoding:?}");
        assert_eq!(inflate(encoding, &body, TEXT.len() - 1), Err(InflateError::TooLarge), "{encoding:?}");
    }
}

#[test]
fn a_bomb_is_stopped() {
    let zeros = vec![0; 16 << 20];
    for (encoding, body) in [("gzip", gzip(&zeros)), ("deflate", zlib(&zeros)), ("zstd", zstd(&zeros))] {
        assert!(body.len() < 1 << 20);
        assert_eq!(inflate(encoding, &body, 1 << 20), Err(InflateError::TooLarge), "{encoding}");
    }
    assert_eq!(inflate("gzip, gzip", &gzip(&gzip(&zeros)), 1 << 20), Err(InflateError::TooLarge));
    let many = "gzip,".repeat(1000);
    assert_eq!(inflate(&many, &gzip(TEXT), 1 << 20), Err(InflateError::Unsupported(many)));
}

#[test]
fn a_zstd_window_past_what_http_allows_is_refused() {
    // A frame that asks for a window of 16 MiB: exponent 14 over the base of 2^10.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 14 << 3, 0x01, 0x00, 0x00];
    assert_eq!(inflate("zstd", &frame, 1 << 30), Err(InflateError::Broken));
    let allowed = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3, 0x01, 0x00, 0x00];
    assert_eq!(inflate("zstd", &allowed, 1 << 30), Ok(Vec::new()));
}

#[test]
fn what_is_cut_or_something_else_is_broken() {
    for (encoding, body) in [("gzip", gzip(TEXT)), ("deflate", zlib(TEXT)), ("zstd", ZSTD.to_vec())] {
        for end in 1..body.len() {
            assert_eq!(
                inflate(encoding, &body[..end], 1000),
                Err(InflateError::Broken),
                "{encoding} cut at {end}"
            );
        }
        assert_eq!(inflate(encoding, TEXT, 1000), Err(InflateError::Broken), "{encoding}");
    }
    let mut changed = ZSTD.to_vec();
    changed[20] ^= 1;
    assert_eq!(inflate("zstd", &changed, 1000), Err(InflateError::Broken), "the checksum is compared");
    assert_eq!(inflate("gzip, rot13", TEXT, 1000), Err(InflateError::Unsupported("rot13".to_owned())));
}

#[test]
fn damaged_bodies_neither_panic_nor_pass_the_limit() {
    let text = TEXT.repeat(40);
    let mut seed = 1_u64;
    let mut roll = move |sides: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % sides
    };
    for (encoding, body) in
        [("gzip", gzip(&text)), ("deflate", zlib(&text)), ("zstd", zstd(&text)), ("zstd", ZSTD.to_vec())]
    {
        for _ in 0..2_000 {
            let mut damaged = body.clone();
            for _ in 0..=roll(3) {
                let at = roll(damaged.len());
                damaged[at] = roll(256) as u8;
            }
            if let Ok(decoded) = inflate(encoding, &damaged, 4_000) {
                assert!(decoded.len() <= 4_000);
            }
        }
    }
}
