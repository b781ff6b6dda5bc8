//! The client against a real server, named by `OUTLAST_TEST_ADDRESS` (`host:port`).
//!
//! Tests that reached it are added to the file that `OUTLAST_TEST_REPORT` names.

#![allow(clippy::disallowed_macros, reason = "clients wait as the runtime does")]

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use outlast::client::{
    IdConflictPolicy, RequestError, ResultError, SignalError, StartError, Untyped, WorkflowStatus,
};
use outlast::convert::ToPayload;
use outlast::raw::proto::temporal::api::command::v1::command::Attributes;
use outlast::raw::proto::temporal::api::command::v1::{
    Command, CompleteWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes,
};
use outlast::raw::proto::temporal::api::common::v1::Payloads;
use outlast::raw::proto::temporal::api::enums::v1::CommandType;
use outlast::raw::proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast::raw::proto::temporal::api::workflowservice::v1::{
    PollWorkflowTaskQueueRequest, RespondWorkflowTaskCompletedRequest,
};
use outlast::{Client, Failure, RetryPolicy, WorkflowHandle};

const QUEUE: &str = "client-live-nobody-polls";

/// A client of the server under test. Without one, says so.
async fn connect() -> Option<Client> {
    let Ok(address) = std::env::var("OUTLAST_TEST_ADDRESS") else {
        say("skipped: OUTLAST_TEST_ADDRESS names no server");
        return None;
    };
    say(&format!("running against {address}"));
    let client = Client::connect(address).await.expect("the server is there");
    report();
    Some(client)
}

/// Past the test harness, which hides what a passing test prints.
fn say(what: &str) {
    writeln!(std::io::stderr(), "{}: {what}", test_name()).expect("stderr is writable");
}

/// Notes that the real server was there.
fn report() {
    let Ok(path) = std::env::var("OUTLAST_TEST_REPORT") else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write, so that the lines of several tests do not mix.
    let line = format!("client_live::{}\n", test_name());
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.expect("the report can be written");
}

fn test_name() -> String {
    let thread = std::thread::current();
    thread.name().unwrap_or("client_live").to_owned()
}

async fn start(client: &Client) -> WorkflowHandle<Untyped> {
    client
        .start_by_name("NobodyRunsIt", (1, "two".to_owned()))
        .task_queue(QUEUE)
        .memo("note", &"from a test")
        .summary("a test")
        .await
        .expect("the workflow starts")
}

#[tokio::test]
async fn a_workflow_is_started_seen_signaled_and_terminated() {
    let Some(client) = connect().await else {
        return;
    };
    let workflow = start(&client).await;
    let signal = workflow.signal_by_name("poke", (7,));
    signal.await.expect("it is open");

    let seen = workflow.describe().await.expect("it exists");
    assert_eq!(seen.status, WorkflowStatus::Running);
    assert_eq!(seen.workflow_type, "NobodyRunsIt");
    assert_eq!(seen.task_queue, QUEUE);
    assert_eq!(seen.memo::<String>("note").as_deref(), Some("from a test"));
    assert_eq!(seen.summary.as_deref(), Some("a test"));
    assert_eq!(Some(&seen.execution.run_id), workflow.run_id());

    let terminate = workflow.terminate("done with it");
    terminate.await.expect("it is open");
    let error = workflow.result().await.expect_err("it was terminated");
    assert!(
        matches!(&error, ResultError::Terminated { reason, .. } if reason == "done with it"),
        "{error:?}"
    );
    let history = workflow.history().await.expect("it exists");
    let happened: Vec<_> = history.summary().collect();
    let expected = [
        "event 1, WorkflowExecutionStarted",
        "event 2, WorkflowTaskScheduled",
        "event 3, WorkflowExecutionSignaled (`poke`)",
        "event 4, WorkflowExecutionTerminated",
    ];
    assert_eq!(happened, expected);
}

#[tokio::test]
async fn a_result_comes_from_the_last_run() {
    let Some(client) = connect().await else {
        return;
    };
    let queue = format!("client-live-{}", std::process::id());
    let workflow = client
        .start_by_name("RunsTwice", ())
        .task_queue(&queue)
        .retry(RetryPolicy::new().max_attempts(2))
        .await
        .expect("the workflow starts");
    let failure = Failure::application("First", "not yet");
    let fail = FailWorkflowExecutionCommandAttributes {
        failure: Some(failure.into()),
    };
    let fail = Attributes::FailWorkflowExecutionCommandAttributes(fail.into());
    answer_task(&client, &queue, CommandType::FailWorkflowExecution, fail).await;
    let first = workflow.result().of_this_run().await;
    let first = first.expect_err("the first run failed");
    assert_eq!(first.application_kind(), Some("First"));

    let value = 7.to_payload().expect("numbers can be encoded");
    let complete = CompleteWorkflowExecutionCommandAttributes {
        result: Some(Payloads {
            payloads: vec![value.clone().into()],
        }),
    };
    let complete = Attributes::CompleteWorkflowExecutionCommandAttributes(complete.into());
    let finish = CommandType::CompleteWorkflowExecution;
    let (result, ()) = tokio::join!(
        workflow.result(),
        answer_task(&client, &queue, finish, complete)
    );
    assert_eq!(result.expect("the second run completed").0, value);
}

/// Takes a workflow task and answers it by one command, as a worker would.
async fn answer_task(client: &Client, queue: &str, command: CommandType, with: Attributes) {
    let mut service = outlast::raw::service(client);
    let poll = PollWorkflowTaskQueueRequest {
        namespace: client.namespace().to_owned(),
        identity: client.identity().to_owned(),
        task_queue: Some(TaskQueue {
            name: queue.to_owned(),
            ..TaskQueue::default()
        }),
        ..PollWorkflowTaskQueueRequest::default()
    };
    let mut poll = tonic::Request::new(poll);
    poll.set_timeout(Duration::from_secs(30));
    let task = service.poll_workflow_task_queue(poll).await;
    let answer = RespondWorkflowTaskCompletedRequest {
        namespace: client.namespace().to_owned(),
        task_token: task.expect("there is a task").into_inner().task_token,
        commands: vec![Command {
            command_type: command as i32,
            attributes: Some(with),
            ..Command::default()
        }],
        ..RespondWorkflowTaskCompletedRequest::default()
    };
    let answered = service.respond_workflow_task_completed(answer).await;
    answered.expect("the command is good");
}

#[tokio::test]
async fn an_id_that_is_taken_is_refused_or_shared() {
    let Some(client) = connect().await else {
        return;
    };
    let first = start(&client).await;
    let again = || {
        client
            .start_by_name("NobodyRunsIt", ())
            .task_queue(QUEUE)
            .id(first.workflow_id().clone())
    };
    let error = again().await.expect_err("the id is taken");
    let StartError::AlreadyStarted { run_id, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(Some(&run_id), first.run_id());
    let shared = again().id_conflict_policy(IdConflictPolicy::UseExisting);
    assert_eq!(shared.await.expect("it is shared").run_id(), first.run_id());

    let cancel = first.cancel().reason("enough");
    cancel.await.expect("it exists");
    let seen = first.describe().await.expect("it exists");
    assert!(seen.cancel_requested);
    let terminate = first.terminate("cleaning up");
    terminate.await.expect("it is open");
}

#[tokio::test]
async fn what_does_not_exist_or_has_ended_is_not_found() {
    let Some(client) = connect().await else {
        return;
    };
    let nobody = client.workflow_by_id("client-live-does-not-exist");
    let error = nobody.result().await.expect_err("it does not exist");
    assert!(matches!(error, ResultError::NotFound { .. }), "{error:?}");
    let error = nobody.describe().await.expect_err("it does not exist");
    assert!(matches!(error, RequestError::NotFound { .. }), "{error:?}");

    let ended = start(&client).await;
    ended.terminate("").await.expect("it is open");
    let signal = ended.signal_by_name("poke", ());
    let error = signal.await.expect_err("it has ended");
    assert!(matches!(error, SignalError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    // Port 1 is reserved, and nobody listens there.
    let error = Client::connect("127.0.0.1:1").await;
    let error = error.expect_err("nobody listens");
    let text = "cannot reach the server at `127.0.0.1:1`";
    assert_eq!(error.to_string(), text);
}
