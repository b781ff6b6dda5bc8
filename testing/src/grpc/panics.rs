//! A bug of the server costs one call, and neither the connection that it came by nor the server.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use tonic::Status;

/// Answers a call; one that panics is answered with an error that says so.
pub(super) async fn caught<T>(answer: impl Future<Output = T>) -> Result<T, Status> {
    let mut answer = pin!(answer);
    std::future::poll_fn(|context| {
        // What a panic may leave half done is the engine's, which every other call looks at anyway.
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(status(panic.as_ref()))),
        }
    })
    .await
}

fn status(panic: &(dyn Any + Send)) -> Status {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("it did not say why");
    Status::internal(format!(
        "the test server panicked, which is a bug of it: {text}"
    ))
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn a_call_that_panics_is_answered_with_what_it_said() {
        let answer = caught(async { panic!("no run {}", 7) }).await;
        let status: Status = answer.map(|(): ()| ()).unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().ends_with("a bug of it: no run 7"));
    }
}
