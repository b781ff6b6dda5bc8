//! Workflow tasks through a worker with the real engine.

use std::time::Duration;

use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::enums::v1::{QueryResultType, WorkflowTaskFailedCause};
use outlast_proto::temporal::api::workflowservice::v1::*;
use tonic::Status;

use super::fake::{FakeServer, Queue, Said};
use super::history::*;
use super::start;
use crate::prelude::*;
use crate::worker::{WorkerBuilder, WorkerError};

#[workflow]
async fn echo(_ctx: WorkflowContext, text: String) -> WorkflowResult<String> {
    Ok(text)
}

#[workflow]
async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(Duration::from_hours(1)).await?;
    Ok(())
}

#[workflow]
async fn stumble(_ctx: WorkflowContext) -> WorkflowResult<()> {
    panic!("over a stone");
}

#[activity(start_to_close_timeout = "10s")]
async fn step() -> Result<(), ActivityError> {
    Ok(())
}

#[workflow]
async fn steps(ctx: WorkflowContext) -> WorkflowResult<()> {
    let steps: Vec<_> = (0..5).map(|_| ctx.activity(step, ()).start()).collect();
    for step in steps {
        step.await?;
    }
    Ok(())
}

fn workflows(builder: WorkerBuilder) -> WorkerBuilder {
    builder
        .workflow(echo)
        .workflow(nap)
        .workflow(steps)
        .workflow(stumble)
}

async fn completed(server: &mut FakeServer) -> RespondWorkflowTaskCompletedRequest {
    match server.said().await {
        Said::TaskCompleted(request) => request,
        other => panic!("no completion but {other:?}"),
    }
}

async fn failed(server: &mut FakeServer) -> RespondWorkflowTaskFailedRequest {
    match server.said().await {
        Said::TaskFailed(request) => request,
        other => panic!("no failure but {other:?}"),
    }
}

fn ends_run(request: &RespondWorkflowTaskCompletedRequest) -> bool {
    matches!(
        request
            .commands
            .last()
            .and_then(|command| command.attributes.as_ref()),
        Some(Attributes::CompleteWorkflowExecutionCommandAttributes(_))
    )
}

#[tokio::test]
async fn the_first_completion_names_the_sdk_and_keeps_the_run() {
    let mut server = FakeServer::new();
    server.workflow_task(Queue::Normal, first_task("echo", Some("hi")));
    let worker = start(&server, |builder| workflows(builder).build_id("b7"));
    let request = completed(&mut server).await;
    assert!(ends_run(&request));
    assert_eq!(request.task_token, "task 3");
    assert_eq!(
        (&*request.namespace, &*request.identity),
        ("default", "tester")
    );
    let sdk = request.sdk_metadata.unwrap();
    assert_eq!(
        (&*sdk.sdk_name, &*sdk.sdk_version),
        ("outlast", env!("CARGO_PKG_VERSION"))
    );
    assert!(
        request
            .capabilities
            .unwrap()
            .discard_speculative_workflow_task_with_events
    );
    assert!(request.return_new_workflow_task);
    let sticky = request.sticky_attributes.unwrap();
    assert_eq!(sticky.schedule_to_start_timeout.unwrap().seconds, 10);
    let queue = sticky.worker_task_queue.unwrap();
    assert!(queue.name.starts_with("tester-"), "{}", queue.name);
    assert_eq!((queue.normal_name.as_str(), queue.kind), ("orders", 2));
    #[expect(deprecated, reason = "the build id has no other place")]
    let stamp = request.worker_version_stamp.unwrap();
    assert_eq!(stamp.build_id, "b7");
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_without_a_cache_wants_whole_histories() {
    let mut server = FakeServer::new();
    server.workflow_task(Queue::Normal, first_task("nap", None));
    let worker = start(&server, |builder| {
        workflows(builder).max_cached_workflows(0)
    });
    let request = completed(&mut server).await;
    assert_eq!(
        (request.sticky_attributes, request.return_new_workflow_task),
        (None, false)
    );
    let mut events = first_events("nap", None);
    events.extend(woken_events());
    server.workflow_task(Queue::Normal, task("nap", events));
    assert!(ends_run(&completed(&mut server).await));
    worker.stop().await;
}

#[tokio::test]
async fn a_task_that_comes_with_the_answer_to_the_one_before_is_worked_on() {
    let mut server = FakeServer::new();
    server.workflow_task(Queue::Normal, first_task("nap", None));
    server.answer_completion(Ok(RespondWorkflowTaskCompletedResponse {
        workflow_task: Some(task("nap", woken_events())),
        ..RespondWorkflowTaskCompletedResponse::default()
    }));
    let worker = start(&server, workflows);
    assert!(!ends_run(&completed(&mut server).await));
    assert!(ends_run(&completed(&mut server).await));
    worker.stop().await;
}

#[tokio::test]
async fn gotcha_01_a_run_that_is_kept_passes_over_what_it_knows() {
    let mut server = FakeServer::new();
    let worker = start(&server, workflows);
    server.workflow_task(Queue::Normal, first_task("nap", None));
    assert!(!ends_run(&completed(&mut server).await));
    let mut events = first_events("nap", None);
    events.extend(woken_events());
    server.workflow_task(Queue::Sticky, task("nap", events));
    let request = completed(&mut server).await;
    assert_eq!(request.commands.len(), 1);
    assert!(ends_run(&request));
    worker.stop().await;
}

#[tokio::test]
async fn gotcha_30_a_task_with_nothing_to_do_is_completed_without_commands() {
    let mut server = FakeServer::new();
    let worker = start(&server, workflows);
    server.workflow_task(Queue::Normal, first_task("nap", None));
    assert_eq!(completed(&mut server).await.commands.len(), 1);
    server.workflow_task(Queue::Sticky, task("nap", quiet_events()));
    assert_eq!(completed(&mut server).await.commands, []);
    worker.stop().await;
}

#[tokio::test]
async fn gotcha_02_the_history_of_an_unknown_run_is_fetched_page_by_page() {
    let mut server = FakeServer::new();
    server.answer_history(page(first_events("nap", None), "more"));
    server.answer_history(page(woken_events(), ""));
    server.workflow_task(Queue::Sticky, task("nap", woken_events()));
    let worker = start(&server, workflows);
    for token in ["", "more"] {
        let Said::History(request) = server.said().await else {
            panic!("nothing is fetched")
        };
        assert_eq!(request.next_page_token, token);
        assert_eq!(request.execution.unwrap().run_id, "run");
        assert!(!request.wait_new_event);
    }
    assert!(ends_run(&completed(&mut server).await));
    worker.stop().await;
}

#[tokio::test]
async fn gotcha_07_a_task_that_the_server_discards_leaves_no_trace() {
    let mut server = FakeServer::new();
    let worker = start(&server, workflows);
    server.workflow_task(Queue::Normal, first_task("nap", None));
    assert_eq!(completed(&mut server).await.commands.len(), 1);
    for _ in 0..2 {
        server.answer_completion(Ok(RespondWorkflowTaskCompletedResponse {
            reset_history_event_id: 3,
            ..RespondWorkflowTaskCompletedResponse::default()
        }));
        let task = with_update(task("nap", quiet_events()), "unknown");
        server.workflow_task(Queue::Sticky, task);
        let request = completed(&mut server).await;
        assert_eq!((request.commands.len(), request.messages.len()), (0, 1));
    }
    server.workflow_task(Queue::Sticky, task("nap", woken_events()));
    assert!(ends_run(&completed(&mut server).await));
    worker.stop().await;
}

#[tokio::test]
async fn gotcha_12_a_query_is_answered_as_a_query() {
    let mut server = FakeServer::new();
    server.answer_history(page(first_events("nap", None), ""));
    let task = PollWorkflowTaskQueueResponse {
        poller_group_id: "group".to_owned(),
        ..query("nap", "__stack_trace")
    };
    server.workflow_task(Queue::Normal, task);
    let worker = start(&server, workflows);
    let Said::History(_) = server.said().await else {
        panic!("nothing is fetched")
    };
    let Said::Query(answer) = server.said().await else {
        panic!("no answer")
    };
    assert_eq!(answer.completed_type, QueryResultType::Answered as i32);
    assert_eq!(
        (&*answer.poller_group_id, answer.task_token),
        ("group", "query".into())
    );
    assert!(answer.query_result.is_some());
    worker.stop().await;
    assert!(matches!(server.said_already()[..], [Said::Shutdown(_)]));
}

#[tokio::test]
async fn gotcha_16_after_unhandled_events_the_run_is_replayed_with_them() {
    let mut server = FakeServer::new();
    server.answer_completion(Err(Status::invalid_argument("UnhandledCommand")));
    for _ in 0..2 {
        server.workflow_task(Queue::Normal, first_task("echo", Some("hi")));
    }
    let worker = start(&server, workflows);
    assert!(ends_run(&completed(&mut server).await));
    assert!(ends_run(&completed(&mut server).await));
    worker.stop().await;
    assert!(matches!(server.said_already()[..], [Said::Shutdown(_)]));
}

#[tokio::test]
async fn an_answer_that_is_too_large_fails_the_task_once() {
    for (attempt, want) in [(1, true), (2, false)] {
        let mut server = FakeServer::new();
        let message = "grpc: received message larger than max (5000000 vs. 4194304)";
        server.answer_completion(Err(Status::resource_exhausted(message)));
        let task = PollWorkflowTaskQueueResponse {
            attempt,
            ..first_task("echo", Some("hi"))
        };
        server.workflow_task(Queue::Normal, task);
        let worker = start(&server, workflows);
        completed(&mut server).await;
        if want {
            let request = failed(&mut server).await;
            assert_eq!(
                request.cause,
                WorkflowTaskFailedCause::GrpcMessageTooLarge as i32
            );
        }
        worker.stop().await;
        assert!(
            matches!(server.said_already()[..], [Said::Shutdown(_)]),
            "attempt {attempt}"
        );
    }
}

#[tokio::test]
async fn a_panic_fails_the_task_and_says_where() {
    let mut server = FakeServer::new();
    server.workflow_task(Queue::Normal, first_task("stumble", None));
    let worker = start(&server, workflows);
    let request = failed(&mut server).await;
    assert_eq!(
        request.cause,
        WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure as i32
    );
    let failure = request.failure.unwrap();
    assert!(
        failure.message.contains("over a stone"),
        "{}",
        failure.message
    );
    assert!(
        failure.message.contains("workflows.rs"),
        "{}",
        failure.message
    );
    worker.stop().await;
}

#[tokio::test]
async fn three_activities_of_a_task_may_start_without_their_queue() {
    let mut server = FakeServer::new();
    server.workflow_task(Queue::Normal, first_task("steps", None));
    server.answer_completion(Ok(RespondWorkflowTaskCompletedResponse {
        activity_tasks: vec![PollActivityTaskQueueResponse {
            task_token: "eager".into(),
            activity_type: Some("step").map(|name| {
                outlast_proto::temporal::api::common::v1::ActivityType {
                    name: name.to_owned(),
                }
            }),
            ..PollActivityTaskQueueResponse::default()
        }],
        ..RespondWorkflowTaskCompletedResponse::default()
    }));
    let worker = start(&server, |builder| {
        // One more than are asked for at once: the rest must be free again for the poll.
        workflows(builder)
            .activity(step)
            .max_concurrent_activity_polls(1)
            .max_concurrent_activities(4)
    });
    let request = completed(&mut server).await;
    let eager: Vec<bool> = request
        .commands
        .iter()
        .map(|command| match &command.attributes {
            Some(Attributes::ScheduleActivityTaskCommandAttributes(activity)) => {
                activity.request_eager_execution
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(eager, [true, true, true, false, false]);
    let Said::ActivityCompleted(done) = server.said().await else {
        panic!("nothing ran")
    };
    assert_eq!(done.task_token, "eager");
    worker.stop().await;
}

#[tokio::test]
async fn activities_are_left_to_their_queue_where_that_is_wanted() {
    for is_allowed in [false, true] {
        let mut server = FakeServer::new();
        server.workflow_task(Queue::Normal, first_task("steps", None));
        // Without activities there is nobody to run them.
        let worker = start(&server, |builder| match is_allowed {
            true => workflows(builder),
            false => workflows(builder).activity(step).disable_eager_activities(),
        });
        let request = completed(&mut server).await;
        for command in &request.commands {
            let Some(Attributes::ScheduleActivityTaskCommandAttributes(activity)) =
                &command.attributes
            else {
                panic!("{command:?}");
            };
            assert!(!activity.request_eager_execution);
        }
        worker.stop().await;
    }
}

#[tokio::test]
async fn gotcha_18_tasks_that_fail_leave_their_slots_to_others() {
    let mut server = FakeServer::new();
    for run in ["a", "b", "c", "d"] {
        server.workflow_task(Queue::Normal, of_run(first_task("stumble", None), run));
    }
    server.workflow_task(Queue::Normal, first_task("echo", Some("hi")));
    let worker = start(&server, |builder| {
        workflows(builder).max_concurrent_workflow_tasks(2)
    });
    for _ in 0..4 {
        failed(&mut server).await;
    }
    assert!(ends_run(&completed(&mut server).await));
    worker.stop().await;
}

#[tokio::test]
async fn gotcha_38_a_small_cache_starves_neither_queue() {
    let mut server = FakeServer::new();
    let worker = start(&server, |builder| {
        workflows(builder).max_cached_workflows(1)
    });
    server.polled(Queue::Sticky, 1).await;
    server.polled(Queue::Normal, 1).await;
    for run in ["a", "b", "c"] {
        server.workflow_task(Queue::Normal, of_run(first_task("echo", Some("hi")), run));
        assert!(ends_run(&completed(&mut server).await));
        server.polled(Queue::Normal, 1).await;
        server.polled(Queue::Sticky, 1).await;
    }
    worker.stop().await;
}

#[tokio::test]
async fn a_namespace_that_does_not_exist_ends_the_worker_at_once() {
    let server = FakeServer::new();
    server.lacks_namespace();
    let worker = start(&server, workflows);
    let error = worker.ended.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, WorkerError::NamespaceNotFound { namespace } if namespace == "default")
    );
    assert!(error.to_string().contains("create it"), "{error}");
}
