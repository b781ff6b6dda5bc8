//! The server behind a TCP port.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{self, Server as Transport};

use super::Server;
use super::closing::UntilClosed;

/// A server with a port, ready to be served; [`Server::bind`] makes one.
///
/// # Examples
/// ```
/// use outlast_testing::{Server, ServerOptions, TimeMode};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = ServerOptions { time: TimeMode::Flowing, ..ServerOptions::default() };
/// let bound = Server::new(options).bind("127.0.0.1:0".parse()?)?;
/// println!("listening on {}", bound.local_address()?);
/// # let ctrl_c = async { Ok::<_, std::io::Error>(()) };
/// bound.serve(async { drop(ctrl_c.await) }).await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct BoundServer {
    server: Server,
    incoming: TcpIncoming,
}

impl BoundServer {
    pub(super) fn bind(server: &Server, address: SocketAddr) -> Result<Self, io::Error> {
        let incoming = TcpIncoming::bind(address)?.with_nodelay(Some(true));
        Ok(Self {
            server: server.clone(),
            incoming,
        })
    }

    /// The address that was bound; its port is a real one even if port 0 was asked for.
    ///
    /// # Errors
    /// The operating system does not know.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.incoming.local_addr()
    }

    /// Serves until `shutdown` is done.
    ///
    /// Calls that wait then, such as polls, fail as unavailable, so that this ends at once.
    ///
    /// # Errors
    /// The port fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), transport::Error> {
        let (close, closed) = watch::channel(false);
        let service = UntilClosed::new(self.server.service(), closed.clone());
        let shutdown = async move {
            shutdown.await;
            close.send_replace(true);
        };
        let served = Transport::builder()
            .http2_max_pending_accept_reset_streams(Some(CANCELED_AT_ONCE))
            .serve_with_incoming_shutdown(service, self.incoming, shutdown);
        tokio::select! {
            served = served => served,
            () = self.server.run_clock() => Ok(()),
            () = leave(closed) => Ok(()),
        }
    }
}

/// Waits until a closed door waits no longer for clients that do not hang up.
async fn leave(mut closed: watch::Receiver<bool>) {
    // The sender is dropped only after it has sent.
    let _ = closed.wait_for(|closed| *closed).await;
    tokio::time::sleep(FAREWELL).await;
}

/// How long a client may take to read its last answers.
const FAREWELL: Duration = Duration::from_millis(500);

/// How many calls a client may cancel before the server has looked at them. A client that stops
/// cancels all that it has, and 20, which are usual, cost it the connection: they look like an attack.
const CANCELED_AT_ONCE: usize = 100_000;
