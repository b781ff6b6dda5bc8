//! What a client is told of executions, and of those that are not there.

use std::time::Duration;

use outlast::client::{
    IdConflictPolicy, IdReusePolicy, PendingActivityState, QueryError, RequestError, ResultError,
    SignalError, StartError, UpdateError, WorkflowStatus,
};
use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::desk::{Desk, Note};

#[workflow]
async fn waits_for_it(ctx: WorkflowContext) -> WorkflowResult<u32> {
    Ok(ctx.activity(Desk::waits, ()).await?)
}

#[workflow]
async fn adds(_ctx: WorkflowContext, a: u32, b: u32) -> WorkflowResult<u32> {
    Ok(a + b)
}

#[test]
fn a_workflow_is_executed_in_one_call() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(adds).run();
        let call = scene
            .client
            .execute(adds, (40, 2))
            .task_queue(scene.task_queue());
        assert_eq!(call.id(scene.id()).await.unwrap(), 42);
    });
}

#[test]
fn an_id_that_is_taken_is_refused_shared_or_taken_over() {
    on_each_backend(async |scene| {
        let first = scene.start(adds, (1, 2)).await.unwrap();
        let again = || {
            let call = scene
                .client
                .start(adds, (3, 4))
                .task_queue(scene.task_queue());
            call.id(first.workflow_id().clone())
        };
        let error = again().await.unwrap_err();
        let StartError::AlreadyStarted { run_id, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(Some(&run_id), first.run_id());
        let shared = again().id_conflict_policy(IdConflictPolicy::UseExisting);
        assert_eq!(shared.await.unwrap().run_id(), first.run_id());
        let second = again().id_conflict_policy(IdConflictPolicy::TerminateExisting);
        let second = second.await.unwrap();
        assert_ne!(second.run_id(), first.run_id());
        let error = first.result().of_this_run().await.unwrap_err();
        assert!(matches!(error, ResultError::Terminated { .. }), "{error:?}");

        let _worker = scene.worker().workflow(adds).run();
        assert_eq!(second.result().await.unwrap(), 7);
        let refused = again().id_reuse_policy(IdReusePolicy::RejectDuplicate);
        let error = refused.await.unwrap_err();
        assert!(
            matches!(error, StartError::AlreadyStarted { .. }),
            "{error:?}"
        );
        assert_eq!(again().await.unwrap().result().await.unwrap(), 7);
    });
}

#[test]
fn what_is_not_there_is_not_found() {
    on_each_backend(async |scene| {
        let nobody = scene.client.workflow_by_id("worker-client-nobody");
        let error = nobody.result().await.unwrap_err();
        assert!(matches!(error, ResultError::NotFound { .. }), "{error:?}");
        let error = nobody.query_by_name::<u32>("q", ()).await.unwrap_err();
        assert!(matches!(error, QueryError::NotFound { .. }), "{error:?}");
        let error = nobody.signal_by_name("s", ()).await.unwrap_err();
        assert!(matches!(error, SignalError::NotFound { .. }), "{error:?}");
        let error = nobody.update_by_name::<u32>("u", ()).await.unwrap_err();
        assert!(matches!(error, UpdateError::NotFound { .. }), "{error:?}");
        for error in [
            nobody.cancel().await.unwrap_err(),
            nobody.terminate("").await.unwrap_err(),
            nobody.describe().await.unwrap_err(),
            nobody.history().await.unwrap_err(),
        ] {
            assert!(matches!(error, RequestError::NotFound { .. }), "{error:?}");
        }
    });
}

#[test]
fn what_has_ended_cannot_be_signaled_or_terminated() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(adds).run();
        let workflow = scene.start(adds, (1, 2)).await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), 3);
        let error = workflow.signal_by_name("s", ()).await.unwrap_err();
        assert!(matches!(error, SignalError::NotFound { .. }), "{error:?}");
        let error = workflow.terminate("").await.unwrap_err();
        assert!(matches!(error, RequestError::NotFound { .. }), "{error:?}");
    });
}

#[test]
fn a_description_tells_what_was_set_and_what_goes_on() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let _worker = scene.worker().workflow(waits_for_it).activities(desk).run();
        let call = scene.start(waits_for_it, ());
        let call = call
            .memo("note", &"from a test")
            .summary("a summary")
            .details("details");
        let hour = Duration::from_hours(1);
        let workflow = call.run_timeout(hour).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));

        let seen = workflow.describe().await.unwrap();
        assert_eq!(seen.status, WorkflowStatus::Running);
        assert_eq!(seen.workflow_type, "waits_for_it");
        assert_eq!(seen.task_queue, scene.task_queue());
        assert_eq!(seen.run_timeout, Some(hour));
        assert_eq!(seen.memo::<String>("note").as_deref(), Some("from a test"));
        assert_eq!(seen.summary.as_deref(), Some("a summary"));
        assert_eq!(seen.details.as_deref(), Some("details"));
        assert_eq!(Some(&seen.execution.run_id), workflow.run_id());
        assert_eq!(seen.first_run_id.as_ref(), workflow.run_id());
        let [activity] = &seen.pending_activities[..] else {
            panic!("{seen:?}")
        };
        assert_eq!(activity.activity_type, "waits");
        assert_eq!(activity.state, PendingActivityState::Started);
        assert_eq!(activity.attempt, 1);

        notes.open_gate();
        assert_eq!(workflow.result().await.unwrap(), 1);
        let seen = workflow.describe().await.unwrap();
        assert_eq!(seen.status, WorkflowStatus::Completed);
        assert!(seen.close_time.is_some());
        assert!(seen.pending_activities.is_empty());
        let history = workflow.history().await.unwrap();
        assert_eq!(seen.history_length, i64::try_from(history.len()).unwrap());
    });
}
