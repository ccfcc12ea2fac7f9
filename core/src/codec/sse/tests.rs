use super::*;

type Owned = (Option<String>, String);

fn decode(chunks: &[&[u8]]) -> Vec<Owned> {
    let mut decoder = Decoder::new(1024);
    let mut events = Vec::new();
    let mut each = |event: Event<'_>| {
        let text = |bytes: Cow<'_, [u8]>| String::from_utf8(bytes.into_owned()).unwrap();
        events.push((event.name.map(text), text(event.data)));
    };
    for chunk in chunks {
        decoder.push(chunk, &mut each).unwrap();
    }
    decoder.finish(&mut each);
    events
}

fn named(name: &str, data: &str) -> Owned {
    (Some(name.to_owned()), data.to_owned())
}

fn unnamed(data: &str) -> Owned {
    (None, data.to_owned())
}

/// Streams and what they hold.
fn corpus() -> Vec<(&'static str, Vec<Owned>)> {
    vec![
        ("", vec![]),
        ("\n\n\r\n\r", vec![]),
        ("data: a\n\ndata: b\n\n", vec![unnamed("a"), unnamed("b")]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", vec![unnamed("a"), unnamed("b")]),
        ("data: a\r\rdata: b\r\r", vec![unnamed("a"), unnamed("b")]),
        ("data: a\n\r\ndata: b\r\n\ndata: c\r\n\r", vec![unnamed("a"), unnamed("b"), unnamed("c")]),
        ("data:a\n\ndata:  b\n\n", vec![unnamed("a"), unnamed(" b")]),
        ("event: x\ndata: 1\ndata: 2\ndata\ndata: 4\n\n", vec![named("x", "1\n2\n\n4")]),
        ("data: 1\nevent:x\n\n", vec![named("x", "1")]),
        ("event:\ndata: 1\n\n", vec![unnamed("1")]),
        ("event: y\nevent: x\ndata: 1\n\ndata: 2\n\n", vec![named("x", "1"), unnamed("2")]),
        (": ping\n\n:\ndata: a\n: within\nid: 7\nretry: 10\nnonsense\ndatax: b\n\n", vec![unnamed("a")]),
        ("event: x\n\ndata\n\ndata:\n\nevent: y\ndata: \n\ndata: a\n\n", vec![unnamed("a")]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\n", vec![unnamed("a")]),
        ("\u{feff}{\"a\":1}\n", vec![unnamed("{\"a\":1}")]),
        ("data: a\n\ndata: [DONE]", vec![unnamed("a"), unnamed("[DONE]")]),
        ("data: a\n\nevent: x\ndata: b\r\n", vec![unnamed("a"), named("x", "b")]),
        ("{\"error\":1}", vec![unnamed("{\"error\":1}")]),
        (
            "data: a\n\n{\"error\":1}\n[2]\ndata: b\n\n",
            vec![unnamed("a"), unnamed("{\"error\":1}"), unnamed("[2]"), unnamed("b")],
        ),
        ("event: error\n{\"error\":1}\n\n", vec![named("error", "{\"error\":1}")]),
        ("data: a\n{\"error\":1}\n\n", vec![unnamed("a"), unnamed("{\"error\":1}")]),
        ("data: é漢😀\n\nevent: 漢\ndata: ü\n\n", vec![unnamed("é漢😀"), named("漢", "ü")]),
    ]
}

#[test]
fn streams_decode_to_their_events() {
    for (stream, events) in corpus() {
        assert_eq!(decode(&[stream.as_bytes()]), events, "{stream:?}");
    }
}

#[test]
fn any_split_gives_the_same_events() {
    for (stream, events) in corpus() {
        let bytes = stream.as_bytes();
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(decode(&single), events, "{stream:?} byte by byte");
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let chunks = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(decode(&chunks), events, "{stream:?} split at {first} and {second}");
            }
        }
    }
}

#[test]
fn an_event_within_one_chunk_is_not_copied() {
    let mut decoder = Decoder::new(1024);
    let mut borrowed = Vec::new();
    let mut each = |event: Event<'_>| {
        borrowed.push(matches!(event, Event { name: None | Some(Cow::Borrowed(_)), data: Cow::Borrowed(_) }));
    };
    decoder.push(b"event: x\ndata: 1\n\ndata: 2\n\ndata: 3", &mut each).unwrap();
    decoder.push(b"3\n\ndata: 4\n\n", &mut each).unwrap();
    assert_eq!(borrowed, [true, true, false, true]);
}

#[test]
fn a_boundary_is_where_nothing_is_half_received() {
    let stream = b"data: a\n\n: ping\nevent: x\ndata: b\r\n\r\n{\"c\":1}\nid: 1\n";
    let mut decoder = Decoder::new(1024);
    assert!(decoder.at_boundary());
    let mut boundaries = Vec::new();
    for (index, byte) in stream.iter().enumerate() {
        decoder.push(std::slice::from_ref(byte), &mut |_| ()).unwrap();
        if decoder.at_boundary() {
            boundaries.push(String::from_utf8_lossy(&stream[..=index]).lines().last().unwrap().to_owned());
        }
    }
    assert_eq!(boundaries, ["", ": ping", "", "{\"c\":1}", "id: 1"]);
}

#[test]
fn an_event_past_the_limit_ends_the_decoding_whatever_the_split() {
    let fits = b"event: x\ndata: 123456\n\n: comment\n\ndata: 1\ndata: 2\n\n";
    for size in 1..=fits.len() {
        let mut decoder = Decoder::new(16);
        assert!(
            fits.chunks(size).all(|chunk| decoder.push(chunk, &mut |_| ()).is_ok()),
            "in chunks of {size}"
        );
    }
    let too_large: [&[u8]; 4] = [
        b"data: ok\n\ndata: 12345678901\n\ndata: never\n\n",
        b"data: ok\n\ndata: 1234567\ndata: 12345\n\n",
        b"data: ok\n\n: a very long comment\n\n",
        b"data: ok\n\nevent: 12345678\ndata: 1234\n\n",
    ];
    for stream in too_large {
        for size in 1..=stream.len() {
            let mut decoder = Decoder::new(16);
            let mut seen = Vec::new();
            let mut last = Ok(());
            for chunk in stream.chunks(size) {
                last = decoder.push(chunk, &mut |event| seen.push(event.data.into_owned()));
            }
            assert_eq!(last, Err(TooLarge { limit: 16 }), "in chunks of {size}");
            assert_eq!(seen, [b"ok"], "in chunks of {size}");
            assert!(!decoder.at_boundary());
        }
    }
}

#[test]
fn an_endless_line_is_never_held() {
    let mut decoder = Decoder::new(1000);
    for _ in 0..1000 {
        let _ = decoder.push(&[b'x'; 100], &mut |_| ());
    }
    assert!(decoder.line.capacity() <= 2000);
}

#[test]
fn what_is_written_is_read_back() {
    let cases: [(Option<&str>, &str); 5] = [
        (None, "{}"),
        (Some("error"), "{\"a\":1}"),
        (None, " leading space"),
        (Some("x"), "two\nlines"),
        (None, "ends\n"),
    ];
    for (name, data) in cases {
        let mut out = Vec::new();
        write_event(&mut out, name, data.as_bytes());
        assert_eq!(decode(&[&out]), [(name.map(str::to_owned), data.to_owned())]);
    }
    let mut out = Vec::new();
    write_event(&mut out, None, b"a\r\nb\rc");
    assert_eq!(out, b"data: a\ndata: b\ndata: c\n\n");
    out.clear();
    write_event(&mut out, Some("ping"), b"{}");
    assert_eq!(out, b"event: ping\ndata: {}\n\n");
}
