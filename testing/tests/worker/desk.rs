//! [`Desk`]: where activities report to their test, and wait for it.

use std::sync::Arc;
use std::time::Duration;

use outlast::activity::TaskToken;
use outlast::prelude::*;
use outlast::{CancelReason, Payload};
use tokio::sync::{Mutex, Semaphore, mpsc};

/// Activities that tell the test what they do.
#[derive(Clone)]
pub(crate) struct Desk {
    notes: mpsc::UnboundedSender<Note>,
    gate: Arc<Semaphore>,
}

/// The test's end of a desk.
pub(crate) struct Notes {
    notes: Mutex<mpsc::UnboundedReceiver<Note>>,
    gate: Arc<Semaphore>,
}

/// What an activity tells.
#[derive(Debug, PartialEq)]
pub(crate) enum Note {
    /// An attempt began.
    Began(u32),
    /// The activity was told to stop.
    Stopped(CancelReason),
    /// The attempt can be completed by this token.
    Token(TaskToken),
    /// The last heartbeat of the attempt before.
    Resumed(Option<u64>),
}

impl Desk {
    pub(crate) fn new() -> (Self, Notes) {
        let (sender, notes) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let desk = Self {
            notes: sender,
            gate: Arc::clone(&gate),
        };
        let notes = Mutex::new(notes);
        (desk, Notes { notes, gate })
    }

    fn note(&self, note: Note) {
        // A test that is over has no use for it.
        let _ = self.notes.send(note);
    }

    async fn pass_gate(&self) {
        let pass = self.gate.acquire().await;
        pass.expect("the gate is never closed").forget();
    }
}

#[activities]
impl Desk {
    /// Waits until the test lets it pass.
    #[activity(start_to_close_timeout = "1m")]
    pub(crate) async fn waits(&self, ctx: ActivityContext) -> Result<u32, ActivityError> {
        self.note(Note::Began(ctx.info().attempt));
        self.pass_gate().await;
        Ok(ctx.info().attempt)
    }

    /// Gives heartbeats until it is told to stop or let pass, and then ends as it was told to.
    #[activity(start_to_close_timeout = "1m", heartbeat_timeout = "10s")]
    pub(crate) async fn listens(
        &self,
        ctx: ActivityContext,
        gives_in: bool,
    ) -> Result<String, ActivityError> {
        self.note(Note::Began(ctx.info().attempt));
        let beats = async {
            loop {
                ctx.heartbeat(&1u64);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let reason = tokio::select! {
            () = beats => unreachable!("it beats until something else happens"),
            reason = ctx.canceled() => reason,
            () = self.pass_gate() => return Ok("passed".to_owned()),
        };
        self.note(Note::Stopped(reason));
        if gives_in {
            return Err(ActivityError::canceled());
        }
        Ok("cleaned up".to_owned())
    }

    /// Goes on until it is told to stop, and then until the test lets it pass.
    #[activity(start_to_close_timeout = "1m")]
    pub(crate) async fn winds_up(&self, ctx: ActivityContext) -> Result<u32, ActivityError> {
        self.note(Note::Began(ctx.info().attempt));
        self.note(Note::Stopped(ctx.canceled().await));
        self.pass_gate().await;
        Ok(ctx.info().attempt)
    }

    /// Is silent until it is told to stop, on the first attempt.
    #[activity(start_to_close_timeout = "1m")]
    pub(crate) async fn hangs_at_first(
        &self,
        ctx: ActivityContext,
        progress: u64,
    ) -> Result<Option<u64>, ActivityError> {
        let before = ctx.last_heartbeat::<u64>()?;
        self.note(Note::Resumed(before));
        if ctx.info().attempt == 1 {
            ctx.heartbeat(&progress);
            ctx.canceled().await;
        }
        Ok(before)
    }

    /// Says how far it came, fails, and goes on from there.
    #[activity(start_to_close_timeout = "1m")]
    pub(crate) async fn fails_at_first(
        ctx: ActivityContext,
        progress: u64,
    ) -> Result<Option<u64>, ActivityError> {
        for step in 0..=progress {
            ctx.heartbeat(&step);
        }
        if ctx.info().attempt == 1 {
            return Err(ActivityError::application("Down", "try again"));
        }
        Ok(ctx.last_heartbeat()?)
    }

    /// Leaves its outcome to whoever has the token.
    #[activity(start_to_close_timeout = "1m")]
    pub(crate) async fn delegates(&self, ctx: ActivityContext) -> Result<String, ActivityError> {
        self.note(Note::Token(ctx.task_token()));
        Err(ActivityError::completes_later())
    }
}

impl Notes {
    /// Waits for the next note.
    pub(crate) async fn next(&self) -> Note {
        let note = self.notes.lock().await.recv().await;
        note.expect("the worker holds the desk")
    }

    /// The notes that nobody read.
    pub(crate) async fn rest(&self) -> Vec<Note> {
        let mut notes = self.notes.lock().await;
        std::iter::from_fn(|| notes.try_recv().ok()).collect()
    }

    /// Lets one activity pass.
    pub(crate) fn open_gate(&self) {
        self.gate.add_permits(1);
    }
}

/// What a payload holds, for tests of raw messages.
pub(crate) fn text(text: &str) -> Payload {
    Payload::new("json/plain", format!("\"{text}\""))
}
