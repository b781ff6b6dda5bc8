//! What a test sends never loses a race against the clock.
//!
//! In each round some task of the test asks a query, whose answer takes a turn of the workflow, and
//! only then sends what the workflow waits for. Others wait meanwhile, and so let time pass.

use std::time::Duration;

use outlast::client::IdConflictPolicy;
use outlast::prelude::*;
use outlast_testing::{TestEnv, TestHandle};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};

use crate::scene::*;

const ROUNDS: usize = 200;

/// Waits to be opened, for a day.
#[derive(Default)]
struct Gate {
    is_open: bool,
}

#[workflow]
impl Gate {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<bool> {
        Ok(ctx
            .wait_until(|gate| gate.is_open)
            .timeout(24 * HOUR)
            .await?)
    }

    #[signal]
    fn open(&mut self) {
        self.is_open = true;
    }

    #[update]
    fn open_now(&mut self) -> WorkflowResult<()> {
        self.is_open = true;
        Ok(())
    }

    #[query]
    fn is_open(&self) -> bool {
        self.is_open
    }
}

/// What comes to the workflow.
#[derive(Clone, Copy, Debug)]
enum Call {
    Cancel,
    Signal,
    SignalWithStart,
    Terminate,
    Update,
}

const CALLS: [Call; 5] = [
    Call::Cancel,
    Call::Signal,
    Call::SignalWithStart,
    Call::Terminate,
    Call::Update,
];

/// A workflow that waits, and who calls it.
#[derive(Clone)]
struct Caller {
    gate: TestHandle<Gate>,
    client: Client,
    call: Call,
}

impl Caller {
    async fn new(env: &TestEnv, call: Call) -> Self {
        let gate = env.start(Gate::run, ()).await;
        let client = env.client().clone();
        Self { gate, client, call }
    }

    /// Calls after it has asked for something.
    async fn call(self) {
        assert!(!self.gate.query(Gate::is_open, ()).await.unwrap());
        let gate = self.gate;
        match self.call {
            Call::Cancel => gate.cancel().await.unwrap(),
            Call::Signal => gate.signal(Gate::open, ()).await.unwrap(),
            Call::SignalWithStart => {
                let start = self.client.start(Gate::run, ()).task_queue("Gate");
                let start = start.id(gate.workflow_id().clone());
                let start = start.id_conflict_policy(IdConflictPolicy::UseExisting);
                drop(start.with_signal(Gate::open, ()).await.unwrap());
            }
            Call::Terminate => gate.terminate("enough").await.unwrap(),
            Call::Update => gate.update(Gate::open_now, ()).await.unwrap(),
        }
    }

    /// Checks that the call has come in time.
    async fn assert_in_time(&self, watch: &Stopwatch<'_>) {
        let result = self.gate.result().await;
        assert_eq!(watch.elapsed(), Duration::ZERO, "{:?}", self.call);
        match self.call {
            Call::Cancel | Call::Terminate => assert!(result.is_err(), "{:?}", self.call),
            Call::Signal | Call::SignalWithStart | Call::Update => assert!(result.unwrap()),
        }
    }
}

/// Lets rounds be played, with all calls in turn.
async fn play(round: impl AsyncFn(&TestEnv, Caller)) {
    for call in CALLS.into_iter().cycle().take(ROUNDS) {
        let env = TestEnv::new();
        let watch = Stopwatch::start(&env);
        let caller = Caller::new(&env, call).await;
        round(&env, caller.clone()).await;
        caller.assert_in_time(&watch).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the test waits for it")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

/// Waits beside the call, in one task.
async fn beside(_: &TestEnv, caller: Caller) {
    let result = caller.gate.result();
    let _ = tokio::join!(result, caller.call());
}

/// Waits while another task calls.
async fn elsewhere(_: &TestEnv, caller: Caller) {
    let result = caller.gate.result();
    let call = spawn(caller.call());
    let _ = result.await;
    call.await.unwrap();
}

/// Waits for time while another task calls.
async fn while_time_passes(env: &TestEnv, caller: Caller) {
    let (called, has_called) = oneshot::channel();
    let call = spawn(async move {
        caller.call().await;
        called.send(()).unwrap();
    });
    tokio::select! {
        biased;
        called = has_called => called.unwrap(),
        () = env.sleep(HOUR) => panic!("time has passed"),
    }
    call.await.unwrap();
}

/// Waits while word is passed on from task to task, until the last one calls.
async fn down_the_line(_: &TestEnv, caller: Caller) {
    let result = caller.gate.result();
    let (first, mut last) = oneshot::channel();
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (next, received) = oneshot::channel();
        tasks.push(spawn(async move {
            last.await.unwrap();
            next.send(()).unwrap();
        }));
        last = received;
    }
    tasks.push(spawn(async move {
        last.await.unwrap();
        caller.call().await;
    }));
    first.send(()).unwrap();
    let _ = result.await;
    for task in tasks {
        task.await.unwrap();
    }
}

/// Waits while another task gives way again and again, among others that do the same.
async fn giving_way(_: &TestEnv, caller: Caller) {
    let result = caller.gate.result();
    let others = (0..10).map(|_| spawn(give_way(20)));
    let others: Vec<_> = others.collect();
    let call = spawn(async move {
        give_way(50).await;
        caller.call().await;
    });
    let _ = result.await;
    call.await.unwrap();
    for other in others {
        other.await.unwrap();
    }
}

async fn give_way(times: usize) {
    for _ in 0..times {
        yield_now().await;
    }
}

/// Calls while another task waits.
async fn while_another_waits(_: &TestEnv, caller: Caller) {
    let result = caller.gate.result();
    let wait = spawn(async move { drop(result.await) });
    caller.call().await;
    wait.await.unwrap();
}

#[tokio::test]
async fn a_call_beside_the_wait_comes_before_time_passes() {
    play(beside).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_does_where_there_are_several_threads() {
    play(beside).await;
}

#[tokio::test]
async fn a_call_from_another_task_comes_before_time_passes() {
    play(elsewhere).await;
    play(while_time_passes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_from_a_task_on_another_thread() {
    play(elsewhere).await;
    play(while_time_passes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_does_one_from_a_task_on_one_of_many_threads() {
    play(elsewhere).await;
}

#[tokio::test]
async fn a_call_at_the_end_of_a_line_of_tasks_comes_before_time_passes() {
    play(down_the_line).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_at_the_end_of_a_line_across_threads() {
    play(down_the_line).await;
}

#[tokio::test]
async fn a_call_from_a_task_that_gives_way_comes_before_time_passes() {
    play(giving_way).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_from_a_task_that_gives_way_on_another_thread() {
    play(giving_way).await;
}

#[tokio::test]
async fn a_call_of_the_test_comes_before_time_passes_for_another_task() {
    play(while_another_waits).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_of_a_test_in_a_task_of_its_own() {
    let play = async { play(while_another_waits).await };
    spawn(play).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_from_an_ordinary_thread_comes_in_time_if_it_holds_the_time() {
    play(async |env: &TestEnv, caller: Caller| {
        let (result, hold) = (caller.gate.result(), env.hold("the call is on its way"));
        let runtime = tokio::runtime::Handle::current();
        let thread = std::thread::spawn(move || {
            runtime.block_on(caller.call());
            drop(hold);
        });
        let _ = result.await;
        thread.join().unwrap();
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "some task of the test computes or gives way without end")]
async fn a_task_that_never_waits_keeps_time_from_passing() {
    let env = TestEnv::new().real_time_limit(Duration::from_millis(50));
    let restless = spawn(async {
        loop {
            yield_now().await;
        }
    });
    env.sleep(HOUR).await;
    restless.abort();
}
