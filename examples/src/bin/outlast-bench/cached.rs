//! What a workflow costs that waits in memory.

use std::sync::atomic::Ordering;
use std::time::Duration;

use outlast::WorkflowHandle;
use serde_json::json;
use tokio::time::sleep;

use super::Res;
use super::flags::Flags;
use super::many::{at_once, warm_up};
use super::meter::{Meter, status_kib};
use super::report::{cpu_per_1000, mib, report, round};
use super::scene::{Scene, with_worker};
use super::workflows::{PARKED, Parked};

/// For so long nothing happens before memory is looked at.
const SETTLE: Duration = Duration::from_secs(2);

/// How many workflows fill what is allocated once, before the first look.
const FIRST: usize = 100;

pub(crate) async fn cached(flags: &Flags) -> Res<()> {
    let workflows = flags.number("workflows", 5000)?;
    let concurrency = flags.number("concurrency", 50)?;
    let finishes = flags.number("finish", 0)? > 0;
    let (spent, extra) = with_worker(flags, |scene| async move {
        warm_up(&scene).await?;
        park(&scene, FIRST, concurrency, "pre").await?;
        sleep(SETTLE).await;
        let before = status_kib("self", "VmRSS");
        let meter = Meter::start();
        let parked = park(&scene, workflows, concurrency, "parked").await?;
        let spent = meter.stop();
        sleep(SETTLE).await;
        let after = status_kib("self", "VmRSS");
        // Freed heap is not handed back first, as that takes an unsafe call: the figure holds
        // what the allocator keeps, too.
        let each = round((after as f64 - before as f64) / workflows as f64, 3);
        if finishes {
            for workflow in parked {
                workflow.signal(Parked::finish, ()).await?;
            }
        }
        let extra = json!({
            "workflows": workflows,
            "rss_before_mib": mib(before),
            "rss_after_mib": mib(after),
            "kib_per_workflow": each,
            "kib_per_workflow_untrimmed": each,
            "cpu_s_per_1000_workflows": cpu_per_1000(&spent, workflows),
        });
        Ok((spent, extra))
    })
    .await?;
    report(flags, "cached", &spent, extra);
    Ok(())
}

/// Starts workflows that wait, and waits until each has run its first task.
async fn park(
    scene: &Scene,
    count: usize,
    concurrency: usize,
    label: &'static str,
) -> Res<Vec<WorkflowHandle<Parked>>> {
    let target = PARKED.load(Ordering::Relaxed) + count;
    let scene = scene.clone();
    let parked = at_once(count, concurrency, move |number| {
        let scene = scene.clone();
        async move {
            let id = format!("{}-{label}-{number}", scene.tag);
            Ok(scene.start(Parked::run, (), id).await?)
        }
    })
    .await?;
    while PARKED.load(Ordering::Relaxed) < target {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(parked)
}
