#![doc = include_str!("docs/guide.md")]
#![allow(
    clippy::disallowed_macros,
    reason = "servers and drivers wait as the runtime does"
)]

mod activity_env;
mod dev_server;
mod env;
mod grpc;
pub mod server;

pub use activity_env::{ActivityEnv, AttemptOutcome, Attempts};
pub use dev_server::{DevServer, DevServerBuilder, DevServerError};
pub use env::{
    ActivityMock, ActivityTime, Call, CallKind, CallList, CallOf, Callable, CallbackOutput,
    CancelRequest, Guarded, NexusCall, NexusError, NexusHandlerError, NexusMock, NexusOperation,
    ReceivedSignal, SearchAttributeType, StandIn, StartTime, TestEnv, TestEnvBuilder, TestHandle,
    TestStart, WorkflowCall, WorkflowCallOf, WorkflowMock, assert_snapshot,
};
pub use grpc::{BoundServer, InProcessServer, Server, TimeHold};
pub use server::{Limits, Order, PendingTimer, SearchAttributes, ServerOptions, TimeMode};
