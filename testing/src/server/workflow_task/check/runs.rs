//! Commands that ask for new runs: children, and the next run of the workflow itself.

use outlast_proto::temporal::api::command::v1::{
    ContinueAsNewWorkflowExecutionCommandAttributes, StartChildWorkflowExecutionCommandAttributes,
};
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use crate::server::cron;
use crate::server::execution::retry;
use crate::server::priority;
use crate::server::task_queues::queue_flaw;
use crate::server::wire::duration_flaw;
use crate::server::workflow_task::check::{Checked, Checker, Flaw, Refusal, excess};

impl Checker<'_> {
    pub(super) fn check_child(
        &self,
        a: &StartChildWorkflowExecutionCommandAttributes,
    ) -> Result<(), Refusal> {
        let cause = Cause::BadStartChildExecutionAttributes;
        let namespace = match a.namespace.as_str() {
            "" => &self.execution.namespace,
            namespace => namespace,
        };
        self.world.namespaces.check(namespace)?;
        self.check_search_attributes(namespace, a.search_attributes.as_ref())?;
        self.check_namespace(cause, namespace)?;
        match self.child_flaw(a, namespace) {
            Some(text) => Err(Flaw::new(cause, text).into()),
            None => Ok(()),
        }
    }

    fn child_flaw(
        &self,
        a: &StartChildWorkflowExecutionCommandAttributes,
        namespace: &str,
    ) -> Option<String> {
        const COMMAND: &str = "StartChildWorkflowExecutionCommand";
        let workflow_id = &a.workflow_id;
        let workflow_type = a.workflow_type.as_ref().map_or("", |t| t.name.as_str());
        let type_and_namespace = format!("WorkflowType={workflow_type} Namespace={namespace}");
        let whose = format!("WorkflowId={workflow_id} {type_and_namespace}");
        if workflow_id.is_empty() {
            return Some(format!(
                "Required field WorkflowId is not set on {COMMAND}. {type_and_namespace}"
            ));
        }
        if let Some(excess) = excess(workflow_id) {
            return Some(format!(
                "WorkflowId on {COMMAND} exceeds length limit. WorkflowId={workflow_id} {excess} \
                 {type_and_namespace}"
            ));
        }
        if workflow_type.is_empty() {
            return Some(format!(
                "Required field WorkflowType is not set on {COMMAND}. WorkflowId={workflow_id} \
                 Namespace={namespace}"
            ));
        }
        if let Some(excess) = excess(workflow_type) {
            return Some(format!(
                "WorkflowType on {COMMAND} exceeds length limit. WorkflowId={workflow_id} \
                 WorkflowType={workflow_type} {excess} Namespace={namespace}"
            ));
        }
        let timeouts = [
            ("WorkflowExecutionTimeout", &a.workflow_execution_timeout),
            ("WorkflowRunTimeout", &a.workflow_run_timeout),
            ("WorkflowTaskTimeout", &a.workflow_task_timeout),
        ];
        for (name, timeout) in timeouts {
            if let Some(flaw) = duration_flaw(timeout.as_ref()) {
                return Some(format!("Invalid {name} on {COMMAND}: {flaw}. {whose}"));
            }
        }
        if let Some(flaw) = a.retry_policy.as_ref().and_then(retry::flaw) {
            return Some(format!(
                "invalid WorkflowRetryPolicy on {COMMAND}: {flaw}. {whose}"
            ));
        }
        if !a.cron_schedule.is_empty()
            && let Some(flaw) = cron::flaw(&a.cron_schedule, self.world.now)
        {
            return Some(format!(
                "invalid CronSchedule on {COMMAND}: {flaw}. {whose}"
            ));
        }
        if let Some(flaw) = a.priority.as_ref().and_then(priority::flaw) {
            return Some(flaw.to_owned());
        }
        let queue = named(a.task_queue.as_ref())?;
        if let Some(flaw) = queue_flaw(Some(queue)) {
            let queue = go_text(queue);
            return Some(format!(
                "invalid TaskQueue on {COMMAND}: {flaw}. {whose} TaskQueue={queue}"
            ));
        }
        let strays = a.inherit_build_id && self.is_elsewhere(queue);
        strays.then(|| stray_build_id("StartChildWorkflowExecution"))
    }

    pub(super) fn check_continuation(
        &self,
        a: &ContinueAsNewWorkflowExecutionCommandAttributes,
    ) -> Checked {
        let own = &self.execution.namespace;
        self.check_search_attributes(own, a.search_attributes.as_ref())?;
        match self.continuation_flaw(a) {
            Some(text) => Err(Flaw::new(Cause::BadContinueAsNewAttributes, text)),
            None => Ok(()),
        }
    }

    fn continuation_flaw(
        &self,
        a: &ContinueAsNewWorkflowExecutionCommandAttributes,
    ) -> Option<String> {
        const COMMAND: &str = "ContinueAsNewWorkflowExecutionCommand";
        let started = &self.execution.started;
        let asked = a.workflow_type.as_ref().filter(|t| !t.name.is_empty());
        let workflow_type = asked.or(started.workflow_type.as_ref());
        let workflow_type = workflow_type.map_or("", |t| t.name.as_str());
        if let Some(excess) = excess(workflow_type) {
            return Some(format!(
                "WorkflowType on {COMMAND} exceeds length limit. WorkflowType={workflow_type} \
                 {excess}"
            ));
        }
        let queue = named(a.task_queue.as_ref()).or(started.task_queue.as_ref())?;
        let whose = format!("WorkflowType={workflow_type} TaskQueue={}", go_text(queue));
        if let Some(flaw) = queue_flaw(Some(queue)) {
            return Some(format!(
                "error validating {COMMAND} TaskQueue: {flaw}. {whose}"
            ));
        }
        let times = [
            ("WorkflowRunTimeout", &a.workflow_run_timeout),
            ("WorkflowTaskTimeout", &a.workflow_task_timeout),
            ("BackoffStartInterval", &a.backoff_start_interval),
        ];
        for (name, time) in times {
            if let Some(flaw) = duration_flaw(time.as_ref()) {
                return Some(format!("Invalid {name} on {COMMAND}: {flaw}. {whose}"));
            }
        }
        if let Some(flaw) = a.retry_policy.as_ref().and_then(retry::flaw) {
            return Some(format!(
                "invalid WorkflowRetryPolicy on {COMMAND}: {flaw}. {whose}"
            ));
        }
        let strays = a.inherit_build_id && self.is_elsewhere(queue);
        strays.then(|| stray_build_id("ContinueAsNew"))
    }

    /// Whether a queue is another than the workflow's own.
    pub(super) fn is_elsewhere(&self, queue: &TaskQueue) -> bool {
        queue.name != self.execution.normal_queue_name()
    }
}

/// Only workers of the same queue are of the same build.
pub(super) fn stray_build_id(what: &str) -> String {
    format!("{what} with UseCompatibleVersion cannot run on different task queue.")
}

/// A queue that has a name; without one, the run's own is meant.
fn named(queue: Option<&TaskQueue>) -> Option<&TaskQueue> {
    queue.filter(|queue| !queue.name.is_empty())
}

/// A task queue as the real server, which is written in Go, prints it into its messages.
fn go_text(queue: &TaskQueue) -> String {
    format!("name:{:?}  kind:TASK_QUEUE_KIND_NORMAL", queue.name)
}
