//! What another upstream needs to take over an answer of which the client has nothing yet.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::StatusCode;

use crate::config::Config;
use crate::error::Failure;
use crate::platform::{BoxError, Platform};
use crate::protocol;

use super::super::Gateway;
use super::super::attempt::{Begun, Miss};
use super::super::inbound::Kept;
use super::super::passage::Passage;
use super::super::pull::Gathered;
use super::super::serve::{Answer, Attempts, Job, Served};
use super::super::shape::Shape;
use super::super::trip::{Began, Lent, Trip};
use super::silence::Silence;
use super::{Owed, Relay};

/// What comes before content is not much; more goes to the client as it is.
const MAX_KEPT_BACK: usize = 64 * 1024;

/// The request, and what was tried of it.
pub(crate) struct Recovery {
    config: Arc<Config>,
    request: Kept,
    attempts: Attempts,
    /// The upstream's bytes so far: the client gets them once they prove to be an answer.
    pub(super) kept_back: Gathered,
}

/// Another attempt under way.
pub(super) type Search<P> = BoxFuture<'static, Found<P>>;

/// What became of it.
pub(super) struct Found<P: Platform> {
    pub(super) recovery: Box<Recovery>,
    pub(super) trip: Trip<P>,
    pub(super) served: Result<Served<P>, Failure>,
}

impl Recovery {
    /// For an answer that was committed before it had content; the others need none.
    pub(crate) fn before_content<B, P: Platform>(
        begun: &Begun<B>,
        job: Job<'_, P>,
        attempts: Attempts,
    ) -> Option<Box<Self>> {
        let keeps = !proved(&begun.passage, &begun.held);
        keeps.then(|| {
            let (config, request) = (Arc::clone(job.config), Kept::of(job.inbound, job.ask));
            Box::new(Self { config, request, attempts, kept_back: Gathered::default() })
        })
    }

    /// Whether what was kept back is the client's now.
    pub(super) fn is_over(&self, passage: &Passage) -> bool {
        proved(passage, &self.kept_back)
    }

    /// For an answer in which nothing was said yet.
    pub(super) fn blank(&self) -> Passage {
        let inbound = self.request.inbound();
        Passage::through(Shape::of(&inbound).observer(inbound.operation))
    }

    /// Looks for another upstream, in place of the one that `lent` led to.
    pub(super) fn search<P: Platform>(
        self: Box<Self>,
        gateway: Arc<Gateway<P>>,
        lent: Lent<P>,
        miss: Miss,
        trip: Trip<P>,
    ) -> Search<P> {
        Box::pin(async move {
            let (mut recovery, mut lent, mut trip) = (self, lent, trip);
            let Self { config, request, attempts, kept_back } = &mut *recovery;
            *kept_back = Gathered::default();
            let (inbound, ask) = (request.inbound(), request.ask());
            let job = Job { gateway: &gateway, config, inbound: &inbound, ask: &ask };
            let served = match attempts.missed(job, &mut lent, miss, &mut trip) {
                Ok(()) => attempts.next(job, &mut trip).await,
                Err(failure) => Err(failure),
            };
            Found { recovery, trip, served }
        })
    }
}

impl<P: Platform> Relay<P> {
    /// Decides whether what is kept back goes to the client, or another upstream takes over.
    ///
    /// # Errors
    /// When the answer has to break off.
    pub(super) fn weigh(&mut self) -> Result<(), BoxError> {
        let told = self.passage.failed().map(|error| Miss::told(StatusCode::OK, error, self.gateway.now()));
        if let Some(miss) = told.filter(|miss| miss.class.tries_next()) {
            return self.miss(miss);
        }
        if self.recovery.as_ref().is_some_and(|recovery| recovery.is_over(&self.passage)) {
            self.give();
        }
        Ok(())
    }

    /// What was kept back goes to the client: there is no way back from here.
    pub(super) fn give(&mut self) {
        if let Some(recovery) = self.recovery.take() {
            self.ready.push(recovery.kept_back.into_bytes());
        }
    }

    /// The upstream failed: another one takes over, while the client has nothing of this one's.
    ///
    /// # Errors
    /// When the answer has to break off.
    pub(super) fn miss(&mut self, miss: Miss) -> Result<(), BoxError> {
        let Some(recovery) = self.recovery.take() else { return self.fail(&miss.failure()) };
        let Some(Owed { lent, trip, .. }) = self.owed.take() else { return self.fail(&miss.failure()) };
        self.upstream = None;
        self.passage = recovery.blank();
        let miss = match lent.lease().key() {
            Some(key) => miss.without(&key.secret),
            None => miss,
        };
        self.search = Some(recovery.search(Arc::clone(&self.gateway), lent, miss.billable(true), trip));
        Ok(())
    }

    /// Goes on with what another upstream answers.
    ///
    /// # Errors
    /// When the answer has to break off.
    pub(super) fn take_over(&mut self, found: Found<P>) -> Result<(), BoxError> {
        let Found { mut recovery, mut trip, served } = found;
        let failure = match served {
            Ok(Served { lent, answer: Answer::Begun(begun) }) => {
                let Begun { held, rest, passage, lost, came_at, refills_at, .. } = begun;
                let now = self.gateway.now();
                let spoke = self.silence.spoke;
                self.silence = Silence::new(&lent.lease().channel.timeouts, now);
                self.silence.spoke = spoke;
                (self.upstream, self.passage) = (Some(rest), passage);
                self.owed = Some(Owed { lent, trip, lost, began: Began::at(came_at), refills_at });
                recovery.kept_back = held;
                self.recovery = Some(recovery);
                self.note_content(now);
                return self.weigh();
            }
            Ok(Served { answer: Answer::Whole(whole), .. }) if whole.status.is_success() => {
                trip.lose(whole.lost);
                trip.stopped(whole.finish);
                self.ready.push(whole.body);
                self.capture_ready(&trip);
                trip.finish(self.status, whole.usage, self.sent + self.ready.len());
                return Ok(());
            }
            Ok(Served { answer: Answer::Whole(whole), .. }) => {
                let error = protocol::decode_error(&whole.body);
                Miss { status: Some(whole.status), ..Miss::told(whole.status, &error, self.gateway.now()) }
                    .failure()
            }
            Err(failure) => failure,
        };
        trip.fail(&failure);
        let ended = self.fail(&failure);
        self.capture_ready(&trip);
        trip.finish(self.status, None, self.sent);
        ended
    }
}

fn proved(passage: &Passage, held: &Gathered) -> bool {
    passage.content() || passage.ended() || held.len() + passage.partial() > MAX_KEPT_BACK
}
