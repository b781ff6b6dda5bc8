//! The server behind a port, and clients that are many, rude or broken.

#![allow(
    clippy::disallowed_macros,
    reason = "servers and clients wait as the runtime does"
)]

mod support;

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};

use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_testing::{Server, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use support::peer::*;

/// Runs a test against a server with a port.
async fn serving(test: impl AsyncFnOnce(SocketAddr)) {
    let server = Server::new(ServerOptions::default());
    let bound = server.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = bound.local_address().unwrap();
    tokio::select! {
        served = bound.serve(pending()) => panic!("it stopped: {served:?}"),
        () = test(address) => {}
    }
}

/// The client of a workflow, with a connection of its own.
async fn connect(address: SocketAddr) -> Peer<Channel> {
    let endpoint = Endpoint::new(format!("http://{address}")).unwrap();
    Peer::new(endpoint.connect().await.unwrap(), "tcp")
}

#[tokio::test]
async fn a_thousand_calls_wait_on_one_connection() {
    serving(async |address| {
        let peer = connect(address).await;
        let workers: Vec<_> = (0..1000).map(|n| peer.kin(&n.to_string())).collect();
        let mut polls = JoinSet::new();
        for worker in &workers {
            let worker = worker.clone();
            polls.spawn(async move { worker.poll().await });
        }
        tokio::task::yield_now().await;
        workers[999].start().await;
        let polled = polls.join_next().await.unwrap().unwrap();
        let execution = polled.workflow_execution.unwrap();
        assert_eq!(execution.workflow_id, workers[999].workflow_id);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_request_costs_its_own_connection_only() {
    serving(async |address| {
        let peer = connect(address).await;
        for junk in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 5000]] {
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(junk).await.unwrap();
            // The end may be a rude one, too.
            let _ = socket.read_to_end(&mut Vec::new()).await;
        }
        let mut socket = TcpStream::connect(address).await.unwrap();
        let length = u32::MAX.to_be_bytes();
        let frame = [PREFACE, &length[..3], &[0; 6]].concat();
        socket.write_all(&frame).await.unwrap();
        let _ = socket.read_to_end(&mut Vec::new()).await;
        peer.start().await;
        assert!(!peer.poll().await.task_token.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_client_that_cancels_many_calls_at_once_keeps_its_connection() {
    serving(async |address| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let mut sent = PREFACE.to_vec();
        for call in 0..1000 {
            let stream = 2 * call + 1;
            sent.extend(frame(HEADERS, END_HEADERS, stream, &request_headers()));
            sent.extend(frame(RESET, 0, stream, &CANCEL.to_be_bytes()));
        }
        sent.extend(frame(PING, 0, 0, b"are you?"));
        socket.write_all(&sent).await.unwrap();
        loop {
            let (kind, flags, body) = read_frame(&mut socket).await;
            assert_ne!(kind, GO_AWAY, "{}", String::from_utf8_lossy(&body));
            if (kind, flags) == (PING, ACK) {
                assert_eq!(body, b"are you?");
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_closed_door_leaves_the_server_and_sends_those_away_who_wait() {
    let server = Server::new(ServerOptions::default());
    let bound = server.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = bound.local_address().unwrap();
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let (served, polled) = tokio::join!(bound.serve(async { drop(closed.await) }), async {
        let peer = connect(address).await;
        peer.start().await;
        let mut client = peer.client();
        let request = api::PollActivityTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: peer.normal_queue(),
            ..Default::default()
        };
        let poll = client.poll_activity_task_queue(with_timeout(request, 60.0));
        let (polled, _) = tokio::join!(poll, async {
            peer.poll().await;
            drop(close);
        });
        (polled, peer.workflow_id)
    });
    served.unwrap();
    let (polled, workflow_id) = polled;
    assert_eq!(polled.unwrap_err().code(), tonic::Code::Unavailable);
    assert_eq!(server.history(&workflow_id, "").unwrap().len(), 3);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let stream = stream.to_be_bytes();
    [&length[1..], &[kind, flags], &stream, body].concat()
}

async fn read_frame(socket: &mut TcpStream) -> (u8, u8, Vec<u8>) {
    let mut head = [0; 9];
    socket.read_exact(&mut head).await.unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut body = vec![0; length as usize];
    socket.read_exact(&mut body).await.unwrap();
    (head[3], head[4], body)
}

/// Those of a health check: two that HTTP/2 knows by numbers, and two with texts.
fn request_headers() -> Vec<u8> {
    let (post, http, path_is, authority_is) = (0x83, 0x86, 0x04, 0x01);
    let text = |name: u8, value: &str| {
        let length = u8::try_from(value.len()).unwrap();
        [&[name, length], value.as_bytes()].concat()
    };
    let path = text(path_is, "/grpc.health.v1.Health/Check");
    [vec![post, http], path, text(authority_is, "localhost")].concat()
}

/// What a client says first, with settings that change nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: u32 = 8;
