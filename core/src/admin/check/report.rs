//! What a test tells.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::Check;
use crate::config::mask::without_secrets;
use crate::config::{Channel, Endpoint, Key, KeyId, Protocol};
use crate::gateway::attempt::Miss;
use crate::gateway::call::Course;
use crate::schedule::Class;

/// What came of the checks, key by key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestReport {
    pub(super) results: Vec<TestResult>,
}

/// What came of one check at one endpoint with one key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TestResult {
    check: Check,
    protocol: Protocol,
    /// The endpoint's position in the channel.
    endpoint: usize,
    base_url: String,
    key_id: KeyId,
    /// The upstream's name of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    ok: bool,
    /// What the gateway takes the answer for.
    class: Class,
    /// Of the upstream's answer; absent where none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// From the request to the answer's headers, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    headers_ms: Option<u64>,
    /// From the request to the first content, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_content_ms: Option<u64>,
    /// Of the whole check, milliseconds.
    duration_ms: u64,
    /// How many models the list names.
    #[serde(skip_serializing_if = "Option::is_none")]
    models: Option<usize>,
    /// What the model said; its beginning.
    #[serde(skip_serializing_if = "String::is_empty")]
    answer: String,
    /// What is wrong, in the upstream's words where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What the upstream sent, where that is no good answer: its first 16 KiB, without the channel's secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

/// What is tested.
pub(super) struct Subject<'a> {
    channel: &'a Channel,
    at: usize,
    pub(super) endpoint: &'a Endpoint,
    pub(super) key: &'a Key,
}

impl<'a> Subject<'a> {
    pub(super) fn of(channel: &'a Channel, endpoint: usize, key: usize) -> Option<Self> {
        Some(Self {
            channel,
            at: endpoint,
            endpoint: channel.endpoints.get(endpoint)?,
            key: channel.keys.get(key)?,
        })
    }

    /// What came of asking for the models.
    pub(super) fn listed(
        &self,
        course: &Course,
        took: Duration,
        came: Result<&[String], &Miss>,
    ) -> TestResult {
        let models = came.ok().map(<[String]>::len);
        TestResult { models, ..self.result(Check::Models, course, took, came.err()) }
    }

    /// What came of asking a model.
    pub(super) fn asked(
        &self,
        check: Check,
        model: Option<&str>,
        course: &Course,
        took: Duration,
        came: Result<String, Miss>,
    ) -> TestResult {
        let result = self.result(check, course, took, came.as_ref().err());
        let answer = self.shown(&came.unwrap_or_default());
        TestResult { model: model.map(str::to_owned), answer, ..result }
    }

    fn result(&self, check: Check, course: &Course, took: Duration, miss: Option<&Miss>) -> TestResult {
        let raw = miss
            .filter(|_| !course.raw.is_empty())
            .map(|_| self.shown(&String::from_utf8_lossy(&course.raw)));
        TestResult {
            check,
            protocol: self.endpoint.protocol,
            endpoint: self.at,
            base_url: self.endpoint.base.to_string(),
            key_id: self.key.id.clone(),
            model: None,
            ok: miss.is_none(),
            class: miss.map_or(Class::Success, |miss| miss.class),
            status: course.status.map(|status| status.as_u16()),
            headers_ms: course.headers.map(milliseconds),
            first_content_ms: course.first_content.map(milliseconds),
            duration_ms: milliseconds(took),
            models: None,
            answer: String::new(),
            message: miss.map(|miss| self.shown(&miss.message)),
            raw,
        }
    }

    fn shown(&self, text: &str) -> String {
        without_secrets(self.channel, text)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
