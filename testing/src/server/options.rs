//! The settings of a server.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outlast_proto::temporal::api::enums::v1::IndexedValueType;

use super::limits::Limits;
use super::oracle::Order;

/// How a server differs from the default.
///
/// # Examples
/// ```
/// # use std::time::{Duration, UNIX_EPOCH};
/// use outlast_testing::{SearchAttributes, Server, ServerOptions};
///
/// let server = Server::new(ServerOptions {
///     start_time: UNIX_EPOCH + Duration::from_secs(1_835_395_200),
///     search_attributes: SearchAttributes::Any,
///     ..ServerOptions::default()
/// });
/// assert_eq!(server.now(), UNIX_EPOCH + Duration::from_secs(1_835_395_200));
/// ```
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// When the virtual clock starts; not before 1970. It goes to the end of the year 9998.
    /// Default: the first moment of 2030, UTC.
    pub start_time: SystemTime,
    /// Where ids come from: the same seed and the same calls give the same histories. Default: 0.
    pub seed: u64,
    /// In which order things happen that may happen in any order. Default: [`Order::Arrival`].
    pub order: Order,
    /// What makes time pass. Default: [`TimeMode::Frozen`].
    pub time: TimeMode,
    /// The namespaces that exist from the beginning. Default: `default`.
    pub namespaces: Vec<String>,
    /// Whether only those exist; otherwise, others are registered by being used. Default: only
    /// those.
    pub strict_namespaces: bool,
    /// Which search attributes workflows may use. Default: those of the server, and what clients
    /// register.
    pub search_attributes: SearchAttributes,
    /// From how many events on, with the one that starts the task, a workflow is advised to continue
    /// as new. Default: 4,096.
    pub suggest_continue_as_new_events: i64,
    /// From what history size on, in bytes, a workflow is advised to continue as new. Default: 4 MiB.
    pub suggest_continue_as_new_bytes: i64,
    /// How large things may be. Default: as on a real server.
    pub limits: Limits,
    /// How long a run must have lived before it may continue as new. Default: no time; a real
    /// server demands a second.
    pub minimal_run_interval: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            // 2030-01-01T00:00:00Z
            start_time: UNIX_EPOCH + Duration::from_secs(1_893_456_000),
            seed: 0,
            order: Order::Arrival,
            time: TimeMode::Frozen,
            namespaces: vec!["default".to_owned()],
            strict_namespaces: true,
            search_attributes: SearchAttributes::Registered(BTreeMap::new()),
            suggest_continue_as_new_events: 4096,
            suggest_continue_as_new_bytes: 4 << 20,
            limits: Limits::default(),
            minimal_run_interval: Duration::ZERO,
        }
    }
}

/// What makes the virtual clock move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeMode {
    /// Time stands still until nothing is busy and somebody waits for time to pass; then it jumps.
    Frozen,
    /// As frozen, but each jump is asked for by whoever drives the server, so that a test comes to
    /// act before time passes.
    Paced,
    /// Time follows the wall clock, and jumps ahead only while a client has unlocked skipping.
    Flowing,
    /// Time follows the wall clock, and jumps ahead unless a client has locked skipping.
    Skipping,
}

impl TimeMode {
    /// Whether time passes as it does on the wall.
    pub fn follows_wall(self) -> bool {
        matches!(self, Self::Flowing | Self::Skipping)
    }
}

/// Which search attributes exist, besides those of the server itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchAttributes {
    /// Every name is accepted, so that a test needs no registration: an unknown one is registered
    /// when a workflow first uses it, with the type that its payload names or its value suggests.
    Any,
    /// These, and what clients register later.
    Registered(BTreeMap<String, IndexedValueType>),
}
