//! Which method and path mean what. The one table of the client surface.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::config::Protocol;
use crate::protocol::Operation;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// `/`: clients knock here before they start.
    Root,
    Health,
    /// `/api/…` and `/metrics`.
    Admin,
    /// A model API.
    Client(Call<'a>),
    /// `GET /v1/responses`: Codex asks for a WebSocket first.
    ResponsesSocket,
    Models {
        shape: ListShape,
        model: Option<Cow<'a, str>>,
        prefix: Option<&'a str>,
    },
    WrongMethod {
        allow: &'static str,
        nearest: Protocol,
    },
    /// Answered in the error shape of the protocol it comes closest to.
    Unknown {
        nearest: Protocol,
        /// Whether somebody meant to call a model API.
        call: bool,
    },
}

/// A call of a model API, as far as the path tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    /// Gemini names the model in the path; decoded.
    pub(crate) model: Option<Cow<'a, str>>,
    /// `/<prefix>/v1/…` reaches the channels of that prefix.
    pub(crate) prefix: Option<&'a str>,
}

/// Where a model list was asked for; `/v1/models` serves all shapes, told apart by headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListShape {
    V1,
    Gemini,
}

/// Finds the route of a request.
pub(crate) fn route<'a>(method: &Method, path: &'a str) -> Route<'a> {
    match path {
        "/" => return read_only(method, Route::Root),
        "/health" => return read_only(method, Route::Health),
        "/metrics" => return Route::Admin,
        _ if path == "/api" || path.starts_with("/api/") => return Route::Admin,
        _ => {}
    }
    let Some((prefix, version, rest)) = split(path) else {
        return Route::Unknown { nearest: nearest(path), call: false };
    };
    match version {
        "v1beta" => gemini(method, prefix, rest),
        _ => v1(method, prefix, rest),
    }
}

/// `/[prefix/](v1|v1beta)/rest`, or `/[prefix/]health`.
fn split(path: &str) -> Option<(Option<&str>, &str, &str)> {
    let path = path.strip_prefix('/')?;
    let (first, rest) = path.split_once('/')?;
    if matches!(first, "v1" | "v1beta") {
        return Some((None, first, rest));
    }
    let (version, rest) = rest.split_once('/')?;
    matches!(version, "v1" | "v1beta").then_some((Some(first), version, rest))
}

fn v1<'a>(method: &Method, prefix: Option<&'a str>, rest: &'a str) -> Route<'a> {
    let operation = match rest {
        "messages" => Operation::Messages,
        "messages/count_tokens" => Operation::CountTokens,
        "chat/completions" => Operation::Chat,
        "responses" if method == Method::GET => return Route::ResponsesSocket,
        "responses" => Operation::Responses,
        "responses/compact" => Operation::ResponsesCompact,
        "responses/input_tokens" => Operation::ResponsesInputTokens,
        "images/generations" => Operation::ImageGenerate,
        "images/edits" => Operation::ImageEdit,
        "images/variations" => Operation::ImageVariation,
        "embeddings" => Operation::Embeddings,
        // Google's newer SDKs call `/v1`; a model's own name may hold a colon, so only a call is one.
        _ if method == Method::POST && rest.starts_with("models/") && rest.contains(':') => {
            return gemini(method, prefix, rest);
        }
        _ => {
            let Some(model) = models(rest) else {
                return Route::Unknown { nearest: nearest(rest), call: true };
            };
            return read_only(method, Route::Models { shape: ListShape::V1, model, prefix });
        }
    };
    call(method, Call { operation, model: None, prefix })
}

fn gemini<'a>(method: &Method, prefix: Option<&'a str>, rest: &'a str) -> Route<'a> {
    let unknown = Route::Unknown { nearest: Protocol::Gemini, call: true };
    let Some(model) = models(rest) else {
        return unknown;
    };
    let Some((name, action)) = rest.strip_prefix("models/").and_then(|name| name.rsplit_once(':')) else {
        return read_only(method, Route::Models { shape: ListShape::Gemini, model, prefix });
    };
    let operation = match action {
        "generateContent" => Operation::GeminiGenerate,
        "streamGenerateContent" => Operation::GeminiStream,
        "countTokens" => Operation::GeminiCountTokens,
        "embedContent" => Operation::GeminiEmbed,
        "batchEmbedContents" => Operation::GeminiBatchEmbed,
        _ => return unknown,
    };
    call(method, Call { operation, model: Some(percent_decode(name)), prefix })
}

/// `models` or `models/{model}`; a model's name may hold slashes.
fn models(rest: &str) -> Option<Option<Cow<'_, str>>> {
    match rest.strip_prefix("models")? {
        "" | "/" => Some(None),
        name => name.strip_prefix('/').map(|name| Some(percent_decode(name))),
    }
}

fn call<'a>(method: &Method, call: Call<'a>) -> Route<'a> {
    if method == Method::POST {
        Route::Client(call)
    } else {
        Route::WrongMethod { allow: "POST", nearest: call.operation.protocol() }
    }
}

fn read_only<'a>(method: &Method, route: Route<'a>) -> Route<'a> {
    if method == Method::GET || method == Method::HEAD {
        return route;
    }
    let nearest = match route {
        Route::Models { shape: ListShape::Gemini, .. } => Protocol::Gemini,
        _ => Protocol::Chat,
    };
    Route::WrongMethod { allow: "GET, HEAD", nearest }
}

/// The protocol whose error shape a stray path's client most likely reads.
fn nearest(path: &str) -> Protocol {
    if path.contains("messages") {
        Protocol::Messages
    } else if path.contains("v1beta") {
        Protocol::Gemini
    } else if path.contains("responses") {
        Protocol::Responses
    } else {
        Protocol::Chat
    }
}

/// Decodes `%XX`; what is no valid escape or no UTF-8 stays as it is.
fn percent_decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str) -> Route<'_> {
        route(&Method::POST, path)
    }

    fn get(path: &str) -> Route<'_> {
        route(&Method::GET, path)
    }

    #[test]
    fn every_client_path_has_its_operation() {
        let table = [
            ("/v1/messages", Operation::Messages),
            ("/v1/messages/count_tokens", Operation::CountTokens),
            ("/v1/chat/completions", Operation::Chat),
            ("/v1/responses", Operation::Responses),
            ("/v1/responses/compact", Operation::ResponsesCompact),
            ("/v1/responses/input_tokens", Operation::ResponsesInputTokens),
            ("/v1/images/generations", Operation::ImageGenerate),
            ("/v1/images/edits", Operation::ImageEdit),
            ("/v1/images/variations", Operation::ImageVariation),
            ("/v1/embeddings", Operation::Embeddings),
        ];
        for (path, operation) in table {
            assert_eq!(post(path), Route::Client(Call { operation, model: None, prefix: None }), "{path}");
            let prefixed = format!("/team{path}");
            let expected = Route::Client(Call { operation, model: None, prefix: Some("team") });
            assert_eq!(post(&prefixed), expected, "{prefixed}");
        }
    }

    #[test]
    fn gemini_actions_take_the_model_from_the_path() {
        let table = [
            ("generateContent", Operation::GeminiGenerate),
            ("streamGenerateContent", Operation::GeminiStream),
            ("countTokens", Operation::GeminiCountTokens),
            ("embedContent", Operation::GeminiEmbed),
            ("batchEmbedContents", Operation::GeminiBatchEmbed),
        ];
        for (action, operation) in table {
            for version in ["v1beta", "v1"] {
                let path = format!("/{version}/models/gemini%2D3-pro:{action}");
                let model = Some(Cow::Owned("gemini-3-pro".to_owned()));
                assert_eq!(post(&path), Route::Client(Call { operation, model, prefix: None }), "{path}");
            }
        }
        assert_eq!(
            post("/v1beta/models/gemini-3:deleteEverything"),
            Route::Unknown { nearest: Protocol::Gemini, call: true }
        );
    }

    #[test]
    fn model_lists_and_single_models_are_read_only() {
        let list = Route::Models { shape: ListShape::V1, model: None, prefix: None };
        assert_eq!(get("/v1/models"), list);
        let one = Some(Cow::Borrowed("moonshotai/kimi-k2"));
        assert_eq!(
            get("/v1/models/moonshotai/kimi-k2"),
            Route::Models { shape: ListShape::V1, model: one, prefix: None }
        );
        let one = Some(Cow::Borrowed("gemini-3-pro"));
        assert_eq!(
            get("/g/v1beta/models/gemini-3-pro"),
            Route::Models { shape: ListShape::Gemini, model: one, prefix: Some("g") }
        );
        let one = Some(Cow::Borrowed("llama3:8b"));
        assert_eq!(
            get("/v1/models/llama3:8b"),
            Route::Models { shape: ListShape::V1, model: one, prefix: None }
        );
        assert!(matches!(post("/v1/models"), Route::WrongMethod { allow: "GET, HEAD", .. }));
    }

    #[test]
    fn an_unknown_path_is_answered_by_the_nearest_protocol() {
        let table = [
            ("/v1/messages/batches", Protocol::Messages, true),
            ("/v1beta/files", Protocol::Gemini, true),
            ("/v1/responses/resp_1/cancel", Protocol::Responses, true),
            ("/team/v1/audio/speech", Protocol::Chat, true),
            ("/nothing", Protocol::Chat, false),
            ("/v1", Protocol::Chat, false),
        ];
        for (path, nearest, call) in table {
            assert_eq!(post(path), Route::Unknown { nearest, call }, "{path}");
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_one() {
        assert_eq!(
            route(&Method::DELETE, "/v1/messages"),
            Route::WrongMethod { allow: "POST", nearest: Protocol::Messages }
        );
        assert_eq!(get("/v1/responses"), Route::ResponsesSocket);
        assert_eq!(route(&Method::HEAD, "/"), Route::Root);
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(percent_decode("a%2"), "a%2");
        assert_eq!(percent_decode("a%zz"), "a%zz");
        assert_eq!(percent_decode("a%ff"), "a%ff");
        assert_eq!(percent_decode("a%2Fb"), "a/b");
    }
}
