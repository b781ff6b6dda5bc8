//! Waiting until a tokio runtime has nothing to do.
//!
//! A runtime has nothing to do when all its workers sleep and nothing is queued: then every task
//! waits for something from outside. It can be seen from its metrics, but not by one of its own
//! tasks, for whose sake a worker is awake. So a thread looks, one for all runtimes of the process.

use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::wall;

/// Waits until all tasks of this runtime wait.
///
/// The futures of the caller's own task are among them, with one exception: what `block_on` runs on
/// a runtime of several threads is none of its tasks, and nor are those of a `LocalSet` in there.
/// These have [`TURNS`] turns, and all that they set off has come to an end.
pub(crate) async fn quiet() {
    let runtime = Handle::try_current();
    let runtime = runtime.ok().filter(|_| !is_paused());
    let Some(runtime) = runtime else {
        // There is nothing to look at, or it never rests.
        return take_turns().await;
    };
    let is_inside =
        tokio::task::try_id().is_some() || runtime.runtime_flavor() == RuntimeFlavor::CurrentThread;
    loop {
        let Some(rest) = seen_resting(&runtime).await else {
            return take_turns().await;
        };
        // Where no worker is awake, this future runs on none, whatever it looks like.
        if is_inside && resting(&runtime) != Some(rest) {
            return;
        }
        take_turns().await;
        if resting(&runtime) == Some(rest) {
            return;
        }
    }
}

/// Gives the other futures of the task some turns.
async fn take_turns() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

/// Waits until somebody else has seen the runtime rest. `None` if nobody looks.
async fn seen_resting(runtime: &Handle) -> Option<Rest> {
    let (tell, told) = oneshot::channel();
    let runtime = runtime.clone();
    watcher().send(Asked { runtime, tell }).ok()?;
    told.await.ok()
}

/// Names one rest of a runtime: how often its workers fell asleep and woke up until then.
type Rest = u64;

/// The rest that a runtime is in, if it is in one.
fn resting(runtime: &Handle) -> Option<Rest> {
    let metrics = runtime.metrics();
    let all_asleep = || {
        (0..metrics.num_workers()).try_fold(0, |sum: Rest, worker| {
            let count = metrics.worker_park_unpark_count(worker);
            // It is odd while the worker sleeps.
            (count % 2 == 1).then(|| sum.wrapping_add(count))
        })
    };
    let rest = all_asleep()?;
    let is_queue_empty = metrics.global_queue_depth() == 0;
    (is_queue_empty && all_asleep() == Some(rest)).then_some(rest)
}

/// Whether tokio's clock is paused. Then it is moved ahead whenever the runtime has nothing to do
/// but to wait for it, so that it never rests for long.
fn is_paused() -> bool {
    let (wall, tokio) = (wall::now(), tokio::time::Instant::now());
    while wall.elapsed().is_zero() {}
    tokio::time::Instant::now() == tokio
}

/// Somebody who waits for a runtime to rest.
struct Asked {
    runtime: Handle,
    tell: oneshot::Sender<Rest>,
}

impl Asked {
    /// Tells it if it is so; returns what has to be looked at again.
    fn look(self) -> Option<Self> {
        if self.tell.is_closed() {
            return None;
        }
        let Some(rest) = resting(&self.runtime) else {
            return Some(self);
        };
        // Who does not wait any more need not know.
        let _ = self.tell.send(rest);
        None
    }
}

/// Where to ask the thread that looks.
fn watcher() -> &'static Sender<Asked> {
    static WATCHER: OnceLock<Sender<Asked>> = OnceLock::new();
    WATCHER.get_or_init(|| {
        let (sender, asked) = channel();
        let thread = thread::Builder::new().name("outlast-quiet".to_owned());
        // Without a thread nobody receives, and those who ask hear of it.
        let _ = thread.spawn(move || watch(&asked));
        sender
    })
}

fn watch(asked: &Receiver<Asked>) {
    let mut open: Vec<Asked> = Vec::new();
    let mut fruitless = 0;
    loop {
        let next = match (open.is_empty(), fruitless) {
            (true, _) => asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
            (false, 0..SOON) => {
                thread::yield_now();
                asked.try_recv().map_err(|_| RecvTimeoutError::Timeout)
            }
            (false, _) => asked.recv_timeout(PAUSE),
        };
        match next {
            Ok(next) => {
                open.push(next);
                fruitless = 0;
            }
            Err(RecvTimeoutError::Timeout) => fruitless = (fruitless + 1).min(SOON),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        open.extend(asked.try_iter());
        open = open.into_iter().filter_map(Asked::look).collect();
    }
}

/// How many turns the other futures of a task have where its runtime says nothing about it.
const TURNS: usize = 10;

/// How often the thread looks again at once, because runtimes rest soon in most cases.
const SOON: u32 = 100;

/// How long it pauses between two looks after that.
const PAUSE: Duration = Duration::from_micros(200);
