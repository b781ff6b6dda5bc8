//! What the Rust worker serves, and the Rust client sees, of repairs: failures, interruptions,
//! cancellations and months.

use std::time::Duration;

use outlast::client::{PendingActivity, ResultError, Untyped};
use outlast::convert::FromPayload;
use outlast::prelude::*;
use outlast::{
    ActivityCancellation, ApplicationFailure, Client, Failure, FailureKind, WorkflowHandle,
};

use crate::servers::Served;

/// Is interrupted once, and goes on where it was.
#[activity(start_to_close_timeout = "1m")]
pub(crate) async fn mend(ctx: ActivityContext, item: String) -> Result<String, ActivityError> {
    if let Some(done) = ctx.last_heartbeat::<String>()? {
        return Ok(format!("{done}, and the rest"));
    }
    ctx.heartbeat(&format!("half a {item}"));
    let interrupted = ActivityError::application("Interrupted", "the phone rang");
    Err(interrupted)
}

#[activity(start_to_close_timeout = "1m")]
pub(crate) async fn refuse(item: String) -> Result<String, ActivityError> {
    let refused = ActivityError::application("TooOld", "not worth it");
    Err(refused.detail(&item).detail(&3).non_retryable())
}

/// Goes on until it is told to stop.
#[activity(start_to_close_timeout = "1m", heartbeat_timeout = "20s")]
pub(crate) async fn watch(ctx: ActivityContext, item: String) -> Result<String, ActivityError> {
    let beats = async {
        loop {
            ctx.heartbeat(&format!("watching the {item}"));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = beats => unreachable!("it beats until something else happens"),
        _ = ctx.canceled() => Ok(format!("the {item} is put away")),
    }
}

/// One step of a repair; the activities are those of the other language.
#[derive(Default)]
pub(crate) struct RustRepair;

#[workflow]
impl RustRepair {
    #[run]
    pub(crate) async fn run(
        ctx: WorkflowContext<Self>,
        step: String,
        item: String,
        other_queue: String,
    ) -> WorkflowResult<String> {
        let soon = RetryPolicy::new().initial_interval(Duration::from_millis(10));
        let result = match step.as_str() {
            "fail" => {
                let hopeless = WorkflowError::application("Hopeless", "cannot be mended");
                return Err(hopeless.detail(&item).detail(&3).non_retryable());
            }
            "rest" => {
                ctx.sleep(MONTH).await?;
                return Ok(format!("the {item} has rested"));
            }
            "mend" => {
                let call = ctx.activity(mend, item).task_queue(other_queue);
                call.retry(soon).await
            }
            "refuse" => ctx.activity(refuse, item).task_queue(other_queue).await,
            _ => {
                let call = ctx.activity(watch, item).task_queue(other_queue);
                call.cancellation(ActivityCancellation::WaitCompleted).await
            }
        };
        Ok(result?)
    }
}

/// Starts a repair in Python. It would fail again and again, were its failure not final.
async fn repair(server: &Served, step: &str) -> WorkflowHandle<Untyped> {
    let client = Client::connect(&server.address).await.unwrap();
    let arguments = (step.to_owned(), "lamp".to_owned(), server.rust_queue());
    let start = client
        .start_by_name("PythonRepair", arguments)
        .task_queue(server.python_queue())
        .id(server.id(step));
    let start = match step {
        "fail" => start.retry(RetryPolicy::new()),
        _ => start,
    };
    start.await.unwrap()
}

async fn result(repair: &WorkflowHandle<Untyped>) -> String {
    let result = repair.result().await.unwrap();
    String::from_payload(&result.0).unwrap()
}

async fn failure(server: &Served, step: &str) -> Failure {
    match repair(server, step).await.result().await.unwrap_err() {
        ResultError::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

/// What was not to be tried again comes with its kind, its message and its details.
fn check(failure: &Failure, kind: &str, message: &str) {
    let found = failure.chain().find_map(|cause| match cause.kind() {
        FailureKind::Application(application) => Some((cause.message(), application)),
        _ => None,
    });
    let (told, application): (&str, &ApplicationFailure) = found.expect("application code failed");
    assert_eq!((application.kind.as_str(), told), (kind, message));
    assert_eq!(application.detail::<String>(0).unwrap(), "lamp");
    assert_eq!(application.detail::<u32>(1).unwrap(), 3);
    assert!(application.non_retryable);
}

pub(crate) async fn an_interrupted_activity_goes_on_from_its_heartbeat(server: &Served) {
    let repair = repair(server, "mend").await;
    assert_eq!(result(&repair).await, "half a lamp, and the rest");
}

pub(crate) async fn failures_come_whole(server: &Served) {
    check(
        &failure(server, "fail").await,
        "Hopeless",
        "cannot be mended",
    );
    let refused = failure(server, "refuse").await;
    check(&refused, "TooOld", "not worth it");
    let activity = refused.chain().find_map(|cause| match cause.kind() {
        FailureKind::Activity(activity) => Some(activity.activity_type.as_str()),
        _ => None,
    });
    assert_eq!(activity, Some("refuse"));
}

pub(crate) async fn a_cancellation_reaches_an_activity(server: &Served) {
    let repair = repair(server, "watch").await;
    loop {
        let pending = repair.describe().await.unwrap().pending_activities;
        if let [PendingActivity { last_heartbeat, .. }] = &pending[..]
            && let [beat] = &last_heartbeat[..]
        {
            assert_eq!(String::from_payload(beat).unwrap(), "watching the lamp");
            break;
        }
        tokio::task::yield_now().await;
    }
    repair.cancel().await.unwrap();
    assert_eq!(result(&repair).await, "the lamp is put away");
}

pub(crate) async fn a_month_passes(server: &Served) {
    let repair = repair(server, "rest").await;
    assert_eq!(result(&repair).await, "the lamp has rested");
    let seen = repair.describe().await.unwrap();
    let took = seen
        .close_time
        .unwrap()
        .duration_since(seen.start_time.unwrap());
    assert!(took.unwrap() >= MONTH);
}

const MONTH: Duration = Duration::from_hours(30 * 24);
