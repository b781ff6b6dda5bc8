//! Where an environment's workflows run: on the server in memory, or on a real one.

use std::time::{Duration, SystemTime};

use outlast::activity::TaskToken;
use outlast::convert::ToPayload;
use outlast::{ActivityContext, Payload, Raw};

use crate::Server;

/// The server of an environment.
#[derive(Clone, Debug)]
pub(super) enum Backend {
    /// The server of this crate, whose clock is virtual.
    InMemory(Server),
    /// Some other server, where time passes by itself.
    Real,
}

impl Backend {
    /// The server in memory, without which `what` cannot be done.
    #[track_caller]
    pub(super) fn in_memory(&self, what: &str) -> &Server {
        match self {
            Self::InMemory(server) => server,
            Self::Real => panic!(
                "`{what}` needs the server in memory, and this environment is attached to a real \
                 one, where time passes by itself and workflows are told apart by their ids only; \
                 use `TestEnv::new()` for this test"
            ),
        }
    }

    /// The time: virtual if it can be.
    pub(super) fn now(&self) -> SystemTime {
        match self {
            Self::InMemory(server) => server.now(),
            Self::Real => wall_time(),
        }
    }

    /// Lets an attempt take time, which passes at once where it is virtual. Says whether the
    /// attempt goes on.
    pub(super) async fn take_time(&self, attempt: &ActivityContext, until: SystemTime) -> bool {
        match self {
            Self::InMemory(server) => {
                server.nap(&token(attempt), Some(until)).await;
                server.now() >= until
            }
            Self::Real => {
                let wait = until.duration_since(wall_time()).unwrap_or_default();
                tokio::select! {
                    () = tokio::time::sleep(wait) => true,
                    _ = attempt.canceled() => false,
                }
            }
        }
    }

    /// Waits until the server has given the attempt up.
    pub(super) async fn outlive(&self, attempt: &ActivityContext) {
        match self {
            Self::InMemory(server) => server.nap(&token(attempt), None).await,
            Self::Real => drop(attempt.canceled().await),
        }
    }

    /// Sends a heartbeat and waits until the server has it. Says whether the activity is to stop.
    pub(super) async fn heartbeat(&self, attempt: &ActivityContext, progress: &Payload) -> bool {
        match self {
            Self::InMemory(server) => server.heartbeat(&token(attempt), progress.clone()),
            Self::Real => {
                attempt.heartbeat(&Raw(progress.clone()));
                // The worker sends it and hears the answer on its own.
                tokio::time::sleep(ANSWER_TIME).await;
                attempt.is_canceled()
            }
        }
    }

    /// Lets time pass from here on although nobody has reported how an attempt ended.
    pub(super) fn let_go(&self, attempt: &ActivityContext) {
        if let Self::InMemory(server) = self {
            server.let_go(&token(attempt));
        }
    }
}

fn token(attempt: &ActivityContext) -> bytes::Bytes {
    TaskToken::into_bytes(attempt.task_token())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a real server's clock is the wall's"
)]
pub(super) fn wall_time() -> SystemTime {
    SystemTime::now()
}

/// What one heartbeat takes on a real server, more or less.
const ANSWER_TIME: Duration = Duration::from_millis(20);

/// A value as a mock keeps it.
#[track_caller]
pub(super) fn payload_of(value: &impl ToPayload, what: &str) -> Payload {
    let payload = value.to_payload();
    payload.unwrap_or_else(|error| panic!("{what} cannot be encoded: {error}"))
}
