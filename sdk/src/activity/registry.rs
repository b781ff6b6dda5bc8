//! [`ActivityRegistry`]: which activities a worker can run.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use super::around::{ActivityRun, AroundAttempts};
use super::{ActivityContext, ActivityImpl};
use crate::convert::{Args, DecodeError, Payload, ToPayload};
use crate::definition::ActivityReturn;

/// The activities that a worker can run, by name.
#[derive(Clone, Default)]
pub struct ActivityRegistry {
    activities: BTreeMap<&'static str, RegisteredActivity>,
    /// Names that came twice, which makes the worker's builder fail.
    duplicates: Vec<&'static str>,
    /// What stands around every attempt.
    around: Option<Arc<dyn AroundAttempts>>,
}

/// A type whose methods are activities. `#[activities]` writes it.
pub trait ActivitySet: Send + Sync + 'static {
    /// Adds all of them.
    fn register(self: Arc<Self>, registry: &mut ActivityRegistry);
}

/// A type that something else holds on to as well.
impl<T: ActivitySet> ActivitySet for Arc<T> {
    fn register(self: Arc<Self>, registry: &mut ActivityRegistry) {
        T::register(Self::clone(&self), registry);
    }
}

/// An activity without its types: payloads in, a payload out.
#[derive(Clone)]
pub(crate) struct RegisteredActivity {
    /// Whether the body blocks its thread.
    pub(crate) is_blocking: bool,
    body: Arc<ErasedBody>,
}

type ErasedBody =
    dyn Fn(ActivityContext, &[Payload]) -> Result<ActivityRun, DecodeError> + Send + Sync;

impl ActivityRegistry {
    /// Adds the activity `K` with the receiver of its calls.
    pub fn add<K: ActivityImpl>(&mut self, receiver: Arc<K::Receiver>) {
        let body = move |context: ActivityContext, input: &[Payload]| {
            let args = K::Args::decode(input)?;
            let run = K::call(Arc::clone(&receiver), context, args);
            Ok(Box::pin(async move { Ok(run.await.into_result()?.to_payload()?) }) as ActivityRun)
        };
        self.insert(K::NAME, K::BLOCKING, Arc::new(body));
    }

    /// Lets something stand around every attempt, also of activities that are not here.
    #[doc(hidden)]
    pub fn around(&mut self, around: Arc<dyn AroundAttempts>) {
        self.around = Some(around);
    }

    /// What stands around every attempt.
    pub(crate) fn around_attempts(&self) -> Option<&Arc<dyn AroundAttempts>> {
        self.around.as_ref()
    }

    fn insert(&mut self, name: &'static str, is_blocking: bool, body: Arc<ErasedBody>) {
        match self.activities.entry(name) {
            Entry::Occupied(_) => self.duplicates.push(name),
            Entry::Vacant(entry) => {
                entry.insert(RegisteredActivity { is_blocking, body });
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&RegisteredActivity> {
        self.activities.get(name)
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.activities.keys().copied()
    }

    /// Whether there is nothing to poll for.
    pub(crate) fn is_empty(&self) -> bool {
        self.activities.is_empty() && self.around.is_none()
    }

    pub(crate) fn duplicates(&self) -> &[&'static str] {
        &self.duplicates
    }
}

impl RegisteredActivity {
    /// Starts the body.
    ///
    /// # Errors
    /// When the arguments are not what it takes.
    pub(crate) fn call(
        &self,
        context: ActivityContext,
        input: &[Payload],
    ) -> Result<ActivityRun, DecodeError> {
        (self.body)(context, input)
    }
}

impl fmt::Debug for ActivityRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityRegistry")
            .field("activities", &self.activities)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RegisteredActivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredActivity")
            .field("is_blocking", &self.is_blocking)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::ActivityInfo;
    use crate::definition::{Activity, ActivityFuture, MissingTimeout};
    use crate::error::ActivityError;

    struct Double;

    impl Activity for Double {
        const NAME: &'static str = "double";
        type Args = (u32,);
        type Return = Result<u32, ActivityError>;
        type Timeout = MissingTimeout;
    }

    impl ActivityImpl for Double {
        type Receiver = ();

        fn call(
            _: Arc<()>,
            ctx: ActivityContext,
            (value,): (u32,),
        ) -> ActivityFuture<'static, Self> {
            ActivityFuture::new(async move { Ok(value * 2 * ctx.info().attempt) })
        }
    }

    #[tokio::test]
    async fn an_activity_runs_without_its_types() {
        let mut registry = ActivityRegistry::default();
        registry.add::<Double>(Arc::new(()));
        let double = registry.get("double").unwrap();
        let ctx = ActivityContext::detached(ActivityInfo::default());
        let input = [Payload::new("json/plain", "21")];
        let result = double.call(ctx.clone(), &input).unwrap().await;
        assert_eq!(result.ok().unwrap().data(), &"42");
        assert!(
            double
                .call(ctx, &[Payload::new("json/plain", "\"x\"")])
                .is_err()
        );
    }

    #[test]
    fn a_name_that_comes_twice_is_noted() {
        let mut registry = ActivityRegistry::default();
        registry.add::<Double>(Arc::new(()));
        assert_eq!(registry.duplicates(), [""; 0]);
        registry.add::<Double>(Arc::new(()));
        assert_eq!(registry.duplicates(), ["double"]);
    }
}
