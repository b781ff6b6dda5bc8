//! [`Proxy`]: a bad connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A port that leads to a server for as long as the test wants it to.
#[derive(Clone)]
pub(crate) struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
}

/// What the test decides, and what it can see.
struct Line {
    state: watch::Sender<State>,
    accepted: AtomicUsize,
    refused: AtomicUsize,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Whether new connections are closed at once.
    refuses: bool,
    /// Whether what the server sends stays here.
    holds_answers: bool,
    /// Connections that began before the last cut are closed.
    cuts: usize,
}

impl Proxy {
    /// A port that leads to the server at that address.
    pub(crate) async fn to(address: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("there is a free port");
        let line = Arc::new(Line {
            state: watch::Sender::default(),
            accepted: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        let proxy = Self {
            address: listener.local_addr().expect("the port is bound"),
            line: Arc::clone(&line),
        };
        spawn(accept(listener, line, address.to_owned()));
        proxy
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Closes every connection.
    pub(crate) fn cut(&self) {
        self.line.state.send_modify(|state| state.cuts += 1);
    }

    /// Closes every connection, and new ones at once.
    pub(crate) fn refuse(&self) {
        self.line.state.send_modify(|state| {
            state.refuses = true;
            state.cuts += 1;
        });
    }

    /// Lets new connections through again.
    pub(crate) fn accept(&self) {
        self.line.state.send_modify(|state| state.refuses = false);
    }

    /// Keeps back what the server sends from now on. What clients send goes on.
    pub(crate) fn hold_answers(&self) {
        self.line
            .state
            .send_modify(|state| state.holds_answers = true);
    }

    /// Closes every connection with what it holds back. New ones are whole.
    pub(crate) fn lose_answers(&self) {
        self.line.state.send_modify(|state| {
            state.holds_answers = false;
            state.cuts += 1;
        });
    }

    /// How many connections were let through.
    pub(crate) fn accepted(&self) -> usize {
        self.line.accepted.load(Ordering::SeqCst)
    }

    /// How many connections were refused.
    pub(crate) fn refused(&self) -> usize {
        self.line.refused.load(Ordering::SeqCst)
    }
}

impl Line {
    fn state(&self) -> State {
        *self.state.borrow()
    }
}

async fn accept(listener: TcpListener, line: Arc<Line>, server: String) {
    while let Ok((client, _)) = listener.accept().await {
        if line.state().refuses {
            line.refused.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        line.accepted.fetch_add(1, Ordering::SeqCst);
        spawn(connect(client, Arc::clone(&line), server.clone()));
    }
}

/// Carries one connection until an end closes it or the test cuts it.
async fn connect(client: TcpStream, line: Arc<Line>, server: String) {
    let mut states = line.state.subscribe();
    let began = states.borrow_and_update().cuts;
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let cut = async {
        // The sender lives in the line that this task holds.
        let _ = states.wait_for(|state| state.cuts > began).await;
    };
    tokio::select! {
        () = cut => {}
        _ = carry(client_reads, server_writes, None) => {}
        _ = carry(server_reads, client_writes, Some(line.state.subscribe())) => {}
    }
}

/// Carries bytes one way, unless they are to be held back.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut states: Option<watch::Receiver<State>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        if let Some(states) = &mut states {
            let _ = states.wait_for(|state| !state.holds_answers).await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it ends with the runtime of its test"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}
