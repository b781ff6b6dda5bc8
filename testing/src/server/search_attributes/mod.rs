//! Search attributes: which exist, of which type they are, and what values they take.
//!
//! The server's own attributes are in [`system`], those that users register are a
//! [`SearchAttributeMap`] for each namespace, and [`values`] reads what workflows set.

mod registered;
mod requests;
mod system;
mod values;

pub(super) use self::registered::{SearchAttributeMap, size_flaw};
use self::system::system_attributes;
