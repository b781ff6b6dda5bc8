//! What went wrong apart from what the test waits for.

use tokio::sync::watch;

/// Why the test has to fail, as far as nobody has said so yet. Clones are the same list.
#[derive(Clone, Debug)]
pub(super) struct Problems(watch::Sender<Vec<String>>);

impl Problems {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    pub(super) fn add(&self, problem: String) {
        self.0.send_modify(|problems| problems.push(problem));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Waits for problems, and takes them.
    pub(super) async fn any(&self) -> Vec<String> {
        let mut problems = self.0.subscribe();
        // The sender is `self`, so it is there for as long as this waits.
        let _ = problems.wait_for(|problems| !problems.is_empty()).await;
        self.take()
    }

    pub(super) fn take(&self) -> Vec<String> {
        self.0.send_replace(Vec::new())
    }
}
