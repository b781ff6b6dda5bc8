//! [`Attempts`]: stands around every attempt of an activity, answers for mocks and keeps count.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlast::activity::{ActivityResult, ActivityRun, AroundAttempts};
use outlast::{ActivityContext, ActivityError, Payload};

use super::{Answer, Plan};
use crate::env::activity_time::{ActivityTime, Pulse, spend};
use crate::env::backend::Backend;
use crate::env::calls::CallLog;
use crate::env::problems::Problems;
use crate::env::text;

/// All attempts of activities in an environment.
pub(in crate::env) struct Attempts {
    backend: Backend,
    plans: Mutex<Plans>,
    pulse: Pulse,
    pub(in crate::env) log: CallLog,
    pub(in crate::env) problems: Problems,
}

/// What was said of mocks, in the order in which they were made.
#[derive(Default)]
struct Plans {
    plans: Vec<Plan>,
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
            log: CallLog::new(backend.now()),
            backend,
            plans: Mutex::default(),
            pulse: Pulse::default(),
            problems: Problems::new(),
        }
    }

    /// Adds a plan; the number names it.
    pub(in crate::env) fn add_plan(&self, plan: Plan) -> usize {
        let plans = &mut self.plans().plans;
        plans.push(plan);
        plans.len() - 1
    }

    /// Adds a plan in place of all others of the same activity.
    pub(in crate::env) fn replace_plans(&self, plan: Plan) -> usize {
        let mut plans = self.plans();
        let others = plans.plans.iter_mut();
        others
            .filter(|other| other.is_of(plan.activity()))
            .for_each(Plan::retire);
        drop(plans);
        self.add_plan(plan)
    }

    pub(in crate::env) fn change_plan(&self, plan: usize, change: impl FnOnce(&mut Plan)) {
        // There are none any more when the environment has ended.
        if let Some(plan) = self.plans().plans.get_mut(plan) {
            change(plan);
        }
    }

    pub(in crate::env) fn set_fallback(&self, fallback: Arc<Fallback>) {
        self.plans().fallback = Some(fallback);
    }

    pub(in crate::env) fn set_time(&self, activity: &'static str, time: ActivityTime) {
        self.plans().times.insert(activity, time);
    }

    pub(in crate::env) fn tolerate_panics(&self) {
        self.plans().tolerates_panics = true;
    }

    /// Forgets all mocks, when they were checked.
    pub(in crate::env) fn forget_plans(&self) {
        self.plans().plans.clear();
    }

    /// What the test expected of mocks and did not get, if that is so.
    pub(in crate::env) fn unmet(&self) -> Option<String> {
        let plans = self.plans();
        let mut unmet: Vec<&str> = plans
            .plans
            .iter()
            .filter(|plan| !plan.is_met())
            .map(Plan::activity)
            .collect();
        unmet.dedup();
        let reports = unmet
            .into_iter()
            .map(|activity| plans.report(activity, &self.log));
        let reports: Vec<String> = reports.collect();
        (!reports.is_empty()).then(|| {
            let reports = reports.join("\n  ");
            format!("mocks were not called as the test expects:\n  {reports}")
        })
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
        let mut plans = self.plans();
        let ours = |plan: &&mut Plan| plan.is_of(activity);
        if !plans.plans.iter().any(|plan| plan.is_of(activity)) {
            return match (&plans.fallback, is_registered) {
                (_, true) => Choice::Registered,
                (Some(fallback), false) => Choice::Fallback(Arc::clone(fallback)),
                (None, false) => Choice::Unknown,
            };
        }
        let last = plans.plans.iter_mut().rev().filter(ours);
        let takes = last.into_iter().find(|plan| plan.takes(attempt, input));
        let answer = takes.and_then(Plan::call);
        answer.map_or_else(
            || {
                let call = text::input(input);
                let report = plans.report(activity, &self.log);
                Choice::Unexpected(format!(
                    "`{activity}` was called with {call}, for which it is not mocked:\n  {report}"
                ))
            },
            Choice::Answer,
        )
    }

    fn plans(&self) -> MutexGuard<'_, Plans> {
        // A matcher may panic, which fails the test; the plans are as good as before.
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plans {
    /// What was expected of the calls of an activity, and what came.
    fn report(&self, activity: &str, log: &CallLog) -> String {
        let ours = self.plans.iter().filter(|plan| plan.is_of(activity));
        let expected: Vec<String> = ours
            .map(|plan| format!("\n    - {}", plan.report()))
            .collect();
        let calls = log.report(activity);
        format!("the mocks of `{activity}`:{}\n  {calls}", expected.concat())
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
            .plans()
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
                    if !attempts.plans().tolerates_panics {
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
