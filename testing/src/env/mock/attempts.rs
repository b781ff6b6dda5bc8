//! [`Attempts`]: stands around every attempt of an activity, answers for mocks and keeps count.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlast::activity::{ActivityResult, ActivityRun, AroundAttempts};
use outlast::{ActivityContext, ActivityError, Payload};

use super::{ActivityPlan, Answer, Chosen, Plans};
use crate::env::activity_time::{ActivityTime, Pulse, spend};
use crate::env::backend::Backend;
use crate::env::calls::{CallKind, CallLog};
use crate::env::problems::Problems;

/// All attempts of activities in an environment.
pub(in crate::env) struct Attempts {
    backend: Backend,
    plans: Plans<ActivityContext, Answer>,
    script: Mutex<Script>,
    pulse: Pulse,
    pub(in crate::env) log: Arc<CallLog>,
    pub(in crate::env) problems: Problems,
}

/// What was said of activities, apart from mocks.
#[derive(Default)]
struct Script {
    fallback: Option<Arc<Fallback>>,
    tolerates_panics: bool,
    times: BTreeMap<&'static str, ActivityTime>,
}

/// Runs activities that are neither mocked nor registered.
pub(in crate::env) type Fallback =
    dyn Fn(&ActivityContext, &[Payload]) -> ActivityResult + Send + Sync;

/// What is to become of a call.
enum Choice {
    Answer(Answer),
    Fallback(Arc<Fallback>),
    Registered,
    Unexpected(String),
    Unknown,
}

impl Attempts {
    pub(in crate::env) fn new(backend: Backend) -> Self {
        Self {
            log: Arc::new(CallLog::new(backend.now())),
            backend,
            plans: Plans::default(),
            script: Mutex::default(),
            pulse: Pulse::default(),
            problems: Problems::new(),
        }
    }

    /// Adds a plan; the number names it.
    pub(in crate::env) fn add_plan(&self, plan: ActivityPlan) -> usize {
        self.plans.add(plan)
    }

    /// Adds a plan in place of all others of the same activity.
    pub(in crate::env) fn replace_plans(&self, plan: ActivityPlan) -> usize {
        self.plans.replace(plan)
    }

    pub(in crate::env) fn change_plan(&self, plan: usize, change: impl FnOnce(&mut ActivityPlan)) {
        self.plans.change(plan, change);
    }

    pub(in crate::env) fn set_fallback(&self, fallback: Arc<Fallback>) {
        let replaced = self.script().fallback.replace(fallback);
        // Dropped when the script is free again, because it is code of the test.
        drop(replaced);
    }

    pub(in crate::env) fn set_time(&self, activity: &'static str, time: ActivityTime) {
        self.script().times.insert(activity, time);
    }

    pub(in crate::env) fn tolerate_panics(&self) {
        self.script().tolerates_panics = true;
    }

    /// Forgets all mocks, when they were checked.
    pub(in crate::env) fn forget_plans(&self) {
        self.plans.clear();
    }

    /// What the test expected of mocks and did not get, if that is so.
    pub(in crate::env) fn unmet(&self) -> Option<String> {
        let calls = |activity: &str| self.log.report(CallKind::Activity, activity);
        self.plans.unmet(calls)
    }

    /// Lets the mock answer, or the real activity.
    async fn run(
        self: Arc<Self>,
        attempt: ActivityContext,
        input: Vec<Payload>,
        registered: Option<ActivityRun>,
    ) -> ActivityResult {
        match self.choose(&attempt, &input, registered.is_some()) {
            Choice::Answer(answer) => {
                let backend = self.backend.clone();
                answer.play(backend, attempt, input, registered).await
            }
            Choice::Fallback(fallback) => fallback(&attempt, &input),
            Choice::Registered => {
                let answer = Answer::default();
                let backend = self.backend.clone();
                answer.play(backend, attempt, input, registered).await
            }
            Choice::Unexpected(report) => {
                self.problems.add(report.clone());
                Err(ActivityError::application("UnexpectedCall", report).non_retryable())
            }
            Choice::Unknown => {
                let message = format!(
                    "activity type `{name}` is not registered with this environment: mock it with \
                     `TestEnv::mock`, or run the real one with `TestEnv::activity`",
                    name = attempt.info().activity_type,
                );
                Err(ActivityError::application("NotFoundError", message).non_retryable())
            }
        }
    }

    fn choose(&self, attempt: &ActivityContext, input: &[Payload], is_registered: bool) -> Choice {
        let activity = &attempt.info().activity_type;
        let calls = || self.log.report(CallKind::Activity, activity);
        match self.plans.choose(activity, attempt, input, calls) {
            Chosen::Answer(answer) => Choice::Answer(answer),
            Chosen::Unexpected(report) => Choice::Unexpected(report),
            Chosen::NotMocked if is_registered => Choice::Registered,
            Chosen::NotMocked => match self.script().fallback.clone() {
                Some(fallback) => Choice::Fallback(fallback),
                None => Choice::Unknown,
            },
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        // Nothing panics half way through a change.
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The attempts as a worker sees them.
#[derive(Clone, Debug)]
pub(in crate::env) struct Around(pub(in crate::env) Arc<Attempts>);

impl AroundAttempts for Around {
    fn begin(
        &self,
        attempt: &ActivityContext,
        input: Vec<Payload>,
        registered: Option<ActivityRun>,
    ) -> Option<ActivityRun> {
        let attempts = Arc::clone(&self.0);
        attempts.log.begin(attempt, &input, attempts.backend.now());
        let time = attempts
            .script()
            .times
            .get(attempt.info().activity_type.as_str())
            .copied();
        let (backend, pulse) = (attempts.backend.clone(), attempts.pulse.clone());
        let run = Box::pin(attempts.run(attempt.clone(), input, registered));
        let time = time.unwrap_or_default();
        Some(Box::pin(spend(time, backend, attempt.clone(), pulse, run)))
    }

    fn end(&self, attempt: &ActivityContext, result: ActivityResult) -> ActivityRun {
        let attempts = &self.0;
        attempts.log.end(attempt, &result);
        if let Err(error) = &result {
            match error.as_failure() {
                Some(failure) if failure.application_kind() == Some("Panic") => {
                    if !attempts.script().tolerates_panics {
                        attempts.problems.add(format!(
                            "activity `{}` panicked: {}",
                            attempt.info().activity_type,
                            failure.message()
                        ));
                    }
                }
                Some(_) => {}
                None => attempts.backend.let_go(attempt),
            }
        }
        Box::pin(std::future::ready(result))
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
