use std::time::SystemTime;

use outlast_proto::temporal::api::protocol::v1::Message;

use super::{HOUR, run_of, value};
use crate::engine::testing::{HistoryBuilder, time_of, update};
use crate::engine::{TaskCompletion, WorkflowTask};
use crate::prelude::*;

#[derive(Default)]
struct Basket {
    items: Vec<String>,
    closed: bool,
}

#[workflow]
impl Basket {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        ctx.wait_until(|b| b.closed).await?;
        let items = ctx.state().items.clone();
        Ok(items)
    }

    #[update]
    fn add(&mut self, item: String) -> Result<usize, WorkflowError> {
        if item == "bomb" {
            return Err(WorkflowError::application("Forbidden", "no bombs"));
        }
        self.items.push(item);
        Ok(self.items.len())
    }

    #[validate(add)]
    fn check_item(&self, item: String) -> Result<(), WorkflowError> {
        if item.is_empty() || self.items.len() >= 2 {
            return Err(WorkflowError::application(
                "Refused",
                "empty, or the basket is full",
            ));
        }
        Ok(())
    }

    #[update]
    async fn add_later(ctx: WorkflowContext<Self>, item: String) -> Result<usize, WorkflowError> {
        ctx.sleep(HOUR).await?;
        ctx.state().items.push(item);
        let count = ctx.state().items.len();
        Ok(count)
    }

    #[update]
    fn close(&mut self) {
        self.closed = true;
    }
}

fn with_updates(history: &HistoryBuilder, updates: &[(&str, &str, &str)]) -> WorkflowTask {
    let updates = updates.iter().map(|(id, name, item)| {
        update(
            id,
            name,
            [value(&(*item).to_owned())],
            history.last_id() - 1,
        )
    });
    WorkflowTask {
        updates: updates.collect(),
        ..history.workflow_task()
    }
}

/// The ids of the replies, which say what they are.
fn replies(completion: TaskCompletion) -> Vec<String> {
    completion
        .replies
        .into_iter()
        .map(|reply| Message::from(reply).id)
        .collect()
}

#[test]
fn an_update_that_runs_at_once_is_accepted_and_completed_in_its_task() {
    let history = HistoryBuilder::new("Basket").open_task();
    let task = with_updates(&history, &[("u", "add", "pen")]);
    let completion = run_of(Basket::run).complete(task);
    let expected = [
        "send the update reply `u/request/accept`",
        "send the update reply `u/request/complete`",
    ];
    assert_eq!(completion.words(), expected);
    assert_eq!(
        replies(completion),
        ["u/request/accept", "u/request/complete"]
    );
}

#[test]
fn a_validator_rejects_without_a_command() {
    let history = HistoryBuilder::new("Basket").open_task();
    let task = with_updates(&history, &[("u", "add", "")]);
    let completion = run_of(Basket::run).complete(task);
    assert!(completion.commands.is_empty());
    assert_eq!(replies(completion), ["u/request/reject"]);
}

#[test]
fn an_unknown_update_and_undecodable_arguments_are_rejected() {
    let history = HistoryBuilder::new("Basket").open_task();
    let mut task = with_updates(&history, &[("u", "remove", "pen")]);
    task.updates.push(update("v", "add", [value(&7u32)], 2));
    let completion = run_of(Basket::run).complete(task);
    assert_eq!(
        replies(completion),
        ["u/request/reject", "v/request/reject"]
    );
}

#[test]
fn a_failed_update_is_an_outcome_and_the_run_goes_on() {
    let history = HistoryBuilder::new("Basket").open_task();
    let task = with_updates(&history, &[("u", "add", "bomb"), ("v", "add", "pen")]);
    let completion = run_of(Basket::run).complete(task);
    assert!(!completion.ends_run);
    assert_eq!(completion.commands.len(), 4);
}

#[test]
fn an_update_that_waits_is_completed_when_it_is_done() {
    let history = HistoryBuilder::new("Basket").open_task();
    let mut run = run_of(Basket::run);
    let completion = run.complete(with_updates(&history, &[("u", "add_later", "pen")]));
    let expected = [
        "send the update reply `u/request/accept`",
        "start timer `1` of 3600s",
    ];
    assert_eq!(completion.words(), expected);
    let history = history
        .task_completed()
        .update_accepted("u", "add_later", [value(&"pen")])
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    // The run that was there, and one that replays, say the same.
    let live = run.complete(history.workflow_task_since(4)).words();
    let replayed = run_of(Basket::run)
        .complete(history.workflow_task())
        .words();
    assert_eq!(live, ["send the update reply `u/request/complete`"]);
    assert_eq!(live, replayed);
}

#[test]
fn gotcha_09_a_validator_is_not_asked_on_replay() {
    // The third item would be refused now; history says that it was accepted.
    let mut history = HistoryBuilder::new("Basket");
    for (id, item) in [("a", "pen"), ("b", "ink"), ("c", "nib")] {
        history = history
            .task()
            .update_accepted(id, "add", [value(&item)])
            .update_completed(id);
    }
    let history = history.signaled("nobody", []).open_task();
    let completion = run_of(Basket::run).complete(history.workflow_task());
    assert!(completion.commands.is_empty());
}

#[test]
fn gotcha_10_an_update_admitted_by_a_reset_has_its_request_in_the_admission() {
    let reset = HistoryBuilder::new("Basket")
        .open_task()
        .task_reset("01a20222-51e3-7a4b-a642-d1a5adf47f70")
        .update_admitted("u", "add", [value(&"pen")]);
    // Live: the admission is the request.
    let live = run_of(Basket::run).complete(reset.clone().open_task().workflow_task());
    assert_eq!(replies(live), ["u/request/accept", "u/request/complete"]);
    // Replayed: the acceptance does not repeat it.
    let history = reset
        .task()
        .update_accepted_without_request("u", 5)
        .update_completed("u")
        .signaled("nobody", [])
        .open_task();
    let completion = run_of(Basket::run).complete(history.workflow_task());
    assert!(completion.commands.is_empty());
}

#[test]
fn an_accepted_update_whose_request_is_nowhere_fails_the_task() {
    let history = HistoryBuilder::new("Basket")
        .task()
        .update_accepted_without_request("u", 5)
        .signaled("nobody", [])
        .open_task();
    let failure = run_of(Basket::run).fail_task(history.workflow_task());
    assert!(
        failure
            .failure
            .message()
            .contains("does not hold the request")
    );
}

#[test]
fn an_update_that_ends_the_workflow_is_answered_before_the_end() {
    let history = HistoryBuilder::new("Basket").open_task();
    let task = with_updates(&history, &[("u", "close", "")]);
    let completion = run_of(Basket::run).complete(task);
    assert_eq!(completion.words().last().unwrap(), "complete the execution");
    assert_eq!(completion.commands.len(), 3);
    assert!(completion.ends_run);
}

#[test]
fn gotcha_06_a_discarded_task_is_rolled_back_and_its_events_come_again() {
    let mut run = run_of(Basket::run);
    let history = HistoryBuilder::new("Basket").open_task();
    run.complete(history.workflow_task());
    let idle = history.task_completed();
    for id in ["u", "v"] {
        let speculative = idle.clone().open_task();
        let mut task = with_updates(&speculative, &[(id, "add", "")]);
        task.history = speculative.page_since(4);
        run.handle_task(task);
        assert!(matches!(run.poll(), crate::engine::Step::Completed(_)));
        run.handle_recorded(Some(3));
    }
    let history = idle.signaled("nobody", []).open_task();
    let completion = run.complete(history.workflow_task_since(5));
    assert!(completion.commands.is_empty());
    assert_eq!(run.last_event_id(), history.last_id());
}

#[test]
fn gotcha_07_a_discarded_task_may_have_carried_the_commands_of_the_one_before() {
    let mut run = run_of(Basket::run);
    let history = HistoryBuilder::new("Basket").open_task();
    run.complete(with_updates(&history, &[("u", "add_later", "pen")]));
    let idle = history
        .task_completed()
        .update_accepted("u", "add_later", [value(&"pen")])
        .timer_started("1");
    let speculative = idle.clone().open_task();
    let mut task = with_updates(&speculative, &[("v", "add", "")]);
    task.history = speculative.page_since(4);
    run.handle_task(task);
    assert!(matches!(run.poll(), crate::engine::Step::Completed(_)));
    run.handle_recorded(Some(3));
    // The next task sends the same commands' events again.
    let history = idle.timer_fired("1").open_task();
    let completion = run.complete(history.workflow_task_since(4));
    assert_eq!(
        completion.words(),
        ["send the update reply `u/request/complete`"]
    );
}

#[test]
fn gotcha_08_an_update_after_an_empty_task_starts_in_the_right_one() {
    // The first update was rejected after a signal had made its task a normal one.
    let history = HistoryBuilder::new("Basket")
        .task()
        .signaled("nobody", [])
        .task()
        .signaled("nobody", [])
        .task()
        .update_accepted("u", "add_later", [value(&"pen")])
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    for by in ["outlast", ""] {
        let history = history.clone().by(by, &[]);
        let completion = run_of(Basket::run).complete(history.workflow_task());
        assert_eq!(
            completion.words(),
            ["send the update reply `u/request/complete`"],
            "by {by:?}"
        );
    }
}

#[test]
fn undecodable_arguments_are_rejected_where_there_is_no_validator_too() {
    let history = HistoryBuilder::new("Basket").open_task();
    let mut task = with_updates(&history, &[]);
    task.updates
        .push(update("v", "add_later", [value(&7u32)], 2));
    let completion = run_of(Basket::run).complete(task);
    assert_eq!(replies(completion), ["v/request/reject"]);
}

#[test]
fn two_updates_are_answered_though_the_first_lets_the_run_end() {
    let history = HistoryBuilder::new("Basket").open_task();
    let task = with_updates(&history, &[("u", "close", ""), ("v", "add", "pen")]);
    let completion = run_of(Basket::run).complete(task);
    assert_eq!(completion.result::<Vec<String>>(), ["pen"]);
    assert_eq!(replies(completion).len(), 4);
}

#[test]
fn an_id_that_was_rejected_may_come_again() {
    let mut run = run_of(Basket::run);
    let history = HistoryBuilder::new("Basket").open_task();
    let rejected = run.complete(with_updates(&history, &[("u", "add", "")]));
    assert_eq!(replies(rejected), ["u/request/reject"]);
    let history = history.task_completed().open_task();
    let mut task = with_updates(&history, &[("u", "add", "pen")]);
    task.history = history.page_since(4);
    let accepted = run.complete(task);
    assert_eq!(
        replies(accepted),
        ["u/request/accept", "u/request/complete"]
    );
}

#[derive(Default)]
struct Sundial {
    is_read: bool,
}

#[workflow]
impl Sundial {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<SystemTime> {
        ctx.wait_until(|s| s.is_read).await?;
        Ok(ctx.now())
    }

    #[signal]
    fn read(&mut self) {
        self.is_read = true;
    }
}

#[test]
fn the_time_of_a_discarded_task_never_was() {
    let mut run = run_of(Sundial::run);
    let history = HistoryBuilder::new("Sundial").open_task();
    run.complete(history.workflow_task());
    let idle = history.task_completed();
    let speculative = idle.clone().open_task();
    let mut task = with_updates(&speculative, &[("u", "no such update", "")]);
    task.history = speculative.page_since(4);
    // Another server recorded it, whose clock is ahead.
    task.history.events.last_mut().unwrap().time = time_of(100);
    run.handle_task(task);
    assert!(matches!(run.poll(), crate::engine::Step::Completed(_)));
    run.handle_recorded(Some(3));
    let history = idle.signaled("read", []).open_task();
    let completion = run.complete(history.workflow_task_since(5));
    assert_eq!(completion.result::<SystemTime>(), time_of(7));
}
