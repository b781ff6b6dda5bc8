//! Workflows in place of others.

use outlast::prelude::*;
use outlast::raw::proto::temporal::api::command::v1 as commands;
use outlast::raw::proto::temporal::api::command::v1::command::Attributes;
use outlast::raw::proto::temporal::api::common::v1::{Payloads, WorkflowType};
use outlast::raw::proto::temporal::api::enums::v1::CommandType;
use outlast::raw::proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast::raw::proto::temporal::api::workflowservice::v1 as api;
use outlast::raw::proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use outlast::{Payload, raw};
use outlast_testing::TestEnv;

use crate::scene::*;

#[workflow]
async fn ship(ctx: WorkflowContext, order: String, count: u32) -> WorkflowResult<String> {
    unreachable!("no test ships {count} of {order} for real, in {ctx:?}")
}

#[tokio::test]
async fn a_mocked_workflow_takes_time_and_may_fail() {
    let env = TestEnv::new().mock_workflow_async(ship, |ctx, (order, count)| async move {
        ctx.sleep(count * HOUR).await?;
        match count {
            0 => Err(WorkflowError::application("Nothing", "nothing to ship")),
            _ => Ok(order),
        }
    });
    let watch = Stopwatch::start(&env);
    let shipped = env.start_mocked(ship, ("pen".to_owned(), 3)).await;
    assert_eq!(shipped.result().await.unwrap(), "pen");
    assert_eq!(watch.elapsed(), 3 * HOUR);
    let failed = env.start_mocked(ship, ("ink".to_owned(), 0)).await;
    let error = failed.result().await.unwrap_err();
    assert_eq!(error.application_kind(), Some("Nothing"));
    let inputs = env.workflow_inputs(ship);
    assert_eq!(inputs, [("pen".to_owned(), 3), ("ink".to_owned(), 0)]);
}

/// The parent is a worker of raw calls: what it starts is the child of any SDK's workflow.
#[tokio::test]
async fn a_child_that_is_mocked_runs_in_its_parents_place() {
    let env = TestEnv::new().mock_workflow(ship, |(order, count)| Ok(format!("{count} {order}")));
    env.start_mocked(ship, ("ink".to_owned(), 1))
        .await
        .result()
        .await
        .unwrap();
    let parent = env
        .client()
        .start_by_name("Parent", ())
        .task_queue("parents");
    let parent = parent.id("parent").await.unwrap();

    let mut service = raw::service(env.client());
    let task = poll(&mut service).await;
    let input = ["\"pen\"", "2"].map(|json| Payload::new("json/plain", json));
    let child = commands::StartChildWorkflowExecutionCommandAttributes {
        workflow_id: "child".to_owned(),
        workflow_type: Some(WorkflowType {
            name: "ship".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: "ship".to_owned(),
            ..TaskQueue::default()
        }),
        input: Some(Payloads {
            payloads: input.map(Into::into).to_vec(),
        }),
        ..Default::default()
    };
    let child = Attributes::StartChildWorkflowExecutionCommandAttributes(Box::new(child));
    respond(
        &mut service,
        task,
        CommandType::StartChildWorkflowExecution,
        child,
    )
    .await;

    let child = env.client().workflow(ship, "child");
    assert_eq!(child.result().await.unwrap(), "2 pen");
    assert_eq!(env.workflow_inputs(ship)[1], ("pen".to_owned(), 2));
    parent.terminate("it has served").await.unwrap();
}

type Service = WorkflowServiceClient<raw::Transport>;

async fn poll(service: &mut Service) -> api::PollWorkflowTaskQueueResponse {
    let poll = api::PollWorkflowTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: Some(TaskQueue {
            name: "parents".to_owned(),
            ..TaskQueue::default()
        }),
        ..Default::default()
    };
    service
        .poll_workflow_task_queue(poll)
        .await
        .unwrap()
        .into_inner()
}

async fn respond(
    service: &mut Service,
    task: api::PollWorkflowTaskQueueResponse,
    command_type: CommandType,
    attributes: Attributes,
) {
    let command = commands::Command {
        command_type: command_type as i32,
        attributes: Some(attributes),
        ..Default::default()
    };
    let answer = api::RespondWorkflowTaskCompletedRequest {
        task_token: task.task_token,
        commands: vec![command],
        ..Default::default()
    };
    service
        .respond_workflow_task_completed(answer)
        .await
        .unwrap();
}

#[tokio::test]
#[should_panic(expected = "`ship` is not mocked: mock it with `TestEnv::mock_workflow`")]
async fn a_workflow_that_is_not_mocked_is_not_started_as_a_mock() {
    let env = TestEnv::new();
    env.start_mocked(ship, ("pen".to_owned(), 3)).await;
}
