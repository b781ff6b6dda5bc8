//! [`ActivityContext`].

/// What an activity knows of its task, and how it talks back.
#[derive(Clone, Debug, Default)]
pub struct ActivityContext(());
