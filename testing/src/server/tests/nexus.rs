//! Nexus operations on a virtual clock.

use outlast_proto::temporal::api::command::v1::command::Attributes as CommandAttributes;
use outlast_proto::temporal::api::command::v1::{Command, ScheduleNexusOperationCommandAttributes};
use outlast_proto::temporal::api::enums::v1::{CommandType, EventType as E};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::endpoint_target::{External, Variant, Worker};
use outlast_proto::temporal::api::nexus::v1::response::Variant as Response;
use outlast_proto::temporal::api::nexus::v1::start_operation_response as started;
use outlast_proto::temporal::api::operatorservice::v1::{
    CreateNexusEndpointRequest, DeleteNexusEndpointRequest,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::{Answer, CallId};

const DAY: f64 = 86_400.0;

/// A workflow that has asked for an operation.
fn called(target: Variant, others: Vec<Command>) -> Scene {
    called_within(None, target, others)
}

fn called_within(time: Option<f64>, target: Variant, others: Vec<Command>) -> Scene {
    let mut scene = Scene::new();
    let spec = nexus::EndpointSpec {
        name: "bank".to_owned(),
        description: None,
        target: Some(nexus::EndpointTarget {
            variant: Some(target),
        }),
    };
    let request = CreateNexusEndpointRequest { spec: Some(spec) };
    scene.engine.create_nexus_endpoint(request).unwrap();
    scene.start();
    let task = scene.poll();
    let attributes = ScheduleNexusOperationCommandAttributes {
        endpoint: "bank".to_owned(),
        service: "accounts".to_owned(),
        operation: "pay".to_owned(),
        schedule_to_close_timeout: time.and_then(seconds),
        ..Default::default()
    };
    let call = command(
        CommandType::ScheduleNexusOperation,
        CommandAttributes::ScheduleNexusOperationCommandAttributes(Box::new(attributes)),
    );
    let commands = [call].into_iter().chain(others).collect();
    scene.complete(&task, commands).unwrap();
    scene
}

fn by_worker() -> Variant {
    Variant::Worker(Worker {
        namespace: "default".to_owned(),
        task_queue: "handlers".to_owned(),
    })
}

fn begin_poll(scene: &mut Scene) -> CallId {
    let request = api::PollNexusTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: queue("handlers"),
        ..Default::default()
    };
    scene.engine.poll_nexus_task_queue(request).unwrap()
}

fn nexus_task(scene: &mut Scene, call: CallId) -> api::PollNexusTaskQueueResponse {
    match scene.answer(call) {
        Some(Answer::NexusTask(task)) => *task,
        other => panic!("{other:?}"),
    }
}

fn goes_on(scene: &mut Scene, task: &api::PollNexusTaskQueueResponse) {
    let success = started::Async {
        operation_token: "token".to_owned(),
        ..Default::default()
    };
    let response = nexus::StartOperationResponse {
        variant: Some(started::Variant::AsyncSuccess(success)),
    };
    let request = api::RespondNexusTaskCompletedRequest {
        task_token: task.task_token.clone(),
        response: Some(nexus::Response {
            variant: Some(Response::StartOperation(response)),
        }),
        ..Default::default()
    };
    scene.engine.respond_nexus_task_completed(request).unwrap();
}

fn fail(scene: &mut Scene, task: &api::PollNexusTaskQueueResponse) {
    let error = nexus::HandlerError {
        error_type: "UNAVAILABLE".to_owned(),
        ..Default::default()
    };
    let request = api::RespondNexusTaskFailedRequest {
        task_token: task.task_token.clone(),
        error: Some(error),
        ..Default::default()
    };
    scene.engine.respond_nexus_task_failed(request).unwrap();
}

#[test]
fn a_handler_at_work_holds_the_clock_and_a_started_operation_does_not() {
    let mut scene = called(by_worker(), vec![start_timer("t", DAY)]);
    let call = begin_poll(&mut scene);
    let task = nexus_task(&mut scene, call);
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    goes_on(&mut scene, &task);
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    assert_eq!(scene.elapsed(), DAY);
}

#[test]
fn an_operation_that_no_handler_takes_holds_nothing() {
    let mut scene = called(by_worker(), vec![start_timer("t", DAY)]);
    scene.await_result();
    assert_eq!(scene.elapsed(), DAY);
}

#[test]
fn attempts_are_repeated_in_virtual_time() {
    let mut scene = called(by_worker(), vec![]);
    for want in [1.0, 3.0, 7.0] {
        let call = begin_poll(&mut scene);
        let task = nexus_task(&mut scene, call);
        scene.await_result();
        fail(&mut scene, &task);
        assert_eq!(scene.elapsed(), want);
    }
}

#[test]
fn a_handler_that_would_have_too_little_time_is_not_asked() {
    for (time, is_asked) in [(1.4, false), (1.5, true)] {
        let others = vec![start_timer("t", DAY)];
        let mut scene = called_within(Some(time), by_worker(), others);
        let call = begin_poll(&mut scene);
        assert_eq!(scene.answer(call).is_some(), is_asked, "{time} s");
        scene.advance(0);
        let timed_out = scene.types().contains(&E::NexusOperationTimedOut);
        assert_eq!((timed_out, scene.elapsed()), (!is_asked, 0.0), "{time} s");
    }
}

#[test]
fn a_handler_that_is_gone_gets_the_task_again() {
    let mut scene = called(by_worker(), vec![]);
    let call = begin_poll(&mut scene);
    let answer = scene.answer(call).unwrap();
    scene.engine.return_undelivered(answer);
    let call = begin_poll(&mut scene);
    let task = nexus_task(&mut scene, call);
    goes_on(&mut scene, &task);
    assert!(scene.types().contains(&E::NexusOperationStarted));
}

#[test]
fn operations_of_other_servers_fail_and_say_why() {
    let url = Variant::External(External {
        url: "https://example.com".to_owned(),
    });
    let scene = called(url, vec![]);
    let events = scene.history();
    let failed = events.iter().find_map(|event| match &event.attributes {
        Some(Attributes::NexusOperationFailedEventAttributes(a)) => a.failure.clone(),
        _ => None,
    });
    let cause = failed.unwrap().cause.unwrap();
    assert!(cause.message.contains("makes no HTTP calls"), "{cause:?}");
    assert_eq!(
        events.last().unwrap().event_type(),
        E::WorkflowTaskScheduled
    );
}

#[test]
fn an_operation_whose_endpoint_is_gone_fails_after_a_reset() {
    let mut scene = called(by_worker(), vec![]);
    scene.signal("go on");
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    let request = Default::default();
    let endpoints = scene.engine.list_nexus_endpoints(&request).unwrap();
    let endpoint = &endpoints.endpoints[0];
    let request = DeleteNexusEndpointRequest {
        id: endpoint.id.clone(),
        version: endpoint.version,
    };
    scene.engine.delete_nexus_endpoint(&request).unwrap();
    let request = api::ResetWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: execution(""),
        workflow_task_finish_event_id: 9,
        request_id: "once".to_owned(),
        ..Default::default()
    };
    scene.engine.reset_workflow_execution(request).unwrap();
    let want = [
        E::WorkflowTaskFailed,
        E::NexusOperationFailed,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[8..], want);
}

#[test]
fn the_end_of_an_operation_comes_after_other_news() {
    let mut scene = called(by_worker(), vec![]);
    let call = begin_poll(&mut scene);
    let asked = nexus_task(&mut scene, call);
    goes_on(&mut scene, &asked);
    let task = scene.poll();
    scene.advance(1);
    let mut request = Scene::start_request();
    request.workflow_id = "handler".to_owned();
    let Some(nexus::request::Variant::StartOperation(start)) =
        asked.request.and_then(|request| request.variant)
    else {
        panic!("a start is asked for")
    };
    request.completion_callbacks = vec![callback(&start)];
    scene.engine.start_workflow_execution(request).unwrap();
    let terminate = api::TerminateWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: Some(
            outlast_proto::temporal::api::common::v1::WorkflowExecution {
                workflow_id: "handler".to_owned(),
                run_id: String::new(),
            },
        ),
        ..Default::default()
    };
    scene
        .engine
        .terminate_workflow_execution(terminate)
        .unwrap();
    scene.signal("late");
    scene.complete(&task, vec![]).unwrap();
    let types = scene.types();
    let end = [
        E::WorkflowExecutionSignaled,
        E::NexusOperationFailed,
        E::WorkflowTaskScheduled,
    ];
    assert!(types.ends_with(&end), "{types:?}");
}

fn callback(
    start: &nexus::StartOperationRequest,
) -> outlast_proto::temporal::api::common::v1::Callback {
    use outlast_proto::temporal::api::common::v1::{Callback, callback};
    let nexus = callback::Nexus {
        url: start.callback.clone(),
        header: start.callback_header.clone(),
    };
    Callback {
        variant: Some(callback::Variant::Nexus(nexus)),
        ..Default::default()
    }
}
