//! Where a connection goes, what is sent with it, and when it is given up.

use std::time::Duration;

use outlast_proto::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tonic::Code;

use super::*;

fn builder(url: &str) -> ClientBuilder {
    ClientBuilder::new(url.to_owned())
}

#[test]
fn a_key_or_tls_options_imply_encryption_and_a_scheme_decides_it() {
    for (builder, want) in [
        (builder("a:1"), "http://a:1/"),
        (builder("a:1").api_key("k"), "https://a:1/"),
        (builder("a:1").tls(TlsOptions::new()), "https://a:1/"),
        (builder("https://a:1"), "https://a:1/"),
        (builder("http://a:1").api_key("k"), "http://a:1/"),
    ] {
        if cfg!(not(feature = "tls")) && want.starts_with("https") {
            continue;
        }
        assert_eq!(builder.endpoint().unwrap().uri(), want, "{builder:?}");
    }
    let error = builder("http://a:1").tls(TlsOptions::new()).endpoint();
    assert!(error.unwrap_err().to_string().contains("https://"));
}

#[test]
fn options_that_cannot_be_sent_are_named() {
    for (builder, want) in [
        (builder("a:1").namespace("a\nb"), "namespace"),
        (builder("a:1").api_key("a\nb"), "API key"),
        (builder("a:1").header("x y", "z"), "`x y`"),
    ] {
        let error = builder.metadata().unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn a_lazy_connection_needs_a_runtime_and_says_so() {
    let error = builder("a:1").connect_lazy().unwrap_err();
    assert!(matches!(error, ConnectError::NoRuntime));
}

#[test]
fn the_key_is_not_shown() {
    let shown = format!("{:?}", builder("a:1").api_key("secret"));
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn the_default_identity_names_process_and_host() {
    let identity = default_identity();
    let (pid, host) = identity.split_once('@').unwrap();
    assert_eq!(pid, std::process::id().to_string());
    assert!(!host.is_empty());
}

/// The least of a server: it speaks HTTP/2, and answers nothing.
struct Mute {
    stream: TcpStream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    Headers,
    Ping,
    Other,
}

impl Mute {
    async fn accept(listener: &TcpListener) -> Self {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        assert!(preface.starts_with(b"PRI * HTTP/2"), "{preface:?}");
        // The settings, of which there are none.
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        stream.write_all(&settings).await.unwrap();
        Self { stream }
    }

    /// The next frame, until the connection is closed.
    async fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, ..] = head;
        let len = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; len.try_into().unwrap()];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(match kind {
            1 => Frame::Headers,
            6 => Frame::Ping,
            _ => Frame::Other,
        })
    }
}

#[tokio::test]
async fn a_connection_that_does_not_answer_pings_is_given_up_after_45_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let channel = builder(&address).endpoint().unwrap().connect_lazy();
    let mut client = WorkflowServiceClient::new(channel);
    let (answer, (waited, pings)) = outlast::join!(
        client.get_system_info(GetSystemInfoRequest::default()),
        async {
            let mut server = Mute::accept(&listener).await;
            while server.frame().await.unwrap() != Frame::Headers {}
            // From here on the client waits, and time jumps to what it does next.
            tokio::time::pause();
            let began = Instant::now();
            let mut pings = 0;
            while let Some(frame) = server.frame().await {
                pings += u32::from(frame == Frame::Ping);
            }
            (began.elapsed(), pings)
        },
    );
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    assert_eq!(pings, 1);
    let expected = KEEP_ALIVE_INTERVAL + KEEP_ALIVE_TIMEOUT;
    assert_eq!(expected, Duration::from_secs(45));
    // The clock began to count when the client last heard something, a little before.
    let tolerance = Duration::from_secs(5);
    assert!(
        waited <= expected + tolerance && waited + tolerance >= expected,
        "{waited:?}"
    );
}
