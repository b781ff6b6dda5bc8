//! A run that stays and one that replays decide the same, whatever happens.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::protocol::v1::Message;

use super::{run_of, value};
use crate::engine::testing::{HistoryBuilder, update};
use crate::engine::{
    Command, EventBody, Query, Random, Run, Step, TaskCompletion, UpdateRequest, WorkflowTask,
};
use crate::options::ActivityCancellation;
use crate::prelude::*;

#[activity(start_to_close_timeout = "30s")]
async fn step(n: u32) -> Result<u32, ActivityError> {
    Ok(n)
}

/// A bit of everything that a workflow may wait for.
#[derive(Default)]
struct Zoo {
    log: Vec<String>,
    is_closed: bool,
}

impl Zoo {
    async fn round(ctx: &WorkflowContext<Self>, n: u32) -> WorkflowResult<()> {
        let kept = ctx.sleep(Duration::from_secs(9)).start();
        let what = outlast::select! {
            timer = ctx.sleep(Duration::from_secs(3)) => { timer?; "timer" },
            done = ctx.activity(step, n) => { done?; "activity" },
            many = outlast::join_all([ctx.activity(step, n), ctx.activity(step, n)]) => {
                many.into_iter().collect::<Result<Vec<_>, _>>()?;
                "both"
            },
            logged = ctx.wait_until(|z| z.log.len() % 3 == 2) => { logged?; "condition" },
        };
        let entry = format!("{what} {} {:?}", ctx.random_u64() % 100, ctx.now());
        ctx.state().log.push(entry);
        if ctx.random_u64().is_multiple_of(2) {
            kept.await?;
        }
        Ok(())
    }
}

#[workflow]
impl Zoo {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        for n in 0..4 {
            if let Err(error) = Self::round(&ctx, n).await {
                ctx.shield(async { ctx.activity(step, n).await }).await?;
                return Err(error);
            }
        }
        ctx.wait_until(|z| z.is_closed || z.log.len() > 9)
            .timeout(Duration::from_secs(60))
            .await?;
        let log = ctx.state().log.clone();
        Ok(log)
    }

    #[signal]
    fn poke(&mut self, n: u64) {
        self.log.push(format!("poked {n}"));
        self.is_closed = n.is_multiple_of(16);
    }

    #[signal]
    async fn poke_later(ctx: WorkflowContext<Self>, n: u64) -> WorkflowResult<()> {
        let call = ctx
            .activity(step, 7)
            .cancellation(ActivityCancellation::WaitCompleted);
        let (timer, done) = outlast::join!(ctx.sleep(Duration::from_secs(n % 5)), call);
        timer?;
        done?;
        let entry = format!("poked later {n} {}", ctx.uuid());
        ctx.state().log.push(entry);
        Ok(())
    }

    #[update]
    fn put(&mut self, n: u64) -> Result<usize, WorkflowError> {
        self.log.push(format!("put {n}"));
        Ok(self.log.len())
    }

    #[validate(put)]
    fn may_put(&self, n: u64) -> Result<(), WorkflowError> {
        if n.is_multiple_of(2) {
            return Err(WorkflowError::application("Even", "only odd ones"));
        }
        Ok(())
    }

    #[update]
    async fn put_later(ctx: WorkflowContext<Self>, n: u64) -> Result<usize, WorkflowError> {
        ctx.sleep(Duration::from_secs(n % 5)).await?;
        ctx.state().log.push(format!("put later {n}"));
        let count = ctx.state().log.len();
        Ok(count)
    }

    #[query]
    fn log(&self) -> Vec<String> {
        self.log.clone()
    }
}

/// The server's side of one run, with chance in the place of the world.
struct World {
    history: HistoryBuilder,
    chance: Random,
    timers: Vec<String>,
    /// Ids of activities that are not over.
    activities: Vec<String>,
    names: BTreeMap<String, (&'static str, u64)>,
    is_canceled: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            history: HistoryBuilder::new("Zoo"),
            chance: Random::of_run(&seed.to_string()),
            timers: Vec::new(),
            activities: Vec::new(),
            names: BTreeMap::new(),
            is_canceled: false,
        }
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.chance.next_u64().is_multiple_of(n)
    }

    fn write(&mut self, event: impl FnOnce(HistoryBuilder) -> HistoryBuilder) {
        self.history = event(self.history.clone());
    }

    /// Lets some of what the run waits for happen, and other things as well.
    fn go_on(&mut self) {
        for timer in std::mem::take(&mut self.timers) {
            if self.one_in(4) {
                self.write(|history| history.timer_fired(&timer));
            } else {
                self.timers.push(timer);
            }
        }
        for id in std::mem::take(&mut self.activities) {
            match self.chance.next_u64() % 8 {
                0 | 1 => self.write(|h| h.activity_completed(&id, value(&1u32))),
                2 => self.write(|h| h.activity_canceled(&id)),
                _ => self.activities.push(id),
            }
        }
        let n = self.chance.next_u64() % 100;
        match self.chance.next_u64() % 12 {
            0..3 => self.write(|h| h.signaled("poke", [value(&n)])),
            3 | 4 => self.write(|h| h.signaled("poke_later", [value(&n)])),
            5 if !self.is_canceled => {
                self.is_canceled = true;
                self.write(|h| h.cancel_requested("enough"));
            }
            _ => {}
        }
    }

    fn updates(&mut self) -> Vec<UpdateRequest> {
        let mut updates = Vec::new();
        while self.one_in(3) {
            let (id, n) = (
                format!("u{}", self.names.len()),
                self.chance.next_u64() % 100,
            );
            let name = if self.one_in(2) { "put" } else { "put_later" };
            let sequencing = self.history.last_id() + 1;
            updates.push(update(&id, name, [value(&n)], sequencing));
            self.names.insert(id, (name, n));
        }
        updates
    }

    /// Records a command.
    fn record(&mut self, command: &Command) {
        match command {
            Command::StartTimer { timer, .. } => {
                self.timers.push(timer.clone());
                self.write(|h| h.timer_started(timer));
            }
            Command::CancelTimer { timer } => {
                self.timers.retain(|open| open != timer);
                self.write(|h| h.timer_canceled(timer));
            }
            Command::ScheduleActivity(schedule) => {
                self.activities.push(schedule.id.to_string());
                self.write(|h| h.activity_scheduled(schedule.id.as_str(), schedule.kind));
            }
            Command::RequestCancelActivity { scheduled } => {
                let scheduled = *scheduled;
                self.write(|h| h.event(EventBody::ActivityCancelRequested { scheduled }));
            }
            Command::UpdateReply { message_id } => {
                let (id, what) = message_id.split_once("/request/").unwrap();
                let (name, n) = self.names[id];
                match what {
                    "accept" => self.write(|h| h.update_accepted(id, name, [value(&n)])),
                    _ => self.write(|h| h.update_completed(id)),
                }
            }
            Command::CancelWorkflow { .. } => self.write(HistoryBuilder::execution_canceled),
            Command::CompleteWorkflow { .. } => self.write(HistoryBuilder::execution_completed),
            Command::FailWorkflow { .. } => self.write(HistoryBuilder::execution_failed),
            Command::ContinueAsNew(_) => self.write(HistoryBuilder::continued_as_new),
        }
    }
}

/// What a task came to, in full.
fn told(completion: TaskCompletion) -> String {
    let replies = completion.replies.into_iter();
    let replies: Vec<_> = replies.map(|reply| Message::from(reply).id).collect();
    format!(
        "{:#?} {replies:?} {:?}",
        completion.commands, completion.answers
    )
}

/// Drives a run for so long; says whether it came to its end.
fn drive(seed: u64) -> bool {
    let mut world = World::new(seed);
    let mut live = run_of(Zoo::run);
    let mut last_started = 0;
    for round in 0..40 {
        let before = world.history.last_id();
        if round > 0 {
            world.go_on();
        }
        let is_quiet = world.history.last_id() == before;
        if world.one_in(10) {
            world.write(HistoryBuilder::failed_task);
            live = run_of(Zoo::run);
        }
        let updates = world.updates();
        let open = world.history.clone().open_task();
        let task = |run: &Run| WorkflowTask {
            updates: updates.clone(),
            queries: vec![(
                "q".to_owned(),
                Query {
                    name: "log".to_owned(),
                    input: vec![],
                },
            )],
            ..open.workflow_task_since(run.last_event_id() + 1)
        };
        let completion = live.complete(task(&live));
        let (commands, ends_run) = (completion.commands.clone(), completion.ends_run);
        let mut replaying = run_of(Zoo::run);
        let replayed = replaying.complete(task(&replaying));
        assert_eq!(
            told(completion),
            told(replayed),
            "seed {seed}, round {round}, {:#?}",
            open.events()
        );
        if is_quiet && commands.is_empty() && live.last_event_id() == before + 2 && round > 0 {
            // As the server does with a task that it made up for updates.
            live.handle_recorded(Some(last_started));
            continue;
        }
        last_started = open.last_id();
        world.history = open.task_completed();
        for command in &commands {
            world.record(command);
        }
        if ends_run {
            let mut replay = run_of(Zoo::run);
            replay.handle_task(world.history.workflow_task());
            let step = replay.poll();
            assert!(matches!(step, Step::Completed(_)), "seed {seed}: {step:?}");
            assert!(replay.is_closed(), "seed {seed}");
            return true;
        }
    }
    false
}

#[test]
fn a_run_that_stays_and_one_that_replays_decide_the_same() {
    let ended = (0..200).filter(|seed| drive(*seed)).count();
    assert!(ended > 100, "only {ended} runs came to their end");
}
