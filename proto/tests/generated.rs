//! What the build script promises of the generated code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use outlast_proto::FILE_DESCRIPTOR_SET;
use outlast_proto::temporal::api::command::v1::{Command, command};
use outlast_proto::temporal::api::common::v1::Payload;
use outlast_proto::temporal::api::history::v1::{HistoryEvent, history_event as event};
use outlast_proto::temporal::api::operatorservice::v1::operator_service_client::OperatorServiceClient;
use outlast_proto::temporal::api::operatorservice::v1::operator_service_server::{
    OperatorService, OperatorServiceServer,
};
use outlast_proto::temporal::api::operatorservice::v1::{self as operator};
use outlast_proto::temporal::api::workflowservice::v1 as workflow;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_server::{
    WorkflowService, WorkflowServiceServer,
};
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use tonic::{Code, Status};

/// Overrides nothing.
struct Nothing;

impl WorkflowService for Nothing {}

impl OperatorService for Nothing {}

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the set decodes");
    set.file
}

/// The text of the generated files, by their names.
fn code() -> BTreeMap<String, String> {
    let folder = fs::read_dir(env!("OUT_DIR")).expect("the build script wrote there");
    let files = folder.map(|entry| entry.expect("an entry is readable").path());
    let code = files.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    code.map(|path| {
        let text = fs::read_to_string(&path).expect("code is UTF-8");
        (path.display().to_string(), text)
    })
    .collect()
}

/// The result of what needs nobody else to come to its end.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn assert_unimplemented<T>(answer: Result<T, Status>) {
    let status = answer.err().expect("nothing is implemented");
    assert_eq!(status.code(), Code::Unimplemented);
}

#[test]
fn packages_that_nobody_speaks_are_left_out() {
    let files = files();
    let packages: BTreeSet<_> = files.iter().map(FileDescriptorProto::package).collect();
    assert!(packages.contains("temporal.api.workflowservice.v1"));
    for name in ["cloud", "coresdk", "temporal.sdk", "openapi", "gateway"] {
        let stray = packages.iter().find(|package| package.contains(name));
        assert_eq!(stray, None);
    }
}

#[test]
fn the_descriptors_are_complete_without_what_is_left_out() {
    let files = files();
    let names: Vec<_> = files.iter().map(FileDescriptorProto::name).collect();
    for file in &files {
        let missing = file.dependency.iter().find(|i| !names.contains(&&***i));
        assert_eq!(missing, None, "imported by {}", file.name());
        assert_eq!(file.source_code_info, None, "{} has comments", file.name());
    }
}

#[test]
fn bytes_are_shared_and_maps_are_ordered_everywhere() {
    for (file, text) in code() {
        for word in ["Vec<u8>", "\"vec\"", "HashMap"] {
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let found = lines.clone().find(|line| line.contains(word));
            assert_eq!(found, None, "{file}");
        }
    }
    let Payload { metadata, data, .. } = Payload::default();
    let _: (BTreeMap<String, Bytes>, Bytes) = (metadata, data);
}

#[test]
fn events_and_commands_are_small_because_their_attributes_are_boxed() {
    assert!(size_of::<HistoryEvent>() < 400);
    assert!(size_of::<Command>() < 400);
    assert_eq!(size_of::<event::Attributes>(), 16);
    assert_eq!(size_of::<command::Attributes>(), 16);
    drop(event::Attributes::TimerFiredEventAttributes(Box::default()));
    drop(command::Attributes::StartTimerCommandAttributes(
        Box::default(),
    ));
}

#[test]
fn a_client_reaches_a_server_and_methods_that_are_not_overridden_are_unimplemented() {
    let mut client = WorkflowServiceClient::new(WorkflowServiceServer::new(Nothing));
    assert_unimplemented(now(
        client.get_system_info(workflow::GetSystemInfoRequest::default())
    ));
    let polled = workflow::PollWorkflowTaskQueueRequest::default();
    assert_unimplemented(now(client.poll_workflow_task_queue(polled)));
    let mut client = OperatorServiceClient::new(OperatorServiceServer::new(Nothing));
    let asked = operator::ListSearchAttributesRequest::default();
    assert_unimplemented(now(client.list_search_attributes(asked)));
}
