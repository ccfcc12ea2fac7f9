//! An attempt as it is kept, and read.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::excerpt::excerpt;
use super::{Attempt, clipped, millis};
use crate::config::{ChannelId, KeyId, Protocol};
use crate::schedule::Considered;
use crate::schedule::explain::Verdict;
use crate::time::Timestamp;

/// Of so many candidates a record tells what became of them.
const CANDIDATES: usize = 32;

/// One try of a request. Times that end in `Ms` count from its beginning.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttemptView<'a> {
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = String)]
    channel: Option<ChannelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = String)]
    key: Option<KeyId>,
    /// The endpoint's base URL.
    endpoint: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = String)]
    protocol: Option<Protocol>,
    /// As the upstream was asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = String)]
    model: Option<Cow<'a, str>>,
    /// Why the channel was chosen.
    rule: Cow<'a, str>,
    /// What it came to.
    class: Cow<'a, str>,
    /// The upstream's, where it answered with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Until the answer's headers came.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_content_ms: Option<u64>,
    duration_ms: u64,
    /// An excerpt of what the upstream said of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
    /// Who was considered, and what kept or dropped each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = Vec<Considered>)]
    considered: Option<Cow<'a, [Considered]>>,
}

/// What the columns of a request tell of its last attempt.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    pub(crate) channel: Option<ChannelId>,
    pub(crate) key: Option<KeyId>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) model: Option<String>,
}

/// What of the attempts is kept beside the columns of their request: of the last one nothing that stands in these, and
/// of a decision that had no alternative nobody considered.
pub(super) fn log(attempts: &[Attempt]) -> Vec<AttemptView<'_>> {
    let mut log: Vec<_> = attempts.iter().map(AttemptView::of).collect();
    if let Some(last) = log.last_mut() {
        (last.channel, last.key, last.protocol, last.model) = (None, None, None, None);
    }
    log
}

/// The attempts of a request that has such a log, in JSON.
pub(crate) fn read(log: &str, last: Last) -> serde_json::Result<Vec<AttemptView<'static>>> {
    let mut attempts: Vec<AttemptView<'static>> = serde_json::from_str(log)?;
    if let Some(attempt) = attempts.last_mut() {
        attempt.channel = attempt.channel.take().or(last.channel);
        attempt.key = attempt.key.take().or(last.key);
        attempt.protocol = attempt.protocol.or(last.protocol);
        attempt.model = attempt.model.take().or_else(|| last.model.map(Cow::Owned));
    }
    for attempt in &mut attempts {
        let alone = attempt.chosen().map(|chosen| Cow::Owned(vec![chosen]));
        attempt.considered = attempt.considered.take().or(alone);
    }
    Ok(attempts)
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a Attempt) -> Self {
        let since = |at: Option<Timestamp>| at.map(|at| millis(at.since(attempt.at)));
        let mut view = Self {
            at: attempt.at,
            channel: Some(attempt.channel.clone()),
            key: Some(attempt.key.clone()),
            endpoint: (&*attempt.endpoint).into(),
            protocol: Some(attempt.protocol),
            model: Some(clipped(&attempt.model).into()),
            rule: attempt.rule.as_str().into(),
            class: attempt.class.as_str().into(),
            status: attempt.status.map(|status| status.as_u16()),
            first_byte_ms: since(attempt.first_byte),
            first_content_ms: since(attempt.first_content),
            duration_ms: millis(attempt.duration),
            message: attempt.message.as_deref().map(excerpt).map(Cow::Owned),
            considered: None,
        };
        if attempt.considered.as_ref() != view.chosen().as_slice() {
            view.considered = Some(first(&attempt.considered).into());
        }
        view
    }

    /// What a decision says of it.
    fn chosen(&self) -> Option<Considered> {
        let (channel, protocol) = (self.channel.clone()?, self.protocol?);
        Some(Considered { channel, protocol, verdict: Verdict::Chosen, until: None })
    }
}

/// As many of them as are kept.
pub(super) fn first(candidates: &[Considered]) -> &[Considered] {
    candidates.get(..CANDIDATES).unwrap_or(candidates)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::schedule::{Class, Rule};

    fn attempt(channel: &str, considered: &[Considered]) -> Attempt {
        let at = Timestamp::from_millis(1000);
        Attempt {
            at,
            channel: ChannelId::new(channel),
            key: KeyId::new("k_1"),
            endpoint: "https://upstream.example".into(),
            protocol: Protocol::Chat,
            model: "sent".into(),
            class: Class::Success,
            rule: Rule::Priority,
            considered: considered.into(),
            status: None,
            first_byte: Some(at),
            first_content: None,
            duration: Duration::from_millis(90),
            message: None,
        }
    }

    fn considered(channel: &str, verdict: Verdict) -> Considered {
        Considered { channel: ChannelId::new(channel), protocol: Protocol::Chat, verdict, until: None }
    }

    fn last() -> Last {
        Last {
            channel: Some(ChannelId::new("ch_b")),
            key: Some(KeyId::new("k_1")),
            protocol: Some(Protocol::Chat),
            model: Some("sent".into()),
        }
    }

    fn full(channel: &str, considered: Value) -> Value {
        json!({
            "at": 1000, "channel": channel, "key": "k_1", "endpoint": "https://upstream.example", "protocol": "chat",
            "model": "sent", "rule": "priority", "class": "success", "firstByteMs": 0, "durationMs": 90,
            "considered": considered,
        })
    }

    #[test]
    fn a_log_repeats_nothing_and_reads_as_if_it_did() {
        let chosen = json!({"channel": "ch_b", "protocol": "chat", "verdict": "chosen"});
        let attempts = [attempt("ch_a", &[]), attempt("ch_b", &[considered("ch_b", Verdict::Chosen)])];
        let log = json!(log(&attempts));
        let kept = json!({
            "at": 1000, "endpoint": "https://upstream.example", "rule": "priority", "class": "success",
            "firstByteMs": 0, "durationMs": 90,
        });
        assert_eq!(log, json!([full("ch_a", json!([])), kept]));
        let read = read(&log.to_string(), last()).unwrap();
        assert_eq!(json!(read), json!([full("ch_a", json!([])), full("ch_b", json!([chosen]))]));
    }

    #[test]
    fn alternatives_are_kept() {
        let both = [considered("ch_b", Verdict::Chosen), considered("ch_a", Verdict::LowerTier)];
        let log = json!(log(&[attempt("ch_b", &both)]));
        assert_eq!(log[0]["considered"], json!(both));
        assert_eq!(json!(read(&log.to_string(), last()).unwrap())[0]["considered"], json!(both));
    }

    #[test]
    fn a_log_that_repeats_everything_reads_as_it_is() {
        let log = json!([full("ch_old", json!([]))]);
        assert_eq!(json!(read(&log.to_string(), last()).unwrap()), log);
    }
}
