//! Tests of a channel that an operator asks for.

mod model;
mod report;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::report::{Subject, TestReport, TestResult};
use super::edit::no_channel;
use super::error::{ErrorBody, Problem};
use super::{Context, json};
use crate::config::{Channel, ChannelId, Protocol};
use crate::gateway::attempt::Miss;
use crate::gateway::call::Course;
use crate::gateway::models;
use crate::gateway::trial::{Question, Trial};
use crate::platform::{Clock, Platform};
use crate::time::Timestamp;
use crate::transcode::Vault;

/// Each answer may take so long, and all of them together.
const PATIENCE: Duration = Duration::from_secs(30);
const TOTAL_PATIENCE: Duration = Duration::from_secs(120);
/// So much may be asked at once; the Worker's free plan allows 50 requests for one.
const MAX_RESULTS: usize = 24;

/// What is tested of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Check {
    /// Its list of models.
    Models,
    /// A small real request; for `embeddings` a vector, for `images` an image.
    Request,
    /// The same, streamed.
    Stream,
    /// A request that calls for a tool.
    Tools,
}

/// What shall be tested; what is left out is chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TestOrder {
    /// Unset: all of them. An endpoint is asked what its protocol has.
    checks: Option<Vec<Check>>,
    /// Of the endpoints; empty: every protocol but `images`, whose answers are expensive.
    #[serde(default)]
    protocols: Vec<Protocol>,
    /// The position of the one endpoint to test.
    endpoint: Option<usize>,
    /// Ids of keys, paused ones too; empty: the first that is not paused.
    #[serde(default)]
    keys: Vec<String>,
    /// As a client names it; unset: one that the channel, its upstream or its preset names.
    model: Option<String>,
}

/// Asks a channel's upstream itself, with small requests that may cost as much as any, and tells what came.
///
/// Neither a pause nor a breaker nor a limit keeps a test back, and nothing that it finds changes the channel's
/// health: `resume` and `restore` do that. Keys are tested side by side, the checks of one key one after the other;
/// each may take 30 seconds, all together 120.
#[utoipa::path(post, path = "/api/channels/{id}/test", operation_id = "testChannel", tag = "channels",
    params(("id" = String, Path, description = "The channel's id.")), request_body = TestOrder,
    responses((status = 200, description = "What came of each check, good or bad.", body = TestReport),
        (status = 400, description = "A field is wrong, or nothing is left to test.", body = ErrorBody),
        (status = 404, description = "No such channel.", body = ErrorBody)))]
pub(super) async fn test<P: Platform>(
    context: &Context<'_, P>,
    request: &Request<Bytes>,
    id: &str,
) -> Result<Response<Bytes>, Problem> {
    let order: TestOrder = json::read(request)?;
    let config = context.config.current();
    let channel = config.channel(&ChannelId::new(id)).ok_or_else(|| no_channel(id))?;
    let plan = order.plan(channel)?;
    let vault = Vault::new(context.session_secret);
    let deadline = context.platform.clock().now() + TOTAL_PATIENCE;
    let runs = plan.keys.iter().map(|key| Run {
        platform: context.platform,
        vault: &vault,
        channel,
        key: *key,
        endpoints: &plan.endpoints,
        order: &order,
        deadline,
    });
    let results = join_all(runs.map(Run::results)).await.into_iter().flatten().collect();
    Ok(json::response(StatusCode::OK, &TestReport { results }))
}

/// Positions in a channel.
struct Plan {
    endpoints: Vec<usize>,
    keys: Vec<usize>,
}

impl TestOrder {
    /// What endpoints of `protocol` shall be asked.
    fn checks(&self, protocol: Protocol) -> impl Iterator<Item = Check> {
        let wanted = self.checks.as_deref().unwrap_or(&Check::ALL);
        wanted.iter().copied().filter(move |check| check.fits(protocol))
    }

    fn plan(&self, channel: &Channel) -> Result<Plan, Problem> {
        let endpoints: Vec<usize> =
            (0..channel.endpoints.len()).filter(|at| self.wants(channel, *at)).collect();
        let keys = self.keys_of(channel)?;
        let checks = |endpoint: &usize| {
            channel.endpoints.get(*endpoint).map_or(0, |endpoint| self.checks(endpoint.protocol).count())
        };
        match keys.len() * endpoints.iter().map(checks).sum::<usize>() {
            0 => Err(Problem::invalid_field("checks", "leave nothing to test at these endpoints")),
            1..=MAX_RESULTS => Ok(Plan { endpoints, keys }),
            count => {
                let problem = format!("ask for {count} results; at most {MAX_RESULTS} can be had at once");
                Err(Problem::invalid_field("checks", problem))
            }
        }
    }

    fn wants(&self, channel: &Channel, at: usize) -> bool {
        let Some(endpoint) = channel.endpoints.get(at) else { return false };
        match (self.endpoint, self.protocols.as_slice()) {
            (Some(only), []) => at == only,
            (None, []) => endpoint.protocol != Protocol::Images,
            (only, protocols) => only.is_none_or(|only| at == only) && protocols.contains(&endpoint.protocol),
        }
    }

    fn keys_of(&self, channel: &Channel) -> Result<Vec<usize>, Problem> {
        if self.keys.is_empty() {
            let missing = || Problem::invalid_field("keys", "the channel has none");
            return Ok(vec![channel.first_key().ok_or_else(missing)?]);
        }
        let position = |(index, id): (usize, &String)| {
            channel.keys.iter().position(|key| key.id.as_str() == id).ok_or_else(|| {
                Problem::invalid_field(format!("keys[{index}]"), "is not the id of a key of this channel")
            })
        };
        self.keys.iter().enumerate().map(position).collect()
    }
}

impl Check {
    const ALL: [Self; 4] = [Self::Models, Self::Request, Self::Stream, Self::Tools];

    /// Whether endpoints of `protocol` can be asked it.
    const fn fits(self, protocol: Protocol) -> bool {
        match self {
            Self::Models | Self::Request => true,
            Self::Stream | Self::Tools => !matches!(protocol, Protocol::Images | Protocol::Embeddings),
        }
    }

    /// What a model is asked for it.
    const fn question(self) -> Option<Question> {
        match self {
            Self::Models => None,
            Self::Request => Some(Question::Answer),
            Self::Stream => Some(Question::Stream),
            Self::Tools => Some(Question::Tools),
        }
    }
}

/// The checks of one key, one after the other.
struct Run<'a, P> {
    platform: &'a P,
    vault: &'a Vault,
    channel: &'a Arc<Channel>,
    key: usize,
    endpoints: &'a [usize],
    order: &'a TestOrder,
    deadline: Timestamp,
}

impl<P: Platform> Run<'_, P> {
    async fn results(self) -> Vec<TestResult> {
        let mut results = Vec::new();
        for endpoint in self.endpoints {
            let Some(subject) = Subject::of(self.channel, *endpoint, self.key) else { continue };
            let checks: Vec<Check> = self.order.checks(subject.endpoint.protocol).collect();
            let configured =
                model::configured(self.channel, subject.endpoint.protocol, self.order.model.as_deref());
            let asks = checks.iter().any(|check| check.question().is_some());
            let mut listed = Vec::new();
            if checks.contains(&Check::Models) || asks && configured.is_none() {
                let mut course = Course::begin(self.platform.clock().now());
                let came = self.list(&subject, &mut course).await;
                let took = self.took(&course);
                if checks.contains(&Check::Models) {
                    results.push(subject.listed(&course, took, came.as_deref()));
                }
                listed = came.unwrap_or_default();
            }
            let model = configured.or_else(|| model::known(self.channel, subject.endpoint.protocol, &listed));
            for (check, question) in checks.iter().filter_map(|check| Some((*check, check.question()?))) {
                let mut course = Course::begin(self.platform.clock().now());
                let said = self.ask(*endpoint, question, model.as_deref(), &mut course).await;
                results.push(subject.asked(check, model.as_deref(), &course, self.took(&course), said));
            }
        }
        results
    }

    async fn list(&self, subject: &Subject<'_>, course: &mut Course) -> Result<Vec<String>, Miss> {
        let patience = self.patience(course)?;
        let listed =
            models::fetch(self.platform, self.channel, subject.endpoint, subject.key, patience, course);
        Ok(listed.await?.into_iter().map(|model| model.id).collect())
    }

    async fn ask(
        &self,
        endpoint: usize,
        question: Question,
        model: Option<&str>,
        course: &mut Course,
    ) -> Result<String, Miss> {
        let model = model.ok_or_else(|| Miss::unfit("no model is known to ask for; name one".to_owned()))?;
        let Self { platform, vault, channel, key, .. } = *self;
        Trial { platform, vault, channel, endpoint, key }
            .ask(question, model, self.patience(course)?, course)
            .await
    }

    fn patience(&self, course: &Course) -> Result<Duration, Miss> {
        let left = course.started.until(self.deadline);
        if left.is_zero() {
            return Err(Miss::unfit("not asked: the time for the whole test was over".to_owned()));
        }
        Ok(left.min(PATIENCE))
    }

    fn took(&self, course: &Course) -> Duration {
        self.platform.clock().now().since(course.started)
    }
}
