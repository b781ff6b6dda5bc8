//! [`Shards`]: the threads that run workflow code.

use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustc_hash::FxBuildHasher;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::programs::Programs;
use super::responder::Responder;
use super::shard::{Input, Shard};
use super::task::PolledTask;
use crate::engine::Run;
use crate::ids::RunId;

/// A task that takes longer is probably stuck: the server hands it out again after ten seconds
/// if nothing else was set.
const SLOW: Duration = Duration::from_secs(5);

/// The threads that run workflow code, each with the runs of one shard.
///
/// Dropping it stops the threads.
#[derive(Debug)]
pub(super) struct Shards {
    threads: Vec<Sender<Message>>,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box for each task is dearer than room for a stop"
)]
enum Message {
    Input(Input),
    Stop,
}

/// What a thread needs besides its runs.
#[derive(Clone)]
struct Surroundings {
    responder: Arc<Responder>,
    runtime: Handle,
    /// Counts requests, and the threads themselves.
    tracker: TaskTracker,
}

impl Shards {
    /// Starts the threads. They have no tokio runtime of their own: what they want done is
    /// spawned on the caller's.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start(
        programs: &Arc<Programs>,
        namespace: &str,
        wanted: Option<usize>,
        cached: usize,
        responder: Arc<Responder>,
        tracker: &TaskTracker,
    ) -> io::Result<Self> {
        let surroundings = Surroundings {
            responder,
            runtime: Handle::current(),
            tracker: tracker.clone(),
        };
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let wanted = wanted.unwrap_or_else(cores).max(1);
        let mut shards = Self {
            threads: Vec::new(),
        };
        for (number, capacity) in capacities(cached, wanted).enumerate() {
            let shard = Shard::new(Arc::clone(programs), namespace.to_owned(), capacity);
            let (sender, receiver) = channel();
            shards.threads.push(sender.clone());
            let surroundings = surroundings.clone();
            thread::Builder::new()
                .name(format!("outlast-workflow-{number}"))
                .spawn(move || serve(shard, &receiver, &sender, &surroundings))?;
        }
        Ok(shards)
    }

    /// Hands a task to the thread of its run.
    pub(super) fn handle(&self, task: PolledTask) {
        let thread = &self.threads[self.place(task.run_id())];
        // A thread that is gone was stopped, and its task goes to another worker.
        let _ = thread.send(Message::Input(Input::Task(task)));
    }

    fn place(&self, run_id: &RunId) -> usize {
        let hash = FxBuildHasher.hash_one(run_id);
        // The upper bits are the better ones of this hash.
        (hash >> 32) as usize % self.threads.len()
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        for thread in &self.threads {
            let _ = thread.send(Message::Stop);
        }
    }
}

/// How many runs each thread keeps: as many threads as are wanted, but none without a run to
/// keep.
fn capacities(cached: usize, wanted: usize) -> impl Iterator<Item = usize> {
    let threads = if cached == 0 {
        wanted
    } else {
        wanted.min(cached)
    };
    // The first ones get what cannot be divided.
    (0..threads).map(move |number| cached / threads + usize::from(number < cached % threads))
}

fn serve(
    mut shard: Shard<Run>,
    inputs: &Receiver<Message>,
    sender: &Sender<Message>,
    surroundings: &Surroundings,
) {
    let _counted = surroundings.tracker.token();
    while let Ok(Message::Input(input)) = inputs.recv() {
        let run_id = input.run_id().clone();
        let began = now();
        shard.handle(input);
        for action in shard.actions() {
            let responder = Arc::clone(&surroundings.responder);
            let sender = sender.clone();
            let request = async move {
                if let Some(input) = responder.perform(action).await {
                    let _ = sender.send(Message::Input(input));
                }
            };
            surroundings
                .tracker
                .spawn_on(request, &surroundings.runtime);
        }
        let elapsed = now() - began;
        if elapsed > SLOW {
            tracing::warn!(
                run_id = run_id.as_str(),
                ?elapsed,
                "a workflow task took long; workflow code must not block or compute for long"
            );
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only to notice code that is stuck"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_divided_among_the_threads() {
        for (cached, want) in [
            (0, vec![0, 0, 0, 0]),
            (1, vec![1]),
            (3, vec![1, 1, 1]),
            (10, vec![3, 3, 2, 2]),
        ] {
            assert_eq!(capacities(cached, 4).collect::<Vec<_>>(), want, "{cached}");
        }
    }
}
