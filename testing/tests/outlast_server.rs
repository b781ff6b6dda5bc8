//! The program `outlast-server`, talked to through its port.

mod support;

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use outlast_proto::grpc::health::v1::HealthCheckRequest;
use outlast_proto::grpc::health::v1::health_check_response::ServingStatus;
use outlast_proto::grpc::health::v1::health_client::HealthClient;
use outlast_proto::temporal::api::enums::v1::{
    IndexedValueType, WorkflowExecutionStatus as Status,
};
use outlast_proto::temporal::api::operatorservice::v1::ListSearchAttributesRequest;
use outlast_proto::temporal::api::operatorservice::v1::operator_service_client::OperatorServiceClient;
use outlast_proto::temporal::api::testservice::v1::test_service_client::TestServiceClient;
use tonic::transport::{Channel, Endpoint};

use support::builders::*;
use support::peer::*;

/// In seconds.
const DAY: f64 = 86_400.0;

/// A running server. It is killed when it is dropped.
struct Program {
    child: Child,
    channel: Channel,
}

impl Program {
    async fn start(flags: &[&str]) -> Self {
        let port = free_port();
        let mut command = command(&[&*port.to_string()]);
        let mut program = Self {
            child: command.args(flags).spawn().unwrap(),
            channel: Endpoint::new(format!("http://127.0.0.1:{port}"))
                .unwrap()
                .connect_lazy(),
        };
        program.becomes_healthy().await;
        program
    }

    /// Asks until there is an answer: the program opens its port when it gets to it.
    async fn becomes_healthy(&mut self) {
        let mut health = HealthClient::new(self.channel.clone());
        loop {
            let answer = health.check(HealthCheckRequest::default()).await;
            if let Ok(answer) = answer {
                assert_eq!(answer.get_ref().status(), ServingStatus::Serving);
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}, {answer:?}");
            tokio::task::yield_now().await;
        }
    }

    fn peer(&self) -> Peer<Channel> {
        Peer::new(self.channel.clone(), "outlast-server")
    }

    /// The server's time, in seconds.
    async fn now(&self) -> i64 {
        let mut clock = TestServiceClient::new(self.channel.clone());
        let now = clock.get_current_time(()).await.unwrap().into_inner();
        now.time.unwrap().seconds
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outlast-server"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn it_serves_workflows() {
    let program = Program::start(&[]).await;
    let peer = program.peer();
    let run_id = peer.start().await;
    let task = peer.poll().await;
    assert_eq!(status(&peer, &run_id).await, Status::Running);
    let done = vec![complete_workflow("done")];
    peer.complete(&task, done).await.unwrap();
    assert_eq!(status(&peer, &run_id).await, Status::Completed);
}

#[tokio::test]
async fn its_clock_is_that_of_the_wall() {
    let program = Program::start(&[]).await;
    let (peer, before) = (program.peer(), program.now().await);
    peer.start().await;
    let timers = vec![start_timer("short", 0.1), start_timer("long", DAY)];
    peer.complete(&peer.poll().await, timers).await.unwrap();
    peer.poll().await;
    assert!(program.now().await - before < 3600, "it rang the short one");
}

#[tokio::test]
async fn its_clock_skips_where_that_is_enabled() {
    let program = Program::start(&["--enable-time-skipping"]).await;
    let (peer, before) = (program.peer(), program.now().await);
    peer.start().await;
    let timers = vec![start_timer("long", DAY)];
    peer.complete(&peer.poll().await, timers).await.unwrap();
    peer.poll().await;
    assert!(program.now().await - before >= DAY as i64);
}

#[tokio::test]
async fn it_knows_the_search_attributes_that_it_is_told() {
    let program = Program::start(&["--search-attribute", "Color=Keyword"]).await;
    let request = ListSearchAttributesRequest {
        namespace: "default".to_owned(),
    };
    let mut operator = OperatorServiceClient::new(program.channel.clone());
    let listed = operator.list_search_attributes(request).await.unwrap();
    let custom = &listed.get_ref().custom_attributes;
    assert_eq!(custom["Color"], IndexedValueType::Keyword as i32);
}

#[test]
fn wrong_arguments_are_answered_with_the_usage() {
    for (arguments, complaint) in [
        (&[][..], "no port given"),
        (&["12x"], "\"12x\" is no port or flag"),
        (&["7233", "--ip", "here"], "\"here\" is no IP address"),
        (
            &["7233", "--enable-time-travel"],
            "\"--enable-time-travel\" is no port or flag",
        ),
    ] {
        let output = command(arguments).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        let wanted = format!("outlast-server: {complaint}\nusage: outlast-server PORT ");
        assert!(told.starts_with(&wanted), "{arguments:?}: {told}");
    }
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let output = command(&[&*port.to_string()]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let wanted = format!("outlast-server: cannot bind 127.0.0.1:{port}: ");
    assert!(told.starts_with(&wanted), "{told}");
    assert!(!told.contains("usage"), "{told}");
}

async fn status(peer: &Peer<Channel>, run_id: &str) -> Status {
    let info = peer.describe(run_id).await.workflow_execution_info;
    info.unwrap().status()
}
