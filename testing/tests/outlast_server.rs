//! The program `outlast-server`, talked to through its port.

#![allow(
    clippy::disallowed_macros,
    reason = "clients and workers wait as the runtime does"
)]

mod support;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};

use outlast_proto::grpc::health::v1::HealthCheckRequest;
use outlast_proto::grpc::health::v1::health_check_response::ServingStatus;
use outlast_proto::grpc::health::v1::health_client::HealthClient;
use outlast_proto::temporal::api::enums::v1::{
    IndexedValueType, TaskQueueType, WorkflowExecutionStatus as Status,
};
use outlast_proto::temporal::api::operatorservice::v1::ListSearchAttributesRequest;
use outlast_proto::temporal::api::operatorservice::v1::operator_service_client::OperatorServiceClient;
use outlast_proto::temporal::api::testservice::v1::test_service_client::TestServiceClient;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;
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
        Self::start_at((Ipv4Addr::LOCALHOST, free_port()).into(), flags).await
    }

    /// Starts the program with flags that make it listen there.
    async fn start_at(address: SocketAddr, flags: &[&str]) -> Self {
        let mut command = command(&[&*address.port().to_string()]);
        let endpoint = Endpoint::new(format!("http://{address}")).unwrap();
        let mut program = Self {
            child: command.args(flags).spawn().unwrap(),
            channel: endpoint.connect_lazy(),
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

    /// Waits until the program ends by itself.
    async fn ends(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            tokio::task::yield_now().await;
        }
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

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_listens_only_on_the_address_that_it_is_told() {
    let port = free_port();
    let address = SocketAddr::from(([127, 0, 0, 2], port));
    let program = Program::start_at(address, &["--ip", "127.0.0.2"]).await;
    program.peer().start().await;
    let elsewhere = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_well_when_it_is_told_to_while_workers_poll() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&[]).await;
        let (peer, pid) = (program.peer(), program.child.id().to_string());
        let mut client = peer.client();
        let poll = client.poll_workflow_task_queue(with_timeout(poll_request(&peer), 60.0));
        let (polled, ended) = tokio::join!(poll, async {
            is_polled(&peer).await;
            let told = Command::new("kill").args([signal, &pid]).status();
            assert!(told.unwrap().success());
            program.ends().await
        });
        assert_eq!(ended.code(), Some(0), "{signal}");
        assert_eq!(polled.unwrap_err().code(), Code::Unavailable, "{signal}");
    }
}

fn poll_request(peer: &Peer<Channel>) -> api::PollWorkflowTaskQueueRequest {
    api::PollWorkflowTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: peer.normal_queue(),
        // Descriptions of queues show no worker without a name.
        identity: "worker".to_owned(),
        ..Default::default()
    }
}

/// Waits until the server knows a poller.
async fn is_polled(peer: &Peer<Channel>) {
    let request = api::DescribeTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: peer.normal_queue(),
        task_queue_type: TaskQueueType::Workflow as i32,
        ..Default::default()
    };
    loop {
        let described = peer.client().describe_task_queue(request.clone()).await;
        if !described.unwrap().get_ref().pollers.is_empty() {
            return;
        }
    }
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
