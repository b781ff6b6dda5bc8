//! A workflow that does what its arguments say.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use outlast::ActivityCancellation;
use outlast::definition::TimeoutSet;
use outlast::prelude::*;
use outlast::workflow::{ActivityCall, ActivityHandle, TimerHandle};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// One thing to do. Outcomes are noted, and what was noted goes into every later decision.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Action {
    /// Wait for an activity, canceled in one of three ways.
    Activity(u8),
    /// Wait for something that was started.
    Await(usize),
    /// Cancel something that was started.
    Cancel(usize),
    /// Decide by something that no history tells.
    CheatInCommand,
    /// Note something that no history tells.
    CheatInState,
    /// Let something that was started go on alone.
    Detach(usize),
    /// Draw a random number, look at the clock.
    Draw,
    /// Let go of something that was started.
    Drop(usize),
    /// Go on in a new run.
    GoOn,
    /// Fail.
    Fail,
    /// Do two lists of things at once.
    Join(Vec<Self>, Vec<Self>),
    /// Do two lists of things at once, until one of them is done.
    Select(Vec<Self>, Vec<Self>),
    /// Do things that a cancellation does not reach.
    Shield(Vec<Self>),
    /// Wait for some seconds.
    Sleep(u8),
    /// Start an activity.
    StartActivity(u8),
    /// Start a timer.
    StartTimer(u8),
    /// Wait until that many signals have come, for some seconds at most if that is not 0.
    WaitForPokes(u8, u8),
}

/// Lists of things to do.
pub(crate) fn actions() -> impl Strategy<Value = Vec<Action>> {
    let leaf = prop_oneof![
        3 => any::<u8>().prop_map(Action::Activity),
        2 => (0..4usize).prop_map(Action::Await),
        2 => (0..4usize).prop_map(Action::Cancel),
        1 => (0..4usize).prop_map(Action::Detach),
        1 => Just(Action::Draw),
        2 => (0..4usize).prop_map(Action::Drop),
        3 => (1..5u8).prop_map(Action::Sleep),
        3 => any::<u8>().prop_map(Action::StartActivity),
        3 => (1..5u8).prop_map(Action::StartTimer),
        2 => (0..4u8, 0..3u8).prop_map(|(pokes, seconds)| Action::WaitForPokes(pokes, seconds)),
    ];
    let lists = |action| prop::collection::vec(action, 0..4);
    let action = leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            2 => (lists(inner.clone().boxed()), lists(inner.clone().boxed()))
                .prop_map(|(a, b)| Action::Join(a, b)),
            3 => (lists(inner.clone().boxed()), lists(inner.clone().boxed()))
                .prop_map(|(a, b)| Action::Select(a, b)),
            1 => lists(inner.boxed()).prop_map(Action::Shield),
        ]
    });
    let end = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Action::Fail)),
        1 => Just(Some(Action::GoOn)),
    ];
    (prop::collection::vec(action, 1..7), end).prop_map(|(mut actions, end)| {
        actions.extend(end);
        actions
    })
}

#[activity(start_to_close_timeout = "5s")]
async fn work(noted: u64) -> Result<u64, ActivityError> {
    Ok(noted)
}

#[derive(Default)]
pub(crate) struct Kitchen {
    pokes: u8,
    notes: Vec<String>,
}

#[workflow]
impl Kitchen {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, actions: Vec<Action>) -> WorkflowResult<String> {
        let last = actions.last().cloned();
        run_all(ctx.clone(), actions).await;
        match last {
            Some(Action::GoOn) => return ctx.continue_as_new(vec![Action::Draw]),
            Some(Action::Fail) => {
                let noted = noted(&ctx).to_string();
                return Err(WorkflowError::application("Failed", noted));
            }
            _ => {}
        }
        if let Some(reason) = ctx.cancel_reason() {
            note(&ctx, format!("canceled: {reason}"));
            if noted(&ctx).is_multiple_of(2) {
                return Err(CanceledFailure::default().into());
            }
        }
        let noted = noted(&ctx);
        Ok(format!("{noted} {:?}", ctx.state().notes.last()))
    }

    #[signal]
    fn poke(&mut self) {
        self.pokes += 1;
        self.notes.push("poked".to_owned());
    }

    #[signal]
    async fn act(ctx: WorkflowContext<Self>, actions: Vec<Action>) -> WorkflowResult<()> {
        run_all(ctx, actions).await;
        Ok(())
    }

    #[update]
    async fn act_and_tell(
        ctx: WorkflowContext<Self>,
        actions: Vec<Action>,
    ) -> Result<u64, WorkflowError> {
        note(&ctx, "updated");
        run_all(ctx.clone(), actions).await;
        let noted = noted(&ctx);
        if noted.is_multiple_of(3) {
            return Err(WorkflowError::application("Divisible", noted.to_string()));
        }
        Ok(noted)
    }

    #[update]
    fn poke_and_tell(&mut self, pokes: u8) -> Result<u8, WorkflowError> {
        self.pokes = self.pokes.wrapping_add(pokes);
        self.notes.push(format!("poked {pokes} times"));
        Ok(self.pokes)
    }

    #[validate(poke_and_tell)]
    fn check_pokes(&self, pokes: u8) -> Result<(), WorkflowError> {
        if pokes.is_multiple_of(2) {
            return Err(WorkflowError::application(
                "Even",
                "poke an odd number of times",
            ));
        }
        Ok(())
    }
}

type Context = WorkflowContext<Kitchen>;

enum Started {
    Activity(ActivityHandle<work>),
    Timer(TimerHandle),
}

fn run_all(ctx: Context, actions: Vec<Action>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut started = Vec::new();
        for action in actions {
            run_one(&ctx, action, &mut started).await;
        }
        note(&ctx, "list done");
    })
}

async fn run_one(ctx: &Context, action: Action, started: &mut Vec<Started>) {
    match action {
        Action::Activity(how) => {
            let outcome = activity(ctx, how).await;
            note(ctx, outcome_of(outcome));
        }
        Action::Await(place) => match take(started, place) {
            Some(Started::Activity(handle)) => {
                let outcome = handle.await;
                note(ctx, outcome_of(outcome));
            }
            Some(Started::Timer(handle)) => {
                let outcome = handle.await;
                note(ctx, format!("timer: {}", outcome.is_ok()));
            }
            None => {}
        },
        Action::Cancel(place) => match nth(started, place) {
            Some(Started::Activity(handle)) => handle.cancel(),
            Some(Started::Timer(handle)) => handle.cancel(),
            None => {}
        },
        Action::CheatInCommand => {
            let seconds = CHEATS.fetch_add(1, Ordering::Relaxed);
            let _ = ctx.sleep(Duration::from_secs(seconds)).await;
        }
        Action::CheatInState => {
            note(ctx, CHEATS.fetch_add(1, Ordering::Relaxed).to_string());
        }
        Action::Detach(place) => match take(started, place) {
            Some(Started::Activity(handle)) => handle.detach(),
            Some(Started::Timer(handle)) => handle.detach(),
            None => {}
        },
        Action::Draw => {
            note(ctx, format!("{} {:?}", ctx.random_u64(), ctx.now()));
        }
        Action::Drop(place) => drop(take(started, place)),
        Action::Fail | Action::GoOn => {}
        Action::Join(a, b) => {
            outlast::join!(run_all(ctx.clone(), a), run_all(ctx.clone(), b));
            note(ctx, "joined");
        }
        Action::Select(a, b) => {
            let first = outlast::select! {
                () = run_all(ctx.clone(), a) => "left",
                () = run_all(ctx.clone(), b) => "right",
            };
            note(ctx, first);
        }
        Action::Shield(actions) => ctx.shield(run_all(ctx.clone(), actions)).await,
        Action::Sleep(seconds) => {
            let outcome = ctx.sleep(Duration::from_secs(seconds.into())).await;
            note(ctx, format!("slept: {}", outcome.is_ok()));
        }
        Action::StartActivity(how) => started.push(Started::Activity(activity(ctx, how).start())),
        Action::StartTimer(seconds) => {
            let timer = ctx.sleep(Duration::from_secs(seconds.into()));
            started.push(Started::Timer(timer.start()));
        }
        Action::WaitForPokes(pokes, 0) => {
            let outcome = ctx.wait_until(|k| k.pokes >= pokes).await;
            note(ctx, format!("poked: {outcome:?}"));
        }
        Action::WaitForPokes(pokes, seconds) => {
            let wait = ctx.wait_until(|k| k.pokes >= pokes);
            let outcome = wait.timeout(Duration::from_secs(seconds.into())).await;
            note(ctx, format!("poked in time: {outcome:?}"));
        }
    }
}

static CHEATS: AtomicU64 = AtomicU64::new(1);

fn activity(ctx: &Context, how: u8) -> ActivityCall<work, TimeoutSet> {
    let cancellation = match how % 3 {
        0 => ActivityCancellation::Abandon,
        1 => ActivityCancellation::TryCancel,
        _ => ActivityCancellation::WaitCompleted,
    };
    ctx.activity(work, noted(ctx)).cancellation(cancellation)
}

fn outcome_of(outcome: Result<u64, Failure>) -> String {
    match outcome {
        Ok(value) => format!("did {value}"),
        Err(failure) => failure.report(),
    }
}

fn note(ctx: &Context, what: impl Into<String>) {
    ctx.state().notes.push(what.into());
}

/// Whatever was noted, in short.
fn noted(ctx: &Context) -> u64 {
    let mut hasher = DefaultHasher::new();
    ctx.state().notes.hash(&mut hasher);
    hasher.finish()
}

fn take(started: &mut Vec<Started>, place: usize) -> Option<Started> {
    (!started.is_empty()).then(|| started.remove(place % started.len()))
}

fn nth(started: &[Started], place: usize) -> Option<&Started> {
    (!started.is_empty()).then(|| &started[place % started.len()])
}
