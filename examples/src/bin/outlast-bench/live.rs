//! Benchmarks on a running server.

use serde_json::json;

use super::Res;
use super::flags::Flags;
use super::many::{at_once, execute_many, warm_up};
use super::meter::Meter;
use super::report::{cpu_per_1000, latency, per_second, report, round};
use super::scene::{Scene, with_worker};
use super::workflows::{Fan, Hello, Seq, Signals, Timers};

/// How the activities of a workflow come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Fan,
    Sequence,
}

pub(crate) async fn hello(flags: &Flags) -> Res<()> {
    let workflows = flags.number("workflows", 2000)?;
    let concurrency = flags.number("concurrency", 50)?;
    let (spent, took) = with_worker(flags, |scene| async move {
        warm_up(&scene).await?;
        let meter = Meter::start();
        let took = execute_many(&scene, Hello::run, 7, workflows, concurrency, "hello").await?;
        Ok((meter.stop(), took))
    })
    .await?;
    let extra = json!({
        "workflows": workflows,
        "concurrency": concurrency,
        "workflows_per_s": per_second(&spent, workflows),
        "cpu_s_per_1000_workflows": cpu_per_1000(&spent, workflows),
        "latency": latency(took),
    });
    report(flags, "hello", &spent, extra);
    Ok(())
}

pub(crate) async fn activities(flags: &Flags, shape: Shape) -> Res<()> {
    let activities = flags.number("activities", 1000)?;
    let (spent, began) = with_worker(flags, |scene| async move {
        warm_up(&scene).await?;
        let meter = Meter::start();
        run_shape(&scene, shape, activities as u64).await?;
        let spent = meter.stop();
        let began = scene.acts.began().clone();
        Ok((spent, began))
    })
    .await?;
    let mut extra = json!({
        "activities": activities,
        "ran": began.len(),
        "activities_per_s": per_second(&spent, activities),
        "wall_ms_per_activity": round(spent.wall.as_secs_f64() * 1e3 / activities as f64, 4),
        "cpu_s_per_1000_activities": cpu_per_1000(&spent, activities),
    });
    let name = match shape {
        Shape::Fan => "fan",
        Shape::Sequence => {
            let gaps = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
            extra["gap"] = latency(gaps);
            "seq"
        }
    };
    report(flags, name, &spent, extra);
    Ok(())
}

async fn run_shape(scene: &Scene, shape: Shape, activities: u64) -> Res<()> {
    let id = scene.tag.clone();
    match shape {
        Shape::Fan => {
            let workflow = scene.start(Fan::run, activities, id).await?;
            workflow.result().await?;
        }
        Shape::Sequence => {
            let workflow = scene.start(Seq::run, activities, id).await?;
            workflow.result().await?;
        }
    }
    Ok(())
}

pub(crate) async fn timers(flags: &Flags) -> Res<()> {
    let workflows = flags.number("workflows", 200)?;
    let concurrency = flags.number("concurrency", 50)?;
    let timers = flags.number("timers", 5)?;
    let (spent, took) = with_worker(flags, |scene| async move {
        warm_up(&scene).await?;
        let meter = Meter::start();
        let each = timers as u64;
        let took =
            execute_many(&scene, Timers::run, each, workflows, concurrency, "timers").await?;
        Ok((meter.stop(), took))
    })
    .await?;
    let extra = json!({
        "workflows": workflows,
        "timers_each": timers,
        "timers_per_s": per_second(&spent, workflows * timers),
        "cpu_s_per_1000_timers": cpu_per_1000(&spent, workflows * timers),
        "latency": latency(took),
    });
    report(flags, "timers", &spent, extra);
    Ok(())
}

pub(crate) async fn signals(flags: &Flags) -> Res<()> {
    let count = flags.number("count", 2000)?;
    let concurrency = flags.number("concurrency", 20)?;
    let spent = with_worker(flags, |scene| async move {
        warm_up(&scene).await?;
        let meter = Meter::start();
        send_signals(&scene, count, concurrency).await?;
        Ok(meter.stop())
    })
    .await?;
    let extra = json!({
        "signals": count,
        "signals_per_s": per_second(&spent, count),
        "cpu_s_per_1000_signals": cpu_per_1000(&spent, count),
    });
    report(flags, "signals", &spent, extra);
    Ok(())
}

/// Sends one workflow so many signals and waits until it has added them up.
async fn send_signals(scene: &Scene, count: usize, concurrency: usize) -> Res<()> {
    let count_as_input = count as u64;
    let workflow = scene
        .start(Signals::run, count_as_input, scene.tag.clone())
        .await?;
    let target = workflow.clone();
    at_once(count, concurrency, move |number| {
        let target = target.clone();
        async move { Ok(target.signal(Signals::push, number as u64).await?) }
    })
    .await?;
    let sum = workflow.result().await?;
    if sum != (0..count_as_input).sum::<u64>() {
        return Err(format!("the sum of the signals is {sum}").into());
    }
    Ok(())
}

/// Runs one workflow under an id, for its history.
pub(crate) async fn generate(flags: &Flags) -> Res<()> {
    let kind = flags.text("kind", "seq");
    let count = flags.number("count", 1500)?;
    let id = flags.needed("id")?;
    with_worker(flags, |scene| async move {
        let id = scene.tag.clone();
        match kind {
            "seq" => run_shape(&scene, Shape::Sequence, count as u64).await,
            "fan" => run_shape(&scene, Shape::Fan, count as u64).await,
            "timers" => {
                let workflow = scene.start(Timers::run, count as u64, id).await?;
                workflow.result().await?;
                Ok(())
            }
            "signals" => send_signals(&scene, count, 20).await,
            other => Err(format!("there is no kind `{other}`").into()),
        }
    })
    .await?;
    println!("{}", json!({ "generated": kind, "count": count, "id": id }));
    Ok(())
}
