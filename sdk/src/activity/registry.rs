//! [`ActivityRegistry`].

use std::sync::Arc;

use super::ActivityImpl;

/// The activities that a worker can run, by name.
#[derive(Debug, Default)]
pub struct ActivityRegistry(());

/// A type whose methods are activities. `#[activities]` writes it.
pub trait ActivitySet: Send + Sync + 'static {
    /// Adds all of them.
    fn register(self: Arc<Self>, registry: &mut ActivityRegistry);
}

impl ActivityRegistry {
    /// Adds the activity `K` with the receiver of its calls.
    pub fn add<K: ActivityImpl>(&mut self, receiver: Arc<K::Receiver>) {
        let _ = (self, receiver);
    }
}
