//! An attempt as it is kept, and read.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::excerpt::excerpt;
use super::{Attempt, Record, clipped, millis};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = Timestamp)]
    at: Option<Timestamp>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = String)]
    class: Option<Cow<'a, str>>,
    /// The upstream's, where it answered with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Until the answer's headers came.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_content_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = u64)]
    duration_ms: Option<u64>,
    /// An excerpt of what the upstream said of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
    /// Who was considered, and what kept or dropped each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = Vec<Considered>)]
    considered: Option<Cow<'a, [Considered]>>,
}

/// What the columns of a request tell of its attempts: when the first began, and nearly all of the last.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at: Timestamp,
    /// Milliseconds since then.
    pub(crate) queued: u64,
    pub(crate) first_byte: Option<u64>,
    pub(crate) duration: u64,
    pub(crate) class: String,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) key: Option<KeyId>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) model: Option<String>,
}

/// What of the attempts is kept beside the columns of their request: nothing that is [`Told`] by these, and of a
/// decision that had no alternative nobody considered.
pub(super) fn log(record: &Record) -> Vec<AttemptView<'_>> {
    let mut log: Vec<_> = record.attempts.iter().map(AttemptView::of).collect();
    if let Some(last) = log.last_mut() {
        (last.channel, last.key, last.protocol, last.model, last.first_byte_ms) = Default::default();
        last.class.take_if(|class| class == record.class());
        let began = last.began(record.at);
        last.duration_ms.take_if(|duration| Some(*duration) == millis(record.duration).checked_sub(began));
    }
    if let Some(first) = log.first_mut() {
        first.at = None;
    }
    log
}

/// The attempts of a request that has such a log, in JSON.
pub(crate) fn read(log: &str, told: Told) -> serde_json::Result<Vec<AttemptView<'static>>> {
    let mut attempts: Vec<AttemptView<'static>> = serde_json::from_str(log)?;
    if let Some(first) = attempts.first_mut() {
        first.at.get_or_insert_with(|| told.at + Duration::from_millis(told.queued));
    }
    if let Some(last) = attempts.last_mut() {
        let began = last.began(told.at);
        last.channel = last.channel.take().or(told.channel);
        last.key = last.key.take().or(told.key);
        last.protocol = last.protocol.or(told.protocol);
        last.model = last.model.take().or_else(|| told.model.map(Cow::Owned));
        last.class.get_or_insert(Cow::Owned(told.class));
        last.first_byte_ms = last.first_byte_ms.or_else(|| told.first_byte?.checked_sub(began));
        last.duration_ms.get_or_insert_with(|| told.duration.saturating_sub(began));
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
            at: Some(attempt.at),
            channel: Some(attempt.channel.clone()),
            key: Some(attempt.key.clone()),
            endpoint: (&*attempt.endpoint).into(),
            protocol: Some(attempt.protocol),
            model: Some(clipped(&attempt.model).into()),
            rule: attempt.rule.as_str().into(),
            class: Some(attempt.class.as_str().into()),
            status: attempt.status.map(|status| status.as_u16()),
            first_byte_ms: since(attempt.first_byte),
            first_content_ms: since(attempt.first_content),
            duration_ms: Some(millis(attempt.duration)),
            message: attempt.message.as_deref().map(excerpt).map(Cow::Owned),
            considered: None,
        };
        if attempt.considered.as_ref() != view.chosen().as_slice() {
            view.considered = Some(first(&attempt.considered).into());
        }
        view
    }

    /// Milliseconds after its request came, which was at `arrived`.
    fn began(&self, arrived: Timestamp) -> u64 {
        self.at.map_or(0, |at| millis(at.since(arrived)))
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

    use http::StatusCode;
    use serde_json::{Value, json};

    use super::*;
    use crate::config::ClientKeyId;
    use crate::record::CLIENT_CLOSED_REQUEST;
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

    /// Of a request that came 40 ms before its first attempt began.
    fn told() -> Told {
        Told {
            at: Timestamp::from_millis(960),
            queued: 40,
            first_byte: Some(40),
            duration: 130,
            class: "success".to_owned(),
            channel: Some(ChannelId::new("ch_b")),
            key: Some(KeyId::new("k_1")),
            protocol: Some(Protocol::Chat),
            model: Some("sent".to_owned()),
        }
    }

    fn record(attempts: Vec<Attempt>) -> Record {
        let client_key = ClientKeyId::new("ck_1");
        let mut record = Record::new("req_1", told().at, Protocol::Chat, client_key, "asked");
        (record.attempts, record.duration) = (attempts, Duration::from_millis(told().duration));
        record
    }

    fn full(channel: &str, considered: Value) -> Value {
        json!({
            "at": 1000, "channel": channel, "key": "k_1", "endpoint": "https://upstream.example", "protocol": "chat",
            "model": "sent", "rule": "priority", "class": "success", "firstByteMs": 0, "durationMs": 90,
            "considered": considered,
        })
    }

    fn without(mut attempt: Value, fields: &[&str]) -> Value {
        attempt.as_object_mut().unwrap().retain(|name, _| !fields.contains(&name.as_str()));
        attempt
    }

    #[test]
    fn a_log_repeats_nothing_and_reads_as_if_it_did() {
        let chosen = json!([{"channel": "ch_b", "protocol": "chat", "verdict": "chosen"}]);
        let first = attempt("ch_a", &[]);
        let last = attempt("ch_b", &[considered("ch_b", Verdict::Chosen)]);
        let kept = json!({"endpoint": "https://upstream.example", "rule": "priority"});
        assert_eq!(json!(log(&record(vec![last.clone()]))), json!([kept]));
        let record = record(vec![first, last]);
        let log = json!(log(&record));
        let kept = json!({"at": 1000, "endpoint": "https://upstream.example", "rule": "priority"});
        assert_eq!(log, json!([without(full("ch_a", json!([])), &["at"]), kept]));
        let read = read(&log.to_string(), told()).unwrap();
        assert_eq!(json!(read), json!([full("ch_a", json!([])), full("ch_b", chosen)]));
    }

    #[test]
    fn what_differs_from_its_request_is_kept() {
        let mut slower = attempt("ch_b", &[]);
        slower.duration = Duration::from_millis(91);
        slower.first_byte = None;
        let mut record = record(vec![slower]);
        record.status = StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap();
        let log = json!(log(&record));
        assert_eq!((&log[0]["class"], &log[0]["durationMs"]), (&json!("success"), &json!(91)));
        let told = Told { first_byte: None, class: record.class().to_owned(), ..told() };
        let read = json!(read(&log.to_string(), told).unwrap());
        let mut expected = without(full("ch_b", json!([])), &["firstByteMs"]);
        expected["durationMs"] = json!(91);
        assert_eq!(read, json!([expected]));
    }

    #[test]
    fn alternatives_are_kept() {
        let both = [considered("ch_b", Verdict::Chosen), considered("ch_a", Verdict::LowerTier)];
        let record = record(vec![attempt("ch_b", &both)]);
        let log = json!(log(&record));
        assert_eq!(log[0]["considered"], json!(both));
        assert_eq!(json!(read(&log.to_string(), told()).unwrap())[0]["considered"], json!(both));
    }

    #[test]
    fn a_log_that_repeats_everything_reads_as_it_is() {
        let log = json!([full("ch_old", json!([]))]);
        assert_eq!(json!(read(&log.to_string(), told()).unwrap()), log);
    }
}
