//! What a test costs: the environment in this process, and its server's raw calls.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use outlast::Client;
use outlast::raw::proto::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use outlast_testing::{Server, ServerOptions, TestEnv};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Res;
use super::flags::Flags;
use super::meter::{Meter, Spent};
use super::raw_calls::RawCalls;
use super::report::{report, round};
use super::scene::{Scene, connect, with_worker};
use super::workflows::{Acts, Hello, Sleeper};

pub(crate) async fn test_env(flags: &Flags) -> Res<()> {
    if flags.get("address").is_some() {
        return other_server(flags).await;
    }
    let workflows = flags.number("workflows", 1000)?;
    let calls = flags.number("calls", 500)?;
    let first_answer = median(first_answers(calls).await?);
    let in_process =
        median(round_trips(Server::new(ServerOptions::default()).client(), calls).await?);
    let over_tcp = median(round_trips_over_tcp(calls).await?);
    let timer = skipped_timer(calls).await?;
    let unit_test = median(unit_tests(calls.min(200)).await?);
    let (spent, many) = hello_in_one_process(workflows).await?;
    let mut extra = json!({
        "first_answer_ms": milliseconds(first_answer),
        "round_trip_in_process_ms": milliseconds(in_process),
        "round_trip_tcp_ms": milliseconds(over_tcp),
        "skipped_timer_ms": milliseconds(timer),
        "unit_test_ms": milliseconds(unit_test),
    });
    if let (Value::Object(extra), Value::Object(many)) = (&mut extra, many) {
        extra.extend(many);
    }
    report(flags, "test-env", &spent, extra);
    Ok(())
}

/// What a test costs with a server elsewhere. Only one that skips time can be asked for timers.
async fn other_server(flags: &Flags) -> Res<()> {
    let calls = flags.number("calls", 100)?;
    let timers = flags.number("timers", 0)?;
    let meter = Meter::start();
    let round_trip = median(round_trips(connect(flags).await?, calls).await?);
    let timer = match timers {
        0 => None,
        count => Some(with_worker(flags, |scene| skipped_timer_elsewhere(scene, count)).await?),
    };
    let extra = json!({
        "round_trip_tcp_ms": milliseconds(round_trip),
        "skipped_timer_ms": timer.map(milliseconds),
    });
    report(flags, "test-env", &meter.stop(), extra);
    Ok(())
}

async fn skipped_timer_elsewhere(scene: Scene, count: usize) -> Res<Duration> {
    let run = async |hours: usize, id: String| {
        let start = scene.start(Sleeper::run, hours as u64, id);
        // The clock of the server says when that is over.
        let start = start.execution_timeout(Duration::from_hours(24 * 365));
        start.await?.result().await?;
        Res::Ok(())
    };
    run(1, format!("{}-warm-up", scene.tag)).await?;
    let began = Instant::now();
    run(count, scene.tag.clone()).await?;
    Ok(began.elapsed() / u32::try_from(count)?)
}

/// A new server, until it has answered what a client asks first.
async fn first_answers(count: usize) -> Res<Vec<Duration>> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        let server = Server::new(ServerOptions::default());
        let mut service = outlast::raw::service(&server.client());
        service.get_system_info(GetSystemInfoRequest {}).await?;
        took.push(began.elapsed());
    }
    Ok(took)
}

/// Start, workflow task, activity, workflow task, by the calls that a worker would make.
async fn round_trips(client: Client, count: usize) -> Res<Vec<Duration>> {
    let nonce = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let name = format!("raw-{nonce}");
    let calls = RawCalls::new(&client, &name);
    let mut took = Vec::with_capacity(count);
    for number in 0..count {
        let began = Instant::now();
        calls.run_workflow(&format!("{name}-{number}")).await?;
        took.push(began.elapsed());
    }
    Ok(took)
}

async fn round_trips_over_tcp(count: usize) -> Res<Vec<Duration>> {
    let bound = Server::new(ServerOptions::default()).bind(([127, 0, 0, 1], 0).into())?;
    let address = bound.local_address()?.to_string();
    let mut serving = JoinSet::new();
    serving.spawn(bound.serve(std::future::pending()));
    round_trips(Client::connect(address).await?, count).await
}

/// The time for one of many timers of an hour, with the workflow task that follows it.
async fn skipped_timer(count: usize) -> Res<Duration> {
    let env = TestEnv::new();
    env.execute(Sleeper::run, 1).await?;
    let began = Instant::now();
    env.execute(Sleeper::run, count as u64).await?;
    Ok(began.elapsed() / u32::try_from(count)?)
}

/// A whole test of a workflow with an activity: environment, worker, result, and their end.
async fn unit_tests(count: usize) -> Res<Vec<Duration>> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        let env = TestEnv::new().activities(Acts::default());
        env.execute(Hello::run, 1).await?;
        drop(env);
        took.push(began.elapsed());
    }
    Ok(took)
}

/// Workflows with an activity each, through a worker and a server in this process.
async fn hello_in_one_process(count: usize) -> Res<(Spent, Value)> {
    let env = TestEnv::new().activities(Acts::default());
    env.execute(Hello::run, 1).await?;
    let meter = Meter::start();
    let mut started = Vec::with_capacity(count);
    for _ in 0..count {
        started.push(env.start(Hello::run, 1).await);
    }
    for workflow in started {
        workflow.result().await?;
    }
    let spent = meter.stop();
    let extra = json!({
        "workflows": count,
        "cpu_s_per_1000_workflows": super::report::cpu_per_1000(&spent, count),
    });
    Ok((spent, extra))
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations
        .get(durations.len() / 2)
        .copied()
        .unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1e3, 4)
}
