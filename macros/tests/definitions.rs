//! What the macros leave behind: functions that can still be called, and keys that describe them.

#![warn(clippy::pedantic)]
#![deny(warnings)]
#![allow(clippy::unused_async, reason = "nothing here waits")]
#![allow(unreachable_pub, reason = "definitions are shown as users write them")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use outlast::activity::{ActivityImpl, ActivityRegistry, ActivitySet};
use outlast::convert::Args;
use outlast::definition::{
    Activity, ActivityFn, HandlerNames, MissingTimeout, QueryFn, SignalFn, TimeoutSet, UpdateFn,
    Workflow, WorkflowFn,
};
use outlast::workflow::WorkflowImpl;
use outlast::{
    ActivityContext, ActivityError, ActivityInfo, ActivityOptions, RetryPolicy, WorkflowContext,
    WorkflowError, WorkflowResult, activities, activity, workflow,
};
use serde::{Deserialize, Serialize};

/// The output of a future that waits for nothing.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// The context of an attempt that no worker looks after.
fn context() -> ActivityContext {
    ActivityContext::detached(ActivityInfo::default())
}

fn options<M, F: ActivityFn<M>>(_: F) -> ActivityOptions {
    F::Activity::options()
}

fn activity_name<M, F: ActivityFn<M>>(_: F) -> &'static str {
    F::Activity::NAME
}

fn workflow_name<M, F: WorkflowFn<M>>(_: F) -> &'static str {
    F::Workflow::NAME
}

fn handlers_of<K: Workflow>() -> String {
    let mut names = HandlerNames::default();
    K::handler_names(&mut names);
    format!("{names:?}")
}

mod free_functions {
    use super::*;

    /// Adds.
    #[activity]
    pub async fn add(a: u32, b: u32) -> Result<u32, ActivityError> {
        Ok(a + b)
    }

    #[activity(
        name = "Charge",
        start_to_close_timeout = "30s",
        schedule_to_close_timeout = "1h30m",
        schedule_to_start_timeout = "5m",
        heartbeat_timeout = "500ms",
        task_queue = "payments",
        retry(
            max_attempts = 3,
            initial_interval = "1s",
            backoff_coefficient = 2.5,
            max_interval = "1m",
            non_retryable = ["CardDeclined", "UnknownCard"]
        )
    )]
    pub(crate) async fn charge(mut cents: u64, _: String) -> Result<u64, std::io::Error> {
        cents += 1;
        Ok(cents)
    }

    #[activity(blocking)]
    async fn read_file(_ctx: ActivityContext, path: String) -> Result<String, std::io::Error> {
        std::fs::read_to_string(path)
    }

    #[allow(clippy::too_many_arguments, reason = "as many as there may be")]
    #[activity(schedule_to_close_timeout = "1d")]
    async fn r#match(
        _a: u8,
        _b: u8,
        _c: u8,
        _d: u8,
        _e: u8,
        _f: u8,
        _g: u8,
        _h: u8,
        _i: u8,
        _j: u8,
        _k: u8,
        l: u8,
    ) -> Result<u8, ActivityError> {
        Ok(l)
    }

    #[activity]
    #[cfg(any())]
    async fn conditional() -> Result<DoesNotExist, ActivityError> {
        Ok(DoesNotExist)
    }

    #[activity]
    #[deprecated]
    async fn old() -> Result<(), ActivityError> {
        Ok(())
    }

    #[test]
    fn are_called_as_they_are_written() {
        assert_eq!(ready(add(1, 2)).unwrap(), 3);
        assert_eq!(ready(charge(41, String::new())).unwrap(), 42);
        assert_eq!(
            ready(r#match(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12)).unwrap(),
            12
        );
    }

    #[test]
    fn have_their_own_name_or_the_given_one() {
        assert_eq!(add::NAME, "add");
        assert_eq!(charge::NAME, "Charge");
        assert_eq!(r#match::NAME, "match");
        assert_eq!(activity_name(read_file), "read_file");
        #[allow(deprecated, reason = "an attribute of the user's that stays")]
        let old = activity_name(old);
        assert_eq!(old, "old");
    }

    #[test]
    fn carry_the_options_of_their_attribute() {
        let retry = RetryPolicy::new()
            .max_attempts(3)
            .initial_interval(Duration::from_secs(1))
            .backoff_coefficient(2.5)
            .max_interval(Duration::from_mins(1))
            .non_retryable_error("CardDeclined")
            .non_retryable_error("UnknownCard");
        let expected = ActivityOptions::new()
            .start_to_close_timeout(Duration::from_secs(30))
            .schedule_to_close_timeout(Duration::from_mins(90))
            .schedule_to_start_timeout(Duration::from_mins(5))
            .heartbeat_timeout(Duration::from_millis(500))
            .task_queue("payments")
            .retry(retry);
        assert_eq!(options(charge), expected);
        assert_eq!(options(add), ActivityOptions::new());
    }

    #[test]
    fn say_whether_a_call_needs_a_timeout() {
        fn is_set<K: Activity<Timeout = TimeoutSet>>() {}
        fn is_missing<K: Activity<Timeout = MissingTimeout>>() {}
        is_set::<charge>();
        is_set::<r#match>();
        is_missing::<add>();
        is_missing::<read_file>();
    }

    #[test]
    fn say_whether_they_block() {
        const { assert!(read_file::BLOCKING && !add::BLOCKING) }
    }

    #[test]
    fn are_called_by_their_key() {
        let called = add::call(Arc::new(()), context(), (1, 2));
        assert_eq!(ready(called).unwrap(), 3);
    }

    #[test]
    fn can_be_defined_inside_a_function() {
        #[activity]
        async fn nested() -> Result<(), ActivityError> {
            Ok(())
        }
        assert_eq!(nested::NAME, "nested");
    }
}

mod methods {
    use super::*;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    pub struct Inventory {
        stock: u32,
    }

    #[activities]
    impl Inventory {
        const LIMIT: u32 = 10;

        pub fn with(stock: u32) -> Self {
            Self { stock }
        }

        /// Tells how many are left.
        #[activity(start_to_close_timeout = "5s")]
        pub async fn reserve(&self, count: u32) -> Result<u32, ActivityError> {
            Ok(self.stock.min(Self::LIMIT) - count)
        }

        #[outlast::activity(name = "Copy")]
        async fn copy(self: Arc<Self>, _ctx: ActivityContext) -> Result<Self, ActivityError> {
            Ok(Self { ..*self })
        }

        #[activity]
        async fn merge(a: Self, b: Vec<Self>) -> Result<Option<Self>, ActivityError> {
            Ok(Some(Self::with(a.stock + u32::from(!b.is_empty()))))
        }

        #[activity]
        #[cfg(any())]
        async fn conditional(&self) -> Result<DoesNotExist, ActivityError> {
            Ok(DoesNotExist)
        }
    }

    mod elsewhere {
        pub(super) struct Generic<T>(pub T);
    }

    #[activities]
    impl elsewhere::Generic<String> {
        #[cfg(any())]
        #[activity]
        async fn conditional(&self) -> Result<DoesNotExist, ActivityError> {
            Ok(DoesNotExist)
        }

        #[cfg(not(any()))]
        #[activity]
        async fn length(&self) -> Result<usize, ActivityError> {
            Ok(self.0.len())
        }
    }

    #[test]
    fn are_called_as_they_are_written() {
        let inventory = Arc::new(Inventory::with(3));
        assert_eq!(ready(inventory.reserve(1)).unwrap(), 2);
        let context = context();
        assert_eq!(
            ready(Arc::clone(&inventory).copy(context)).unwrap(),
            *inventory
        );
        let merged = Inventory::merge(Inventory::with(1), vec![Inventory::with(2)]);
        assert_eq!(ready(merged).unwrap(), Some(Inventory::with(2)));
        assert_eq!(
            ready(elsewhere::Generic("four".to_owned()).length()).unwrap(),
            4
        );
    }

    #[derive(Serialize, Deserialize)]
    struct Item(u32);

    struct Shelf(u32);

    #[activities]
    impl Shelf {
        #[allow(clippy::too_many_arguments, reason = "as many as there may be")]
        #[activity]
        async fn longest(
            &self,
            _: ActivityContext,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            last: u32,
        ) -> Result<u32, ActivityError> {
            Ok(self.0 + last)
        }

        #[activity]
        pub async fn put(&self, item: Item) -> Result<Item, ActivityError> {
            Ok(Item(self.0 + item.0))
        }
    }

    #[test]
    fn of_private_types_may_be_public() {
        assert_eq!(ready(Shelf(1).put(Item(2))).unwrap().0, 3);
        assert_eq!(activity_name(Shelf::put), "put");
        assert_eq!(activity_name(Shelf::longest), "longest");
    }

    #[test]
    fn have_keys_like_functions() {
        assert_eq!(activity_name(Inventory::reserve), "reserve");
        assert_eq!(activity_name(Inventory::copy), "Copy");
        assert_eq!(activity_name(Inventory::merge), "merge");
        let expected = ActivityOptions::new().start_to_close_timeout(Duration::from_secs(5));
        assert_eq!(options(Inventory::reserve), expected);
    }

    #[test]
    fn are_called_by_their_key_with_the_receiver_of_the_worker() {
        fn call<M, F, K>(_: F, args: K::Args) -> K::Return
        where
            F: ActivityFn<M, Activity = K>,
            K: ActivityImpl<Receiver = Inventory>,
        {
            let inventory = Arc::new(Inventory::with(3));
            ready(K::call(inventory, context(), args))
        }
        assert_eq!(call(Inventory::reserve, (1,)).unwrap(), 2);
        assert_eq!(call(Inventory::copy, ()).unwrap(), Inventory::with(3));
        let merged = call(Inventory::merge, (Inventory::with(3), vec![]));
        assert_eq!(merged.unwrap(), Some(Inventory::with(3)));
    }

    #[test]
    fn are_registered_together() {
        Arc::new(Inventory::with(3)).register(&mut ActivityRegistry::default());
    }
}

mod function_workflows {
    use super::*;

    #[workflow]
    pub async fn double(_ctx: WorkflowContext, number: u32) -> WorkflowResult<u32> {
        Ok(number * 2)
    }

    #[workflow(name = "Nothing")]
    async fn nothing(_: WorkflowContext<()>) -> Result<(), WorkflowError> {
        Ok(())
    }

    #[test]
    fn have_a_key_without_state() {
        fn is_stateless<K: WorkflowImpl<State = ()>>() {}
        is_stateless::<double>();
        assert_eq!(double::NAME, "double");
        assert_eq!(workflow_name(double), "double");
        assert_eq!(workflow_name(nothing), "Nothing");
        assert_eq!(handlers_of::<double>(), "HandlerNames([])");
    }
}

mod stateful_workflows {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Order {
        id: String,
        approvals: Vec<String>,
        items: u32,
    }

    #[workflow]
    impl Order {
        #[init]
        fn new(id: String, _limit: u32) -> Self {
            Self {
                id,
                ..Self::default()
            }
        }

        /// Runs.
        #[run]
        pub async fn run(
            _ctx: WorkflowContext<Self>,
            id: String,
            _limit: u32,
        ) -> WorkflowResult<String> {
            Ok(id)
        }

        #[signal]
        pub fn approve(&mut self, by: String) {
            self.approvals.push(by);
        }

        #[signal(name = "Reject")]
        pub async fn reject(_ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
            Ok(())
        }

        #[query]
        pub fn status(&self) -> usize {
            self.approvals.len()
        }

        #[query(name = "approve")]
        pub fn has_approved(&self, by: String) -> bool {
            self.approvals.contains(&by)
        }

        #[query]
        pub const fn version(&self) -> u32 {
            1
        }

        #[update]
        pub fn add_items(&mut self, count: u32) -> Result<u32, WorkflowError> {
            self.items += count;
            Ok(self.items)
        }

        #[validate(add_items)]
        fn check_items(&self, count: u32) -> Result<(), std::io::Error> {
            if self.items + count > 10 {
                return Err(std::io::Error::other("too many"));
            }
            Ok(())
        }

        #[update(name = "Stock")]
        pub async fn check_stock(
            _ctx: WorkflowContext<Self>,
            item: String,
            count: u32,
        ) -> Result<bool, WorkflowError> {
            Ok(item.len() > count as usize)
        }

        #[cfg(any())]
        #[update(name = "Stock")]
        pub fn conditional(&mut self) -> DoesNotExist {
            DoesNotExist
        }

        fn helper(&self) -> &str {
            &self.id
        }
    }

    #[derive(Default)]
    struct Plain;

    #[workflow(name = "PlainWorkflow")]
    impl Plain {
        #[run]
        async fn run(_: WorkflowContext<Self>) -> WorkflowResult<()> {
            Ok(())
        }
    }

    #[derive(Default)]
    struct Prepared;

    #[workflow]
    impl Prepared {
        #[init]
        fn prepare() -> Self {
            Self
        }

        #[run]
        async fn main(_: WorkflowContext<Self>, _seed: u64) -> WorkflowResult<()> {
            Ok(())
        }

        #[cfg(any())]
        #[signal]
        fn conditional(&mut self, _: DoesNotExist) {}
    }

    #[test]
    fn handlers_are_plain_methods() {
        let mut order = Order::new("o-1".to_owned(), 0);
        order.approve("alice".to_owned());
        assert_eq!(order.status(), 1);
        assert!(order.has_approved("alice".to_owned()));
        assert_eq!(order.add_items(3).unwrap(), 3);
        assert!(order.check_items(8).is_err());
        assert_eq!((order.helper(), order.version()), ("o-1", 1));
    }

    #[test]
    fn the_type_is_the_key_of_its_run_method() {
        assert_eq!(workflow_name(Order::run), "Order");
        assert_eq!(workflow_name(Plain::run), "PlainWorkflow");
        assert_eq!(workflow_name(Prepared::main), "Prepared");
    }

    #[test]
    fn handlers_are_listed_with_their_names() {
        let listed = handlers_of::<Order>();
        for name in ["approve", "Reject", "status", "add_items", "Stock"] {
            assert!(
                listed.contains(&format!("\"{name}\"")),
                "{name} in {listed}"
            );
        }
        assert_eq!(listed.matches("\"Stock\"").count(), 1, "{listed}");
        assert_eq!(handlers_of::<Prepared>(), "HandlerNames([])");
    }

    #[test]
    fn handlers_have_the_shape_of_their_kind() {
        fn signal<A: Args, M>(_: impl SignalFn<Order, M, Args = A>) {}
        fn query<A: Args, M>(_: impl QueryFn<Order, M, Args = A>) {}
        fn update<A: Args, M>(_: impl UpdateFn<Order, M, Args = A>) {}
        signal::<(String,), _>(Order::approve);
        signal::<(), _>(Order::reject);
        query::<(), _>(Order::status);
        query::<(String,), _>(Order::has_approved);
        update::<(u32,), _>(Order::add_items);
        update::<(String, u32), _>(Order::check_stock);
    }

    #[test]
    fn the_state_is_made_from_the_arguments_of_run() {
        let input = ("o-1".to_owned(), 7u32).encode().unwrap();
        assert_eq!(<Order as WorkflowImpl>::init(&input).unwrap().id, "o-1");
        assert!(<Order as WorkflowImpl>::init(&[]).is_err());
        assert!(<Plain as WorkflowImpl>::init(&[]).is_ok());
        assert!(<Prepared as WorkflowImpl>::init(&[]).is_ok());
    }

    #[test]
    fn the_engine_knows_every_handler() {
        let program = workflow::program::<Order>();
        let handlers = program.handlers();
        assert_eq!(handlers.signals, ["Reject", "approve"]);
        assert_eq!(handlers.queries, ["approve", "status", "version"]);
        assert_eq!(handlers.updates, ["Stock", "add_items"]);
    }
}

mod another_path {
    #[doc(hidden)]
    pub mod sdk {
        pub use outlast as renamed;
    }

    use outlast::definition::Activity;
    use outlast::{ActivityError, WorkflowContext, WorkflowResult, activity, workflow};

    #[activity(crate = "crate::another_path::sdk::renamed")]
    async fn task() -> Result<(), ActivityError> {
        Ok(())
    }

    #[workflow(crate = "self::sdk::renamed")]
    async fn flow(_ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(())
    }

    #[test]
    fn of_the_crate_is_used() {
        assert_eq!(task::NAME, "task");
        assert_eq!(super::workflow_name(flow), "flow");
    }
}
