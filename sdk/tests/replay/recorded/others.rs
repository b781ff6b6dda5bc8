//! Recordings that belong to others: they are read where they are, if they are there.

use outlast::Raw;
use outlast::prelude::*;
use serde::{Deserialize, Serialize};

use crate::recording::{assert_replay_others, twin};

#[activity(start_to_close_timeout = "60s")]
async fn say_hello(name: String) -> Result<String, ActivityError> {
    Ok(format!("Hello, {name}!"))
}

#[activity(name = "SayHello", start_to_close_timeout = "60s")]
async fn say_hello_of_dotnet(name: String) -> Result<String, ActivityError> {
    Ok(format!("Hello, {name}!"))
}

#[activity(name = "AlwaysFailActivity", start_to_close_timeout = "60s")]
async fn always_fail() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(start_to_close_timeout = "60s")]
async fn always_fail_activity() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(name = "CommaJoin", start_to_close_timeout = "60s")]
async fn comma_join(words: Vec<String>) -> Result<String, ActivityError> {
    Ok(words.join(", "))
}

#[activity(name = "noopActivity", start_to_close_timeout = "10s")]
async fn noop_activity() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(start_to_close_timeout = "60s")]
async fn null_activity(nothing: ()) -> Result<(), ActivityError> {
    Ok(nothing)
}

#[activity(name = "echo", start_to_close_timeout = "60s")]
async fn echo_nothing() -> Result<String, ActivityError> {
    Ok("echo".to_owned())
}

#[activity(start_to_close_timeout = "5s")]
async fn say_hi() -> Result<String, ActivityError> {
    Ok("hi".to_owned())
}

#[derive(Deserialize, Serialize)]
struct Hello {
    #[serde(alias = "Name")]
    name: String,
}

#[workflow(name = "SayHelloWorkflow")]
async fn hello_of_python(ctx: WorkflowContext, input: Hello) -> WorkflowResult<String> {
    Ok(ctx.activity(say_hello, input.name).await?)
}

#[workflow(name = "SayHelloWorkflow")]
async fn hello_of_dotnet(ctx: WorkflowContext, input: Hello) -> WorkflowResult<String> {
    Ok(ctx.activity(say_hello_of_dotnet, input.name).await?)
}

#[workflow(name = "Workflow")]
async fn failing_of_go(ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(ctx.activity(always_fail, ()).await?)
}

#[workflow(name = "Workflow")]
async fn failing_of_python(ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(ctx.activity(always_fail_activity, ()).await?)
}

#[workflow(name = "Workflow")]
async fn joining(ctx: WorkflowContext) -> WorkflowResult<String> {
    let joined = ctx.activity(comma_join, vec!["foo".into(), "bar".into()]);
    let joined = joined.await?;
    Ok(ctx.activity(comma_join, vec![joined, "baz".into()]).await?)
}

#[workflow(name = "langFlagsReplayCorrectly")]
async fn racing(ctx: WorkflowContext) -> WorkflowResult<()> {
    let mut timer = ctx.sleep(Duration::from_secs(10)).start();
    let mut activity = ctx.activity(noop_activity, ()).start();
    outlast::select! {
        fired = &mut timer => fired?,
        done = &mut activity => done?,
    }
    timer.detach();
    Ok(())
}

#[test]
fn recordings_of_other_sdks_replay() {
    assert_replay_others([
        (
            "features-activity_retry_on_error_history_history.go.v1.5.0",
            twin(failing_of_go),
        ),
        (
            "features-telemetry_metrics_history_history.go.v1.11.0",
            twin(joining),
        ),
        (
            "typescript_packages_test_history_files_lang_flags_replay_correctly_1_9_3",
            twin(racing),
        ),
        (
            "python_tests_worker_test_replayer_complete_history",
            twin(hello_of_python),
        ),
        (
            "dotnet_tests_Temporalio.Tests_Worker_Histories_replayer-test.complete",
            twin(hello_of_dotnet),
        ),
    ]);
}

#[workflow(name = "Workflow")]
async fn hands_back(_ctx: WorkflowContext, input: Raw) -> WorkflowResult<Raw> {
    Ok(input)
}

#[workflow(name = "ChildWorkflow")]
async fn hands_back_as_a_child(_ctx: WorkflowContext, input: Raw) -> WorkflowResult<Raw> {
    Ok(input)
}

#[workflow(name = "Workflow")]
async fn nothing(ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(ctx.activity(null_activity, ()).await?)
}

#[workflow(name = "Workflow")]
async fn echoes_twice(ctx: WorkflowContext) -> WorkflowResult<String> {
    ctx.activity(echo_nothing, ()).await?;
    Ok(ctx.activity(echo_nothing, ()).await?)
}

#[workflow(name = "Workflow")]
async fn ends_at_once(_ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

#[derive(Default)]
struct Continuing;

#[workflow(name = "Workflow")]
impl Continuing {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, input: String) -> WorkflowResult<String> {
        if ctx.info().continued_run_id().is_none() {
            return ctx.continue_as_new(input);
        }
        Ok(input)
    }
}

#[derive(Default)]
struct Signaled {
    word: Option<String>,
}

#[workflow(name = "Workflow")]
impl Signaled {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Option<String>> {
        ctx.wait_until(|w| w.word.is_some()).await?;
        let word = ctx.state().word.clone();
        Ok(word)
    }

    #[signal]
    fn my_signal(&mut self, word: String) {
        self.word = Some(word);
    }

    #[signal]
    fn external_signal(&mut self, word: String) {
        self.word = Some(word);
    }
}

#[derive(Default)]
struct Queried {
    counter: u32,
    is_finished: bool,
}

#[workflow(name = "Workflow")]
impl Queried {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(ctx.wait_until(|w| w.is_finished).await?)
    }

    #[signal]
    fn inc_counter(&mut self) {
        self.counter += 1;
    }

    #[signal]
    fn finish(&mut self) {
        self.is_finished = true;
    }

    #[query]
    fn get_counter(&self) -> u32 {
        self.counter
    }
}

#[derive(Default)]
struct Updated {
    is_done: bool,
}

#[workflow(name = "Workflow")]
impl Updated {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<String> {
        ctx.wait_until(|w| w.is_done).await?;
        Ok("Hello, World!".to_owned())
    }

    #[update]
    fn do_update(&mut self) -> Result<String, WorkflowError> {
        self.is_done = true;
        Ok("Updated".to_owned())
    }

    #[update]
    async fn do_activities(ctx: WorkflowContext<Self>) -> Result<(), WorkflowError> {
        for said in outlast::join_all((0..6).map(|_| ctx.activity(say_hi, ()))).await {
            said?;
        }
        ctx.state().is_done = true;
        Ok(())
    }
}

#[test]
fn recordings_of_the_features_suite_replay() {
    let file =
        |feature: &str, run: u32| format!("features-py/{feature}/history/history.py.1.35.0.{run}");
    let recordings = [
        ("data_converter/binary", 1, twin(hands_back)),
        ("data_converter/binary_protobuf", 1, twin(hands_back)),
        ("data_converter/json", 1, twin(hands_back)),
        ("data_converter/json_protobuf", 1, twin(hands_back)),
        ("data_converter/empty", 1, twin(nothing)),
        ("activity/basic_no_workflow_timeout", 1, twin(echoes_twice)),
        ("activity/retry_on_error", 1, twin(failing_of_python)),
        ("child_workflow/result", 2, twin(hands_back_as_a_child)),
        ("continue_as_new/continue_as_same", 1, twin(Continuing::run)),
        ("continue_as_new/continue_as_same", 2, twin(Continuing::run)),
        ("query/successful_query", 1, twin(Queried::run)),
        (
            "query/timeout_due_to_no_active_workers",
            1,
            twin(Queried::run),
        ),
        ("query/unexpected_arguments", 1, twin(Queried::run)),
        ("query/unexpected_query_type_name", 1, twin(Queried::run)),
        ("query/unexpected_return_type", 1, twin(Queried::run)),
        ("schedule/cron", 1, twin(ends_at_once)),
        ("schedule/cron", 2, twin(ends_at_once)),
        ("schedule/cron", 3, twin(ends_at_once)),
        ("schedule/duplicate_error", 1, twin(ends_at_once)),
        ("signal/basic", 1, twin(Signaled::run)),
        ("signal/external", 1, twin(Signaled::run)),
        ("update/basic", 1, twin(Updated::run)),
        ("update/activities", 1, twin(Updated::run)),
    ];
    for (feature, run, twin) in recordings {
        assert_replay_others([(&*file(feature, run), twin)]);
    }
}
