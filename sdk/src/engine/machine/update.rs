//! The update machine.

use super::{Handled, Mismatch};
use crate::engine::message::UpdateRequest;

/// An update that was accepted, from the acceptance to its outcome.
///
/// Rejected updates have no machine: they leave nothing in history.
#[derive(Debug)]
pub(crate) struct Update {
    request: UpdateRequest,
    /// The event that accepted it; 0 before.
    accepted: i64,
    is_complete: bool,
}

impl Update {
    pub(crate) fn new(request: UpdateRequest) -> Self {
        Self {
            request,
            accepted: 0,
            is_complete: false,
        }
    }

    pub(crate) fn request(&self) -> &UpdateRequest {
        &self.request
    }

    /// The server recorded the acceptance.
    pub(crate) fn handle_accepted(&mut self, event_id: i64, update_id: &str) -> Handled {
        if update_id != self.request.update_id() {
            return Err(Mismatch("the update ids differ"));
        }
        if self.accepted != 0 {
            return Err(Mismatch("the update is accepted already"));
        }
        self.accepted = event_id;
        Ok(())
    }

    /// The server recorded the outcome of the update that the given event accepted.
    pub(crate) fn handle_completed(&mut self, accepted: i64) -> Handled {
        if self.accepted == 0 {
            return Err(Mismatch("the update was not accepted yet"));
        }
        if self.accepted != accepted {
            return Err(Mismatch("the outcome is another update's"));
        }
        if self.is_complete {
            return Err(Mismatch("the update is complete already"));
        }
        self.is_complete = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_accepted_and_completed_once_and_in_that_order() {
        let mut update = Update::new(UpdateRequest::default());
        assert!(update.handle_completed(0).is_err());
        update.handle_accepted(7, "").unwrap();
        assert!(update.handle_accepted(7, "").is_err());
        assert!(update.handle_completed(6).is_err());
        update.handle_completed(7).unwrap();
        assert!(update.handle_completed(7).is_err());
    }

    #[test]
    fn another_update_does_not_fit() {
        let mut update = Update::new(UpdateRequest::default());
        assert_eq!(
            update.handle_accepted(7, "x"),
            Err(Mismatch("the update ids differ"))
        );
    }
}
