//! Answers a task once its history is taken in: queries, then commands.

use super::{Run, SDK_NAME, undecodable};
use crate::convert::{Payload, ToPayload};
use crate::engine::core::Mode;
use crate::engine::panic::guard;
use crate::engine::program::Dispatch;
use crate::engine::task::{Query, QueryAnswer, Step, TaskCompletion, TaskFailure};
use crate::failure::Failure;

impl Run {
    /// Answers the task.
    pub(super) fn answer(&mut self) -> Result<Step, TaskFailure> {
        let Some(task) = self.task.take() else {
            return Ok(Step::Idle);
        };
        if let Some(query) = task.query {
            // Replay may have issued commands; they are in history, or come again with the
            // next task.
            return Ok(Step::Answered(self.query(&query)));
        }
        let answers: Vec<_> = task
            .queries
            .iter()
            .map(|(id, query)| (id.clone(), self.query(query)))
            .collect();
        let (commands, mut replies) = self.core.lock().commands.take_unsent();
        let ends_run = commands.last().is_some_and(|command| command.is_terminal());
        replies.extend(task.rejections);
        let names_sdk = *self.sdk.name != *SDK_NAME;
        Ok(Step::Completed(TaskCompletion {
            commands,
            replies,
            answers,
            names_sdk,
            ends_run,
        }))
    }

    /// Answers one query. Whatever goes wrong in the handler is the answer.
    fn query(&self, query: &Query) -> QueryAnswer {
        match query.name.as_str() {
            STACK_TRACE => return text(&self.stack_trace()),
            METADATA => return text(&self.metadata()),
            _ => {}
        }
        let Some(instance) = &self.instance else {
            return Err(Failure::application(
                "NotStarted",
                "the workflow has not started",
            ));
        };
        let entered = self.executor.wakes().enter();
        let was_replaying = {
            let mut core = self.core.lock();
            core.mode = Mode::ReadOnly;
            std::mem::replace(&mut core.facts.is_replaying, true)
        };
        let answer = guard(|| instance.query(&query.name, &query.input));
        {
            let mut core = self.core.lock();
            core.mode = Mode::Running;
            core.facts.is_replaying = was_replaying;
        }
        drop(entered);
        match answer {
            Ok(Dispatch::Done(answer)) => answer,
            Ok(Dispatch::Undecodable(error)) => Err(undecodable("query", &query.name, &error)),
            Ok(Dispatch::Unknown | Dispatch::Running(_)) => {
                let known = self.program.handlers().queries.join(", ");
                let name = &query.name;
                let message = format!("query `{name}` has no handler; known are [{known}]");
                Err(Failure::application("UnknownQuery", message))
            }
            Err(panicked) => Err(panicked.into_failure()),
        }
    }

    /// Where the workflow waits, a line for each thing that it waits for.
    fn stack_trace(&self) -> String {
        let core = self.core.lock();
        let mut lines: Vec<String> = core.open_places().collect();
        if let Some(place) = core.last_await {
            lines.push(format!("last await at {place}"));
        }
        lines.join("\n")
    }

    /// The handlers, in the form in which the server's tools show them.
    fn metadata(&self) -> serde_json::Value {
        let named = |names: &[&str]| -> Vec<_> {
            names
                .iter()
                .map(|name| serde_json::json!({ "name": name }))
                .collect()
        };
        let handlers = self.program.handlers();
        serde_json::json!({
            "definition": {
                "type": self.program.name(),
                "queryDefinitions": named(handlers.queries),
                "signalDefinitions": named(handlers.signals),
                "updateDefinitions": named(handlers.updates),
            }
        })
    }
}

/// The query that asks where a workflow waits.
const STACK_TRACE: &str = "__stack_trace";
/// The query that asks what handlers a workflow has.
const METADATA: &str = "__temporal_workflow_metadata";

fn text(value: &impl ToPayload) -> Result<Payload, Failure> {
    value
        .to_payload()
        .map_err(|error| Failure::application("Encoding", error.to_string()))
}
