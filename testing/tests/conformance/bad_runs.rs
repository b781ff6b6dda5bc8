//! Commands for children and for the next run that the server refuses.

#![allow(deprecated, reason = "deployed SDKs still name the namespace")]

use outlast_proto::temporal::api::command::v1::{
    Command, ContinueAsNewWorkflowExecutionCommandAttributes as Continuation,
    StartChildWorkflowExecutionCommandAttributes as Child,
};
use outlast_proto::temporal::api::common::v1::{
    Priority, RetryPolicy, SearchAttributes, WorkflowType,
};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use crate::bad_commands::{refuse, too_long};
use crate::conform;
use crate::support::builders::*;
use crate::support::peer::payload;

#[tokio::test]
async fn children_that_make_no_sense_are_refused() {
    conform("badchild", async |peer| {
        let long = too_long();
        let child = "StartChildWorkflowExecutionCommand";
        let rest = "WorkflowType=Order Namespace=default";
        let queue = |name: &str| format!("name:\"{name}\"  kind:TASK_QUEUE_KIND_NORMAL");
        let cases = [
            (
                with_child(|c| c.workflow_id.clear()),
                format!("Required field WorkflowId is not set on {child}. {rest}"),
            ),
            (
                with_child(|c| c.workflow_id = long.clone()),
                format!(
                    "WorkflowId on {child} exceeds length limit. WorkflowId={long} \
                     Length=1001 Limit=1000 {rest}"
                ),
            ),
            (
                with_child(|c| c.workflow_type = None),
                format!(
                    "Required field WorkflowType is not set on {child}. \
                     WorkflowId=c Namespace=default"
                ),
            ),
            (
                with_child(|c| c.workflow_type = named(&long)),
                format!(
                    "WorkflowType on {child} exceeds length limit. WorkflowId=c \
                     WorkflowType={long} Length=1001 Limit=1000 Namespace=default"
                ),
            ),
            (
                with_child(|c| c.workflow_execution_timeout = negative()),
                format!(
                    "Invalid WorkflowExecutionTimeout on {child}: negative \
                     duration. WorkflowId=c {rest}"
                ),
            ),
            (
                with_child(|c| c.workflow_run_timeout = negative()),
                format!(
                    "Invalid WorkflowRunTimeout on {child}: negative duration. \
                     WorkflowId=c {rest}"
                ),
            ),
            (
                with_child(|c| c.workflow_task_timeout = negative()),
                format!(
                    "Invalid WorkflowTaskTimeout on {child}: negative duration. \
                     WorkflowId=c {rest}"
                ),
            ),
            (
                with_child(|c| c.retry_policy = bad_policy()),
                format!(
                    "invalid WorkflowRetryPolicy on {child}: BackoffCoefficient \
                     cannot be less than 1 on retry policy.. WorkflowId=c {rest}"
                ),
            ),
            (
                with_child(|c| c.cron_schedule = "junk".to_owned()),
                format!(
                    "invalid CronSchedule on {child}: invalid CronSchedule.. \
                     WorkflowId=c {rest}"
                ),
            ),
            (
                with_child(|c| c.task_queue = in_queue(&long)),
                format!(
                    "invalid TaskQueue on {child}: taskQueue length exceeds limit. \
                     WorkflowId=c {rest} TaskQueue={}",
                    queue(&long)
                ),
            ),
            (
                with_child(|c| {
                    c.priority = Some(Priority {
                        priority_key: -1,
                        ..Default::default()
                    })
                }),
                "priority key can't be negative".to_owned(),
            ),
        ];
        let bad = "BadStartChildExecutionAttributes";
        refuse(
            peer,
            cases.map(|(command, flaw)| (command, format!("{bad}: {flaw}"))),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn next_runs_that_make_no_sense_are_refused() {
    conform("badnext", async |peer| {
        let long = too_long();
        let next = "ContinueAsNewWorkflowExecutionCommand";
        let rest = "WorkflowType=Order TaskQueue=name:\"/_sys/q\"  kind:TASK_QUEUE_KIND_NORMAL";
        let with = |change: fn(&mut Continuation)| {
            let mut attributes = Continuation::default();
            change(&mut attributes);
            attributes
        };
        let cases = [
            (
                Continuation {
                    workflow_type: named(&long),
                    ..Default::default()
                },
                format!(
                    "WorkflowType on {next} exceeds length limit. \
                     WorkflowType={long} Length=1001 Limit=1000"
                ),
            ),
            (
                with(|c| c.task_queue = in_queue("/_sys/q")),
                format!(
                    "error validating {next} TaskQueue: task queue name cannot \
                     start with reserved prefix /_sys/. {rest}"
                ),
            ),
            (
                with(|c| {
                    c.workflow_run_timeout = negative();
                    c.task_queue = in_queue("q");
                }),
                format!(
                    "Invalid WorkflowRunTimeout on {next}: negative duration. {}",
                    rest.replace("/_sys/", "")
                ),
            ),
            (
                with(|c| {
                    c.workflow_task_timeout = negative();
                    c.task_queue = in_queue("q");
                }),
                format!(
                    "Invalid WorkflowTaskTimeout on {next}: negative duration. {}",
                    rest.replace("/_sys/", "")
                ),
            ),
            (
                with(|c| {
                    c.backoff_start_interval = negative();
                    c.task_queue = in_queue("q");
                }),
                format!(
                    "Invalid BackoffStartInterval on {next}: negative duration. {}",
                    rest.replace("/_sys/", "")
                ),
            ),
            (
                with(|c| {
                    c.retry_policy = bad_policy();
                    c.task_queue = in_queue("q");
                }),
                format!(
                    "invalid WorkflowRetryPolicy on {next}: BackoffCoefficient \
                     cannot be less than 1 on retry policy.. {}",
                    rest.replace("/_sys/", "")
                ),
            ),
        ];
        let bad = "BadContinueAsNewAttributes";
        refuse(
            peer,
            cases.map(|(next, flaw)| (continue_as_new_with(next), format!("{bad}: {flaw}"))),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn new_runs_are_found_by_known_attributes_only() {
    conform("badsearch", async |peer| {
        let unknown = Some(SearchAttributes {
            indexed_fields: [("Nope".to_owned(), payload("x").unwrap())].into(),
        });
        let message = "BadSearchAttributes: Namespace default has no mapping defined for search \
                       attribute Nope";
        let next = Continuation {
            search_attributes: unknown.clone(),
            ..Default::default()
        };
        let cases = [
            (
                with_child(|c| c.search_attributes = unknown),
                message.to_owned(),
            ),
            (continue_as_new_with(next), message.to_owned()),
        ];
        refuse(peer, cases).await;
    })
    .await;
}

fn with_child(change: impl FnOnce(&mut Child)) -> Command {
    let mut attributes = child_in("q", "c");
    change(&mut attributes);
    start_child_with(attributes)
}

fn named(name: &str) -> Option<WorkflowType> {
    Some(WorkflowType {
        name: name.to_owned(),
    })
}

fn in_queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue {
        name: name.to_owned(),
        ..Default::default()
    })
}

fn bad_policy() -> Option<RetryPolicy> {
    Some(RetryPolicy {
        backoff_coefficient: 0.5,
        ..Default::default()
    })
}
