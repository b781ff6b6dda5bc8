//! Replay of recorded histories.

use std::path::Path;
use std::time::{Duration, Instant};

use outlast::{Replayer, WorkflowHistory};
use serde_json::json;

use super::Res;
use super::flags::Flags;
use super::meter::{Meter, Spent};
use super::report::{report, round};
use super::scene::connect;
use super::workflows::{Fan, Hello, Parked, Seq, Signals, Timers};

pub(crate) fn replay(flags: &Flags) -> Res<()> {
    if flags.text("detect", "on") != "on" {
        eprintln!("outlast-bench: --detect has no effect: nondeterminism is always found");
    }
    let path = Path::new(flags.needed("file")?);
    let iterations = flags.number("iterations", 10)?;
    let batch = flags.number("batch", 1)?.max(1);
    let file = std::fs::read(path)?;
    let began = Instant::now();
    let history = if path.extension().is_some_and(|extension| extension == "pb") {
        WorkflowHistory::from_protobuf(&file)?
    } else {
        WorkflowHistory::from_json(std::str::from_utf8(&file)?)?
    };
    let parse = began.elapsed();
    let file_mib = file.len() as f64 / 1_048_576.0;
    drop(file);

    let replayer = Replayer::new()
        .workflow(Hello::run)
        .workflow(Seq::run)
        .workflow(Fan::run)
        .workflow(Timers::run)
        .workflow(Signals::run)
        .workflow(Parked::run);
    replayer.replay(&history)?;
    let mut total = Spent::default();
    let mut best = Duration::MAX;
    for _ in 0..iterations {
        let meter = Meter::start();
        for _ in 0..batch {
            replayer.replay(&history)?;
        }
        let spent = meter.stop();
        total.wall += spent.wall;
        total.cpu += spent.cpu;
        best = best.min(spent.wall);
    }

    let events = (history.len() * batch) as f64;
    let all_events = events * iterations as f64;
    let extra = json!({
        "events": history.len(),
        "iterations": iterations,
        "batch": batch,
        "events_per_s": round(all_events / total.wall.as_secs_f64(), 0),
        "best_events_per_s": round(events / best.as_secs_f64(), 0),
        "cpu_s_per_100k_events": round(total.cpu.as_secs_f64() * 1e5 / all_events, 4),
        "file": path.file_name().and_then(|name| name.to_str()),
        "parse_ms": round(parse.as_secs_f64() * 1e3, 2),
        "file_mib": round(file_mib, 3),
    });
    report(flags, "replay", &total, extra);
    Ok(())
}

/// Saves a workflow's history as `OUT.pb`, and as `OUT.sdk.json` as Temporal's tools write it.
pub(crate) async fn export(flags: &Flags) -> Res<()> {
    let (id, out) = (flags.needed("id")?, flags.needed("out")?);
    let client = connect(flags).await?;
    let history = client.workflow_by_id(id).history().await?;
    std::fs::write(format!("{out}.pb"), history.to_protobuf())?;
    std::fs::write(format!("{out}.sdk.json"), history.to_json())?;
    println!("{}", json!({ "exported": out, "events": history.len() }));
    Ok(())
}
