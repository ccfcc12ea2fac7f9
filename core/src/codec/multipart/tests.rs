use super::*;
use crate::codec::splice;

const BODY: &[u8] = b"--xx\r\n\
    Content-Disposition: form-data; name=\"model\"\r\n\
    \r\n\
    gpt-image-1\r\n\
    --xx\r\n\
    content-type:image/png\r\n\
    CONTENT-DISPOSITION: form-data; filename=\"a \\\"name=no\\\"; b.png\" ; name=image[]\r\n\
    \r\n\
    \x89PNG\r\n\x00\xff\r\n--xy\r\n--xxx\r\n\r\n\r\n\
    --xx \t\r\n\
    Content-Disposition: form-data; name=\"prompt\"\r\n\
    \r\n\
    \r\n\
    --xx--\r\n";

fn all<'a>(body: &'a [u8]) -> Result<Vec<Part<'a>>, MultipartError> {
    parts(body, "xx").collect()
}

#[test]
fn parts_are_found_with_their_headers_and_values() {
    let parts = all(BODY).unwrap();
    let names: Vec<_> = parts.iter().map(|part| part.name).collect();
    assert_eq!(names, [&b"model"[..], b"image[]", b"prompt"]);
    assert_eq!(parts[0].value, b"gpt-image-1");
    assert_eq!((parts[0].filename, parts[0].content_type), (None, None));
    assert_eq!(parts[1].value, b"\x89PNG\r\n\x00\xff\r\n--xy\r\n--xxx\r\n\r\n");
    assert_eq!(parts[1].filename, Some(&b"a \\\"name=no\\\"; b.png"[..]));
    assert_eq!(parts[1].content_type, Some(&b"image/png"[..]));
    assert_eq!(parts[2].value, b"");
    for part in &parts {
        assert_eq!(&BODY[part.span.clone()], part.value);
    }
}

#[test]
fn a_value_is_replaced_in_place() {
    let model = all(BODY).unwrap().swap_remove(0);
    let edited = splice(BODY, &[(model.span, b"other")]);
    assert_eq!(all(&edited).unwrap()[0].value, b"other");
    assert_eq!(edited.len(), BODY.len() - "gpt-image-1".len() + "other".len());
}

#[test]
fn the_frame_around_the_parts_may_vary() {
    let part = "Content-Disposition: form-data; name=\"a\"\r\n\r\n1";
    let bodies = [
        format!("--xx\r\n{part}\r\n--xx--"),
        format!("\r\n--xx\r\n{part}\r\n--xx--\r\nepilogue"),
        format!("preamble\r\n--xx\r\n{part}\r\n--xx--\r\n"),
        format!("--xxx preamble\r\n--xx\r\n{part}\r\n--xx--\r\n"),
    ];
    for body in bodies {
        let parts = all(body.as_bytes()).unwrap();
        assert_eq!((parts.len(), parts[0].name, parts[0].value), (1, &b"a"[..], &b"1"[..]), "{body:?}");
    }
    assert_eq!(all(b"--xx--\r\n"), Ok(vec![]));
}

#[test]
fn a_broken_form_is_an_error_and_the_last_item() {
    let cases = [
        ("", MultipartError::NoBoundary),
        ("--other\r\n", MultipartError::NoBoundary),
        ("--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", MultipartError::Truncated),
        ("--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n--xx--", MultipartError::Headers),
        ("--xx\r\nContent-Type: text/plain\r\n\r\n1\r\n--xx--", MultipartError::NoName),
        ("--xx\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\n1\r\n--xx--", MultipartError::NoName),
        ("--xx\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--xx--", MultipartError::NoName),
    ];
    for (body, error) in cases {
        let mut parts = parts(body.as_bytes(), "xx");
        assert_eq!(parts.next(), Some(Err(error)), "{body:?}");
        assert_eq!(parts.next(), None, "{body:?}");
    }
}

#[test]
fn no_cut_of_a_form_passes_for_a_whole_one() {
    for end in 0..BODY.len() - 2 {
        assert!(all(&BODY[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn the_boundary_is_read_from_the_content_type() {
    let cases = [
        ("multipart/form-data; boundary=xx", Some("xx")),
        ("Multipart/Form-Data;charset=utf-8; Boundary=\"a b;=c\"", Some("a b;=c")),
        (
            "multipart/form-data ; boundary = ----WebKitFormBoundary7MA4 ; x=y",
            Some("----WebKitFormBoundary7MA4"),
        ),
        ("multipart/form-data; note=\"; boundary=no\"; boundary=yes", Some("yes")),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"xx", None),
        ("multipart/form-data", None),
        ("multipart/mixed; boundary=xx", None),
        ("application/json", None),
    ];
    for (content_type, expected) in cases {
        assert_eq!(boundary(content_type), expected, "{content_type}");
    }
}
