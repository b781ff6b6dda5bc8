//! placeholder
/// h
#[derive(Clone, Debug, Default)]
pub struct CoreHandle(());
