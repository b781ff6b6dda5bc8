//! [`shutdown_signal`].

use std::future::{Future, pending};
use std::io;

/// Waits until somebody asks the program to end: by Ctrl-C or, on Unix, by SIGTERM.
///
/// From its first poll on, those signals do not end the program any more.
///
/// # Examples
/// ```no_run
/// # async fn example(worker: outlast::Worker) -> Result<(), outlast::worker::WorkerError> {
/// worker.run_until(outlast::shutdown_signal()).await
/// # }
/// ```
///
/// # Cancel safety
/// Dropping it loses a signal that comes after that.
pub async fn shutdown_signal() {
    tokio::select! {
        () = or_never(tokio::signal::ctrl_c()) => {}
        () = or_never(terminated()) => {}
    }
}

#[cfg(unix)]
async fn terminated() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}

#[cfg(not(unix))]
async fn terminated() -> io::Result<()> {
    pending().await
}

/// A signal that cannot be listened for keeps its effect: it ends the program.
async fn or_never(signal: impl Future<Output = io::Result<()>>) {
    if let Err(error) = signal.await {
        tracing::warn!(%error, "a signal cannot be listened for");
        pending::<()>().await;
    }
}
