//! The same thing many times, some of them at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use outlast::convert::Args;
use outlast::definition::{Workflow, WorkflowFn};
use tokio::task::JoinSet;

use super::Res;
use super::scene::Scene;
use super::workflows::Hello;

/// Does `job` for each number below `count`, `concurrency` at a time.
pub(crate) async fn at_once<T, F>(
    count: usize,
    concurrency: usize,
    job: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Res<Vec<T>>
where
    F: Future<Output = Res<T>> + Send,
    T: Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let mut lanes = JoinSet::new();
    for _ in 0..concurrency {
        let (next, job) = (Arc::clone(&next), job.clone());
        lanes.spawn(async move {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Res::Ok(done);
                }
                done.push(job(number).await?);
            }
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(done) = lanes.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

/// Runs workflows of one type, and tells how long each took from its start to its result.
pub(crate) async fn execute_many<F, M>(
    scene: &Scene,
    workflow: F,
    input: u64,
    count: usize,
    concurrency: usize,
    label: &'static str,
) -> Res<Vec<Duration>>
where
    F: WorkflowFn<M> + Copy + Send + Sync + 'static,
    <F::Workflow as Workflow>::Args: Args<Input = u64>,
{
    let scene = scene.clone();
    at_once(count, concurrency, move |number| {
        let scene = scene.clone();
        async move {
            let began = Instant::now();
            let id = format!("{}-{label}-{number}", scene.tag);
            scene.start(workflow, input, id).await?.result().await?;
            Ok(began.elapsed())
        }
    })
    .await
}

/// Runs some workflows that do not count.
pub(crate) async fn warm_up(scene: &Scene) -> Res<()> {
    execute_many(scene, Hello::run, 1, 20, 5, "warm").await?;
    scene.acts.began().clear();
    Ok(())
}
