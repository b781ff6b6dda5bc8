//! Activities that run out of time, and what they have done until then.

use std::time::Duration;

use outlast::prelude::*;
use outlast::{RetryState, TimeoutKind};

use crate::backend::on_each_backend;
use crate::desk::{Desk, Note};

const SOON: Duration = Duration::from_millis(300);

fn once() -> RetryPolicy {
    RetryPolicy::new().max_attempts(1)
}

fn soon_again() -> RetryPolicy {
    RetryPolicy::new().initial_interval(Duration::from_millis(10))
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
enum Limit {
    Heartbeat,
    ScheduleToClose,
    ScheduleToStart,
    StartToClose,
}

#[workflow]
async fn runs_out_of_time(ctx: WorkflowContext, limit: Limit) -> WorkflowResult<Option<u64>> {
    let call = ctx.activity(Desk::hangs_at_first, 1).retry(once());
    Ok(match limit {
        Limit::Heartbeat => call.heartbeat_timeout(SOON).await?,
        Limit::ScheduleToClose => call.schedule_to_close_timeout(SOON).await?,
        Limit::ScheduleToStart => {
            let queue = format!("{}-nobody", ctx.info().task_queue());
            call.task_queue(queue)
                .schedule_to_start_timeout(SOON)
                .await?
        }
        Limit::StartToClose => call.start_to_close_timeout(SOON).await?,
    })
}

#[test]
fn each_timeout_is_told_by_its_kind() {
    on_each_backend(async |scene| {
        let (desk, _notes) = Desk::new();
        let _worker = scene
            .worker()
            .workflow(runs_out_of_time)
            .activities(desk)
            .run();
        let expect = async |limit, kind| {
            let error = scene
                .start(runs_out_of_time, limit)
                .await
                .unwrap()
                .result()
                .await;
            let error = error.unwrap_err();
            let timeout = error.failure().and_then(Failure::as_timeout);
            assert_eq!(
                timeout.map(|timeout| timeout.timeout),
                Some(kind),
                "{error:?}"
            );
        };
        tokio::join!(
            expect(Limit::Heartbeat, TimeoutKind::Heartbeat),
            expect(Limit::ScheduleToClose, TimeoutKind::ScheduleToClose),
            expect(Limit::ScheduleToStart, TimeoutKind::ScheduleToStart),
            expect(Limit::StartToClose, TimeoutKind::StartToClose),
        );
    });
}

#[test]
fn an_activity_that_is_never_taken_says_so() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let _worker = scene
            .worker()
            .workflow(runs_out_of_time)
            .activities(desk)
            .run();
        let unseen = scene
            .start(runs_out_of_time, Limit::ScheduleToStart)
            .await
            .unwrap();
        let error = unseen.result().await.unwrap_err();
        let Some(outlast::FailureKind::Activity(failure)) = error.failure().map(Failure::kind)
        else {
            panic!("{error:?}")
        };
        assert_eq!(failure.started_event_id, 0);
        assert_eq!(failure.retry_state, RetryState::Timeout);
        assert_eq!(notes.rest().await, []);
    });
}

#[test]
fn an_attempt_that_hangs_is_followed_by_one_that_knows_its_progress() {
    #[workflow]
    async fn resumes(ctx: WorkflowContext) -> WorkflowResult<Option<u64>> {
        let call = ctx.activity(Desk::hangs_at_first, 41).retry(soon_again());
        Ok(call.heartbeat_timeout(SOON).await?)
    }
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let _worker = scene.worker().workflow(resumes).activities(desk).run();
        let progress = scene.start(resumes, ()).await.unwrap().result().await;
        assert_eq!(progress.unwrap(), Some(41));
        // An attempt that is slow to report may time out too, which loses no progress either.
        let noted = notes.rest().await;
        assert_eq!(noted[0], Note::Resumed(None));
        assert!(
            noted[1..]
                .iter()
                .all(|note| *note == Note::Resumed(Some(41))),
            "{noted:?}"
        );
    });
}

#[test]
fn an_attempt_that_fails_is_followed_by_one_that_knows_its_last_heartbeat() {
    #[workflow]
    async fn goes_on(ctx: WorkflowContext) -> WorkflowResult<Option<u64>> {
        Ok(ctx
            .activity(Desk::fails_at_first, 9)
            .retry(soon_again())
            .await?)
    }
    on_each_backend(async |scene| {
        let (desk, _notes) = Desk::new();
        let _worker = scene.worker().workflow(goes_on).activities(desk).run();
        let progress = scene.start(goes_on, ()).await.unwrap().result().await;
        assert_eq!(progress.unwrap(), Some(9));
    });
}
