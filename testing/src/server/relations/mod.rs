//! What workflows are and do to each other: children, signals, cancellations.

pub(super) mod children;
pub(super) mod deliveries;
pub(super) mod externals;
pub(super) mod gate;
