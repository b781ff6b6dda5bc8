//! Calls by the path of their method, with the bytes of their messages.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::Poll;

use http_body_util::{BodyExt, Full};
use outlast_testing::InProcessServer;
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{Bytes, Service};
use tonic::{Code, Status};

/// The bytes of a response, or an error.
pub(crate) type Outcome = Result<Bytes, Status>;

/// A call that has not been answered yet.
pub(crate) struct Pending {
    pub(crate) method: MethodDescriptor,
    answer: Pin<Box<dyn Future<Output = Outcome>>>,
}

impl Pending {
    pub(crate) fn begin(
        server: &mut InProcessServer,
        method: MethodDescriptor,
        request: &DynamicMessage,
    ) -> Self {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let request = Request::post(path)
            .header("content-type", "application/grpc")
            .header("grpc-timeout", "70S")
            .body(Body::new(Full::new(framed(request))))
            .expect("the path of a method is one");
        let answer = server.call(request);
        Self {
            method,
            answer: Box::pin(async move { read(answer.await).await }),
        }
    }

    /// The answer, if there is one already.
    pub(crate) async fn poll(&mut self) -> Option<Outcome> {
        let answer = &mut self.answer;
        let polled = std::future::poll_fn(|context| Poll::Ready(answer.as_mut().poll(context)));
        // Each poll is a turn of its own, or the runtime would ask this task to let others run.
        match tokio::task::unconstrained(polled).await {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }
}

/// A message as gRPC sends it: not compressed, and with its length.
fn framed(message: &DynamicMessage) -> Bytes {
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).expect("messages are small");
    let mut frame = vec![0];
    frame.extend(length.to_be_bytes());
    frame.extend(message);
    frame.into()
}

async fn read(response: Result<Response<Body>, Infallible>) -> Outcome {
    let Ok(response) = response;
    if let Some(status) = Status::from_header_map(response.headers()) {
        return Err(status);
    }
    let body = response.into_body().collect().await?;
    let status = body.trailers().and_then(Status::from_header_map);
    match status.filter(|status| status.code() != Code::Ok) {
        Some(status) => Err(status),
        None => Ok(body.to_bytes().slice(5..)),
    }
}
