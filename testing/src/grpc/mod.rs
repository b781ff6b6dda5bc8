//! The doors of the server: gRPC in process and over TCP, and the handle that owns the server.
//!
//! Nothing is decided here. Each call locks the [`Engine`](crate::server::Engine), makes one method
//! call, and hands out the answers that came of it; only waiting, deadlines and the wall clock live
//! on this side.

mod alarms;
mod calls;
mod closing;
mod engine_calls;
mod env_calls;
mod handle;
mod health;
mod nexus_calls;
mod old_clients;
mod operator_service;
mod pace;
mod panics;
mod quiet;
mod service;
mod shared;
mod status;
mod tcp;
mod test_service;
pub(crate) mod wall;
mod workflow_service;

pub(crate) use self::alarms::Alarm;
pub use self::alarms::TimeHold;
pub use self::handle::Server;
pub(crate) use self::quiet::quiet;
pub use self::service::InProcessServer;
pub(crate) use self::shared::while_the_server_waits;
pub use self::tcp::BoundServer;
