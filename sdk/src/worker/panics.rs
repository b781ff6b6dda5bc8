//! Panics in activities become failures.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use crate::convert::Payload;
use crate::engine::guard;
use crate::error::ActivityError;

/// Runs the body of an activity; a panic in it is a failure, to be tried again.
pub(super) async fn caught(
    body: impl Future<Output = Result<Payload, ActivityError>>,
) -> Result<Payload, ActivityError> {
    let mut body = pin!(body);
    poll_fn(|cx| match guard(|| body.as_mut().poll(cx)) {
        Ok(poll) => poll,
        Err(panicked) => Poll::Ready(Err(panicked.into_failure().into())),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure_that_says_what_and_where() {
        let body = async {
            tokio::task::yield_now().await;
            panic!("no {} left", "stock")
        };
        let failure = caught(body).await.unwrap_err();
        let failure = failure.as_failure().unwrap();
        assert_eq!(failure.application_kind(), Some("Panic"));
        assert!(
            failure.message().starts_with("no stock left (at "),
            "{failure}"
        );
        assert!(failure.stack_trace().contains("panics.rs"));
        assert!(!failure.as_application().unwrap().non_retryable);
    }
}
