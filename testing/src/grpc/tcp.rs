//! The server behind a TCP port.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tonic::transport::server::TcpIncoming;
use tonic::transport::{self, Server as Transport};

use super::Server;

/// A server with a port, ready to be served.
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
    /// # Errors
    /// The port fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), transport::Error> {
        let service = self.server.service();
        let served =
            Transport::builder().serve_with_incoming_shutdown(service, self.incoming, shutdown);
        tokio::select! {
            served = served => served,
            () = self.server.run_clock() => Ok(()),
        }
    }
}
