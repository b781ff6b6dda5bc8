//! Limits of what a workflow may have pending.

use outlast_proto::temporal::api::enums::v1::{
    ParentClosePolicy, WorkflowTaskFailedCause as Cause,
};

use super::builders::*;
use super::scene::*;

#[test]
fn two_thousand_things_may_be_pending_and_not_one_more() {
    let policy = ParentClosePolicy::Abandon;
    let kinds: [(&dyn Fn(usize) -> _, &str, Cause); 4] = [
        (
            &|n| schedule_activity(activity(&n.to_string())),
            "PendingActivitiesLimitExceeded: the number of pending activities,",
            Cause::PendingActivitiesLimitExceeded,
        ),
        (
            &|n| start_child("q", &n.to_string(), policy),
            "PendingChildWorkflowsLimitExceeded: the number of pending child workflow executions,",
            Cause::PendingChildWorkflowsLimitExceeded,
        ),
        (
            &|_| signal_external("nobody", "s"),
            "PendingSignalsLimitExceeded: the number of pending signals to external workflows,",
            Cause::PendingSignalsLimitExceeded,
        ),
        (
            &|_| cancel_external("nobody"),
            "PendingRequestCancelLimitExceeded: the number of pending requests to cancel external \
             workflows,",
            Cause::PendingRequestCancelLimitExceeded,
        ),
    ];
    for (command, what, cause) in kinds {
        let mut scene = Scene::new();
        scene.start();
        let task = scene.poll();
        let commands = (0..2001).map(command).collect();
        let error = scene.complete(&task, commands).unwrap_err();
        let want = format!("{what} 2000, has reached the per-workflow limit of 2000");
        assert_eq!(error.message, want);
        assert_eq!(scene.engine.poll_task_failure().unwrap().cause, cause);
        let task = scene.poll();
        let commands = (0..2000).map(command).collect();
        scene.complete(&task, commands).unwrap();
    }
}
