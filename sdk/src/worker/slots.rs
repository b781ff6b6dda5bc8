//! [`Slots`]: how many tasks of one kind a worker works on at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for tasks of one kind.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    semaphore: Arc<Semaphore>,
    total: u32,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    _held: OwnedSemaphorePermit,
}

impl Slots {
    pub(super) fn new(total: usize) -> Self {
        let total = total.min(Semaphore::MAX_PERMITS);
        Self {
            semaphore: Arc::new(Semaphore::new(total)),
            total: u32::try_from(total).unwrap_or(u32::MAX),
        }
    }

    /// Waits for a place, behind whoever waits already.
    pub(super) async fn acquire(&self) -> Permit {
        let held = Arc::clone(&self.semaphore).acquire_owned().await;
        Permit {
            _held: held.expect("nothing closes the semaphore"),
        }
    }

    /// Takes a place if one is free.
    pub(super) fn try_acquire(&self) -> Option<Permit> {
        let held = Arc::clone(&self.semaphore).try_acquire_owned().ok()?;
        Some(Permit { _held: held })
    }

    /// Waits until no place is taken. Whoever wants one meanwhile waits behind this.
    pub(super) async fn drained(&self) {
        let all = self.semaphore.acquire_many(self.total).await;
        drop(all.expect("nothing closes the semaphore"));
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.semaphore.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slots_are_drained_when_the_last_permit_is_dropped() {
        let slots = Slots::new(2);
        let (first, second) = (slots.acquire().await, slots.acquire().await);
        assert!(slots.try_acquire().is_none());
        let ((), ()) = tokio::join!(slots.drained(), async move {
            drop(first);
            drop(second);
        });
        assert_eq!(slots.free(), 2);
    }
}
