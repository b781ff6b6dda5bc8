//! A transport that takes down every call that passes through it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http_body_util::{BodyExt, Full};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::codegen::{Bytes, Service};
use tonic::transport::{Channel, Error};
use tonic::{Code, Status};

/// One call, as its bytes.
#[derive(Clone)]
pub(super) struct Call {
    /// `/package.Service/Method`.
    pub(super) path: String,
    pub(super) request: Bytes,
    /// Absent while nobody has answered, and when the caller stopped waiting.
    pub(super) answer: Option<Answer>,
}

#[derive(Clone)]
pub(super) enum Answer {
    Error(Status),
    Response(Bytes),
}

/// A channel that keeps what went over it, in the order in which calls began.
#[derive(Clone)]
pub(crate) struct Recorder {
    channel: Channel,
    calls: Option<Arc<Mutex<Vec<Call>>>>,
}

impl Recorder {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            channel,
            calls: Some(Arc::default()),
        }
    }

    /// The same channel without the recording, for what depends on chance.
    pub(crate) fn paused(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            calls: None,
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        match &self.calls {
            Some(calls) => calls.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            None => Vec::new(),
        }
    }
}

impl Service<Request<Body>> for Recorder {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let clone = self.channel.clone();
        let mut channel = std::mem::replace(&mut self.channel, clone);
        let Some(calls) = self.calls.clone() else {
            return Box::pin(channel.call(request));
        };
        let place = {
            let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
            calls.push(Call {
                path: request.uri().path().to_owned(),
                request: Bytes::new(),
                answer: None,
            });
            calls.len() - 1
        };
        let note = move |change: &dyn Fn(&mut Call)| {
            change(&mut calls.lock().unwrap_or_else(PoisonError::into_inner)[place]);
        };
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.expect("a request is in memory");
            let body = body.to_bytes();
            note(&|call| call.request = message_in(&body));
            let request = Request::from_parts(parts, Body::new(Full::new(body)));
            let (parts, body) = channel.call(request).await?.into_parts();
            let (answer, body) = read(&parts.headers, body).await;
            note(&|call| call.answer = Some(answer.clone()));
            Ok(Response::from_parts(parts, body))
        })
    }
}

/// Reads a unary answer to its end, and makes a body like the one that was read.
async fn read(headers: &HeaderMap, body: Body) -> (Answer, Body) {
    if let Some(status) = Status::from_header_map(headers) {
        return (Answer::Error(status), body);
    }
    let body = match body.collect().await {
        Ok(body) => body,
        Err(status) => return (Answer::Error(status.clone()), failing(&status)),
    };
    let trailers = body.trailers().cloned();
    let status = trailers.as_ref().and_then(Status::from_header_map);
    let bytes = body.to_bytes();
    let answer = match status {
        Some(status) if status.code() != Code::Ok => Answer::Error(status),
        _ => Answer::Response(message_in(&bytes)),
    };
    let trailers = std::future::ready(trailers.map(Ok::<_, Infallible>));
    (answer, Body::new(Full::new(bytes).with_trailers(trailers)))
}

/// A body that ends with an error, as trailers.
fn failing(status: &Status) -> Body {
    let mut trailers = HeaderMap::new();
    status
        .add_header(&mut trailers)
        .expect("a status that was read can be written");
    let trailers = std::future::ready(Some(Ok::<_, Infallible>(trailers)));
    Body::new(Full::new(Bytes::new()).with_trailers(trailers))
}

/// The message of a body with one: a flag and a length stand before it.
fn message_in(body: &Bytes) -> Bytes {
    body.slice(body.len().min(5)..)
}
