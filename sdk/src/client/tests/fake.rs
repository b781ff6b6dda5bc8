//! [`FakeServer`]: answers each method from a queue, and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as _, Frame};
use prost::Message;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use crate::client::Client;
use crate::client::metadata::Metadata;
use crate::client::transport::Transport;

#[derive(Clone, Default)]
pub(super) struct FakeServer(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    answers: HashMap<String, VecDeque<Answer>>,
    requests: Vec<(String, HeaderMap, Bytes)>,
}

enum Answer {
    BrokenConnection,
    Message(Bytes),
    Refusal(Status),
    Silence,
    /// Breaks off after so long.
    Silenced(Duration),
}

impl FakeServer {
    pub(super) fn client(&self) -> Client {
        Client::from_service(self.clone(), "orders".to_owned(), "tester".to_owned())
    }

    /// As with [`ClientBuilder::compress_requests`](crate::client::ClientBuilder::compress_requests).
    pub(super) fn compressing_client(&self) -> Client {
        let transport = Transport::new(self.clone(), Metadata::new());
        let gzip = Some(CompressionEncoding::Gzip);
        Client::over(transport, "orders".to_owned(), "tester".to_owned(), gzip)
    }

    pub(super) fn answers(self, method: &str, message: &impl Message) -> Self {
        self.will(method, Answer::Message(message.encode_to_vec().into()))
    }

    pub(super) fn refuses(self, method: &str, status: Status) -> Self {
        self.will(method, Answer::Refusal(status))
    }

    pub(super) fn hangs(self, method: &str) -> Self {
        self.will(method, Answer::Silence)
    }

    /// As a server does that keeps the deadline of the request.
    pub(super) fn cancels_after(self, method: &str, duration: Duration) -> Self {
        self.will(method, Answer::Silenced(duration))
    }

    pub(super) fn breaks_off(self, method: &str) -> Self {
        self.will(method, Answer::BrokenConnection)
    }

    fn will(self, method: &str, answer: Answer) -> Self {
        let mut script = self.0.lock().unwrap();
        script
            .answers
            .entry(method.to_owned())
            .or_default()
            .push_back(answer);
        drop(script);
        self
    }

    /// What the method was asked, in order.
    pub(super) fn requests<M: Message + Default>(&self, method: &str) -> Vec<M> {
        let script = self.0.lock().unwrap();
        let asked = script.requests.iter().filter(|(name, ..)| name == method);
        asked
            .map(|(_, _, body)| M::decode(&body[5..]).unwrap())
            .collect()
    }

    pub(super) fn headers(&self, method: &str) -> HeaderMap {
        let script = self.0.lock().unwrap();
        let asked = script.requests.iter().find(|(name, ..)| name == method);
        asked.expect("the method was called").1.clone()
    }

    async fn answer(self, request: http::Request<Body>) -> io::Result<http::Response<Body>> {
        let (head, body) = request.into_parts();
        let method = head.uri.path().rsplit('/').next().unwrap().to_owned();
        let body = collect(body).await;
        let answer = {
            let mut script = self.0.lock().unwrap();
            script.requests.push((method.clone(), head.headers, body));
            let queue = script.answers.get_mut(&method);
            queue
                .and_then(VecDeque::pop_front)
                .unwrap_or_else(|| panic!("{method} is not in the script"))
        };
        match answer {
            Answer::BrokenConnection => Err(io::ErrorKind::ConnectionReset.into()),
            Answer::Message(message) => Ok(http::Response::builder()
                .header("content-type", "application/grpc")
                .body(Body::new(Framed::of(&message)))
                .unwrap()),
            Answer::Refusal(status) => Ok(status.into_http()),
            Answer::Silence => pending().await,
            Answer::Silenced(duration) => {
                tokio::time::sleep(duration).await;
                Ok(Status::cancelled("stream no longer needed").into_http())
            }
        }
    }
}

impl tower_service::Service<http::Request<Body>> for FakeServer {
    type Response = http::Response<Body>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}

async fn collect(body: Body) -> Bytes {
    let mut body = pin!(body);
    let mut collected = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        if let Ok(data) = frame.unwrap().into_data() {
            collected.put(data);
        }
    }
    collected.freeze()
}

/// One gRPC message, and then the trailers of a success.
struct Framed(VecDeque<Frame<Bytes>>);

impl Framed {
    fn of(message: &Bytes) -> Self {
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(message.remaining().try_into().unwrap());
        framed.put(message.clone());
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", (Code::Ok as i32).into());
        Self([Frame::data(framed.freeze()), Frame::trailers(trailers)].into())
    }
}

impl http_body::Body for Framed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}
