//! Which calls the in-memory server serves, and the document that says so.

use std::fmt::Write;
use std::future::poll_fn;

use http_body_util::Full;
use outlast_testing::{Server, ServerOptions};
use prost_reflect::MethodDescriptor;
use similar::TextDiff;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::codegen::{Bytes, Service};
use tonic::{Code, Status};

use crate::transcript::pool;

const SERVICES: [&str; 3] = [
    "temporal.api.workflowservice.v1.WorkflowService",
    "temporal.api.operatorservice.v1.OperatorService",
    "temporal.api.testservice.v1.TestService",
];

#[tokio::test]
async fn the_document_lists_what_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/test-server.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (_, list) = document.split_once("## Calls\n").unwrap();
    let mut want = String::new();
    for name in SERVICES {
        let service = pool().get_service_by_name(name).unwrap();
        let (mut served, mut missing) = (String::new(), String::new());
        for method in service.methods() {
            let list = match is_served(&method).await {
                true => &mut served,
                false => &mut missing,
            };
            writeln!(list, "- `{}`", method.name()).unwrap();
        }
        write!(want, "\n### {}: served\n\n{served}", service.name()).unwrap();
        if !missing.is_empty() {
            write!(want, "\n### {}: not served\n\n{missing}", service.name()).unwrap();
        }
    }
    let diff = TextDiff::from_lines(list, &want);
    let diff = diff.unified_diff().to_string();
    assert!(
        diff.is_empty(),
        "docs/test-server.md is out of date:\n{diff}"
    );
}

/// Sends an empty request to a server of its own.
async fn is_served(method: &MethodDescriptor) -> bool {
    let mut server = Server::new(ServerOptions::default()).service();
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let request = Request::post(path)
        .header("content-type", "application/grpc")
        .body(Body::new(Full::new(Bytes::from_static(&[0; 5]))))
        .unwrap();
    let called = server.call(request);
    tokio::pin!(called);
    // A call that has to wait is one that is served.
    let answer = poll_fn(|context| match called.as_mut().poll(context) {
        std::task::Poll::Ready(answer) => std::task::Poll::Ready(answer.ok()),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await;
    let status = answer.and_then(|answer| Status::from_header_map(answer.headers()));
    status.is_none_or(|status| status.code() != Code::Unimplemented)
}
