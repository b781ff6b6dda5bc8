//! [`Attempt`]: one attempt of an activity, from its task to its report.

use std::future::pending;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tonic::{Code, Status};

use super::activities::Activities;
use super::heartbeats::{Heartbeats, TIMEOUT_BUFFER};
use super::outcome::Report;
use super::panics::caught;
use super::programs::listed;
use super::server::ActivityTask;
use crate::activity::{ActivityContext, ActivityRun, CancelReason, RegisteredActivity};
use crate::convert::Payload;
use crate::error::ActivityError;
use crate::failure::Failure;

type Returned = Result<Payload, ActivityError>;

/// One attempt of an activity.
#[derive(Debug)]
pub(super) struct Attempt {
    activities: Arc<Activities>,
    context: ActivityContext,
    input: Vec<Payload>,
}

impl Attempt {
    pub(super) fn new(activities: &Arc<Activities>, task: ActivityTask) -> Self {
        Self {
            activities: Arc::clone(activities),
            context: ActivityContext::new(task.info, task.token),
            input: task.input,
        }
    }

    /// Runs the body to its end and reports how that was.
    pub(super) async fn run(mut self) {
        let input = std::mem::take(&mut self.input);
        let activities = Arc::clone(&self.activities);
        let heartbeats = Heartbeats::new(&activities.server, &self.context);
        let returned = match self.spawn_body(input) {
            Ok(body) => self.supervise(body, &heartbeats).await,
            Err(unknown) => Err(unknown),
        };
        let token = self.context.task_token();
        let server = &activities.server;
        let answer = match Report::of(returned, self.context.cancel_reason()) {
            Report::Canceled(details) => {
                heartbeats.flush().await;
                server.cancel_activity(token, details).await
            }
            Report::Completed(result) => server.complete_activity(token, result).await,
            Report::Failed(failure) => {
                self.log_failure(&failure);
                let last_heartbeat = self.context.recorded_heartbeat();
                server.fail_activity(token, failure, last_heartbeat).await
            }
            Report::Nothing => {
                return self.log("the outcome of an activity is not reported");
            }
        };
        self.log_refusal(answer);
    }

    /// Starts the body in a task of its own, so that heartbeats go out and timeouts run
    /// while it computes.
    fn spawn_body(&self, input: Vec<Payload>) -> Result<JoinHandle<Returned>, ActivityError> {
        let registry = &self.activities.registry;
        let activity = registry.get(&self.context.info().activity_type).cloned();
        let around = registry.around_attempts().cloned();
        let is_blocking = activity.as_ref().is_some_and(|known| known.is_blocking);
        let context = self.context.clone();
        let registered = activity.map(|known| call(known, context.clone(), input.clone()));
        let body = match &around {
            Some(around) => around.begin(&context, input, registered),
            None => registered,
        };
        let body = body.ok_or_else(|| self.unknown())?;
        let body = async move {
            let returned = caught(body).await;
            match around {
                Some(around) => around.end(&context, returned).await,
                None => returned,
            }
        };
        let tracker = &self.activities.tracker;
        Ok(if is_blocking {
            let runtime = Handle::current();
            // The slots of activities bound how many threads there are.
            tracker.spawn_blocking(move || runtime.block_on(body))
        } else {
            tracker.spawn(body)
        })
    }

    fn unknown(&self) -> ActivityError {
        let message = format!(
            "activity type `{}` is not registered with this worker; registered are {}",
            self.context.info().activity_type,
            listed(self.activities.registry.names()),
        );
        ActivityError::application("NotFoundError", message)
    }

    /// Sends heartbeats and watches timeouts until the body is done.
    async fn supervise(&self, body: JoinHandle<Returned>, heartbeats: &Heartbeats<'_>) -> Returned {
        let told_to_stop = async {
            let reason = tokio::select! {
                () = self.timed_out() => CancelReason::TimedOut,
                () = heartbeats.missed() => CancelReason::TimedOut,
                () = self.activities.grace_is_over.cancelled() => CancelReason::WorkerShutdown,
            };
            if self.context.cancel(reason) {
                self.log("an activity is told to stop");
            }
            pending::<()>().await;
        };
        tokio::select! {
            biased;
            returned = body => returned.unwrap_or_else(|error| {
                // The runtime shuts down, and the program with it.
                Err(ActivityError::application("WorkerShutdown", error.to_string()))
            }),
            never = heartbeats.drive() => match never {},
            () = told_to_stop => unreachable!("it waits on"),
        }
    }

    /// Waits until the server must have given the attempt up.
    async fn timed_out(&self) {
        match self.context.info().start_to_close_timeout {
            Some(timeout) => sleep(timeout + TIMEOUT_BUFFER).await,
            None => pending().await,
        }
    }

    fn log_failure(&self, failure: &Failure) {
        if failure
            .as_application()
            .is_some_and(|application| application.benign)
        {
            return;
        }
        tracing::warn!(
            activity_type = self.context.info().activity_type,
            activity_id = self.context.info().activity_id.as_str(),
            attempt = self.context.info().attempt,
            failure = failure.report(),
            "an activity failed"
        );
    }

    fn log_refusal(&self, answer: Result<(), Status>) {
        let Err(status) = answer else { return };
        if status.code() == Code::NotFound {
            return self.log("the outcome of an activity came too late or is not wanted any more");
        }
        tracing::warn!(
            activity_type = self.context.info().activity_type,
            activity_id = self.context.info().activity_id.as_str(),
            code = ?status.code(),
            message = status.message(),
            "the server did not take the outcome of an activity"
        );
    }

    fn log(&self, what: &str) {
        let reason = self
            .context
            .cancel_reason()
            .map(|reason| reason.to_string());
        tracing::debug!(
            activity_type = self.context.info().activity_type,
            activity_id = self.context.info().activity_id.as_str(),
            reason,
            "{what}"
        );
    }
}

/// The body of an activity. It begins in the task that runs it, so that its panics are caught
/// there.
fn call(
    activity: RegisteredActivity,
    context: ActivityContext,
    input: Vec<Payload>,
) -> ActivityRun {
    Box::pin(async move {
        match activity.call(context.clone(), &input) {
            Ok(body) => body.await,
            Err(error) => {
                let name = &context.info().activity_type;
                let message = format!("the arguments of activity `{name}`: {error}");
                Err(ActivityError::application("DecodeError", message))
            }
        }
    })
}
