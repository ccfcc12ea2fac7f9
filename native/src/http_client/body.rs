//! The body of an upstream's answer, without the content coding that some upstreams use unasked.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder};
use bytes::Bytes;
use futures::TryStreamExt;
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, StreamBody};
use hyper::body::Incoming;
use tokio::io::{AsyncBufRead, AsyncRead};
use tokio_util::io::{ReaderStream, StreamReader};

/// What arrives, as it is or decoded.
pub type Body = Either<Incoming, UnsyncBoxBody<Bytes, io::Error>>;

/// An answer whose body is to be read as what it means. A coding that is not known stays.
pub(super) fn decoded(mut response: Response<Incoming>) -> Response<Body> {
    let coding = response.headers().get(CONTENT_ENCODING).map(|coding| coding.as_bytes());
    let decode: fn(Incoming) -> Body = match coding {
        Some(b"gzip" | b"x-gzip") => |body| {
            let mut decoder = GzipDecoder::new(reader(body));
            decoder.multiple_members(true);
            read(decoder)
        },
        Some(b"deflate") => |body| read(ZlibDecoder::new(reader(body))),
        Some(b"br") => |body| read(BrotliDecoder::new(reader(body))),
        _ => return response.map(Either::Left),
    };
    response.headers_mut().remove(CONTENT_ENCODING);
    response.headers_mut().remove(CONTENT_LENGTH);
    response.map(decode)
}

fn reader(body: Incoming) -> impl AsyncBufRead + Send + 'static {
    StreamReader::new(body.into_data_stream().map_err(io::Error::other))
}

fn read(decoder: impl AsyncRead + Send + 'static) -> Body {
    Either::Right(StreamBody::new(ReaderStream::new(decoder).map_ok(Frame::data)).boxed_unsync())
}
