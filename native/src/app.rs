//! The gateway on this platform: who answers which request, from the first to the last.

mod platform;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use causeway_core::admin::{Facts, headers::security_headers};
use causeway_core::config::Config;
use causeway_core::config::outside::Outside;
use causeway_core::config::secret_key::SecretKeys;
use causeway_core::gateway::{Body, Gateway, Options};
use causeway_core::platform::{Clock, ConfigStore, Platform};
use http::{Request, Response, StatusCode};
use http_body_util::Either;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::background::TokioBackground;
use crate::clock::SystemClock;
use crate::compression;
use crate::cors::Cors;
use crate::database::SqliteDatabase;
use crate::descriptors;
use crate::env::Environment;
use crate::http_client::TlsError;
use crate::live::{self, Handshake};
use crate::server::{self, Drained, Limits};
use crate::spending;
use crate::verdicts;
use crate::web;

pub use self::platform::NativePlatform;

/// For reports and records of requests that have ended.
const LAST_REPORTS: Duration = Duration::from_secs(5);

/// Everything that answers requests.
pub struct App<S: ConfigStore> {
    gateway: Arc<Gateway<NativePlatform<S>>>,
    ui: Option<Router>,
    cors: Cors,
    background: TokioBackground,
    grace: Duration,
}

/// The gateway's answer, or a file of the UI.
type Answer<S> = Response<Either<Body<NativePlatform<S>>, axum::body::Body>>;

/// What not every runtime has; `files` is a configuration that people edit, beside other files.
fn features(environment: &Environment) -> Vec<&'static str> {
    ["files"].into_iter().chain(environment.web_ui.then_some("webUi")).collect()
}

impl<S: ConfigStore> App<S> {
    /// `outside` is what `config` was compiled with, `secrets` seal what is kept.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        store: S,
        database: SqliteDatabase,
        config: Config,
        outside: Outside,
        secrets: SecretKeys,
        environment: &Environment,
    ) -> Result<Self, TlsError> {
        let background = TokioBackground::default();
        let platform = NativePlatform::new(store, database, environment, background.clone())?;
        let options = Options {
            max_body_bytes: environment.max_body_bytes,
            secrets,
            outside,
            facts: Facts {
                version: env!("CARGO_PKG_VERSION"),
                runtime: "native",
                language: environment.language.clone(),
                features: features(environment),
            },
        };
        Ok(Self {
            gateway: Gateway::new(platform, config, options),
            ui: environment.web_ui.then(|| web::router(web::FILES, security_headers())),
            cors: Cors::new(environment.cors_origins.clone()),
            background,
            grace: environment.shutdown_grace,
        })
    }

    pub fn gateway(&self) -> &Arc<Gateway<NativePlatform<S>>> {
        &self.gateway
    }

    /// Serves until `stop` resolves, then lets open requests end within the grace or until `abort` does.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) {
        let app = Arc::new(self);
        let limits =
            Limits { connections: descriptors::connections(), grace: app.grace, ..Limits::default() };
        let (background, gateway) = (app.background.clone(), Arc::clone(&app.gateway));
        let watched = Arc::clone(&app.gateway);
        let stop = async move {
            stop.await;
            tracing::info!("stopping: open requests may end; a second signal cuts them off");
            watched.end_feeds();
        };
        let began = SystemClock.now();
        let keeping = tokio::spawn(verdicts::keep(Arc::clone(&gateway)));
        let counting = tokio::spawn(spending::keep(Arc::clone(&gateway)));
        let respond = move |request, peer| {
            let app = Arc::clone(&app);
            async move { app.respond(request, peer).await }
        };
        match server::serve(listener, limits, respond, stop, abort).await {
            Drained::Complete => {}
            Drained::Cut(connections) => tracing::warn!(connections, "open requests were cut off"),
        }
        let recorded = async {
            background.finished().await;
            let platform = gateway.platform();
            platform.recorder().flush(platform.database()).await;
            keeping.abort();
            verdicts::save(&gateway, began).await;
            counting.abort();
            gateway.save_spending().await;
        };
        if tokio::time::timeout(LAST_REPORTS, recorded).await.is_err() {
            tracing::warn!("some finished requests were not recorded");
        }
        let exported = gateway.platform().recorder().finish_export();
        if tokio::time::timeout(LAST_REPORTS, exported).await.is_err() {
            tracing::warn!("the last traces and metrics were not exported");
        }
        tracing::info!("stopped");
    }

    async fn respond(&self, mut request: Request<Incoming>, peer: IpAddr) -> Answer<S> {
        let path = request.uri().path();
        if let Some(ui) = &self.ui
            && (path == "/ui" || path.starts_with("/ui/"))
        {
            let Ok(answer) = ui.clone().oneshot(request).await;
            return answer.map(Either::Right);
        }
        let Some(allowed) = self.cors.allowed(&request) else {
            let handshake = Handshake::of(&mut request);
            let compress = compression::is_wanted(&request);
            let answer = self.gateway.handle(request, Some(peer)).await;
            let answer = match (answer.body(), handshake) {
                (Body::Live, Some(handshake)) => handshake.accept(&self.gateway),
                (Body::Live, None) => live::no_handshake(),
                _ if compress => compression::compressed(answer),
                _ => answer,
            };
            return answer.map(Either::Left);
        };
        if Cors::is_preflight(&request) {
            let mut answer = Response::new(Either::Right(axum::body::Body::empty()));
            *answer.status_mut() = StatusCode::NO_CONTENT;
            Cors::preflight(allowed, request.headers(), answer.headers_mut());
            return answer;
        }
        let mut answer = self.gateway.handle(request, Some(peer)).await.map(Either::Left);
        Cors::open(allowed, answer.headers_mut());
        answer
    }
}
