//! Queries.

use std::time::Duration;

use outlast::client::{QueryError, WorkflowStatus};
use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::eventually::events;

#[derive(Default)]
struct Meter {
    level: i64,
    is_done: bool,
}

#[workflow]
impl Meter {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<i64> {
        ctx.with_state(|meter| meter.level += 1);
        ctx.wait_until(|meter| meter.is_done).await?;
        Ok(ctx.state().level)
    }

    #[signal]
    fn rise(&mut self, by: i64) {
        self.level += by;
    }

    #[signal]
    fn finish(&mut self) {
        self.is_done = true;
    }

    #[query]
    fn level(&self) -> i64 {
        self.level
    }

    #[query]
    fn is_above(&self, level: i64, inclusive: bool) -> bool {
        self.level > level || (inclusive && self.level == level)
    }

    #[query]
    fn panics(&self) -> i64 {
        panic!("the meter is broken at {}", self.level)
    }
}

#[test]
fn a_query_sees_what_was_signaled_before() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Meter::run).run();
        let meter = scene.start(Meter::run, ()).await.unwrap();
        assert_eq!(meter.query(Meter::level, ()).await.unwrap(), 1);
        for level in 2..=6 {
            meter.signal(Meter::rise, 1).await.unwrap();
            assert_eq!(meter.query(Meter::level, ()).await.unwrap(), level);
        }
        assert!(!meter.query(Meter::is_above, (6, false)).await.unwrap());
        assert!(meter.query(Meter::is_above, (6, true)).await.unwrap());
        assert_eq!(meter.query_by_name::<i64>("level", ()).await.unwrap(), 6);
    });
}

#[test]
fn a_query_leaves_no_trace() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Meter::run).run();
        let meter = scene.start(Meter::run, ()).await.unwrap();
        meter.query(Meter::level, ()).await.unwrap();
        let before = events(&meter).await;
        for _ in 0..3 {
            meter.query(Meter::level, ()).await.unwrap();
        }
        assert_eq!(events(&meter).await, before);
    });
}

#[test]
fn a_query_waits_for_the_task_that_is_due() {
    on_each_backend(async |scene| {
        let meter = scene.start(Meter::run, ()).await.unwrap();
        meter.signal(Meter::rise, 41).await.unwrap();
        let (level, _worker) = tokio::join!(meter.query(Meter::level, ()), async {
            scene.worker().workflow(Meter::run).run()
        });
        assert_eq!(level.unwrap(), 42);
    });
}

#[test]
fn a_query_that_cannot_be_answered_says_why_and_harms_nobody() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Meter::run).run();
        let meter = scene.start(Meter::run, ()).await.unwrap();
        let failure = async |name: &str| {
            let answer = meter
                .query_by_name::<i64>(name, ("odd".to_owned(), 1))
                .await;
            match answer.unwrap_err() {
                QueryError::Failed(failure) => failure.report(),
                other => panic!("{name}: {other:?}"),
            }
        };
        let unknown = failure("no_such_query").await;
        assert!(
            unknown.contains("no_such_query") && unknown.contains("is_above"),
            "{unknown}"
        );
        let undecodable = failure("is_above").await;
        assert!(undecodable.contains("is_above"), "{undecodable}");
        let panics = match meter.query(Meter::panics, ()).await.unwrap_err() {
            QueryError::Failed(failure) => failure.report(),
            other => panic!("{other:?}"),
        };
        assert!(panics.contains("the meter is broken at 1"), "{panics}");

        meter.signal(Meter::finish, ()).await.unwrap();
        assert_eq!(meter.result().await.unwrap(), 1);
    });
}

#[test]
fn a_closed_workflow_still_answers() {
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(Meter::run).run();
        let meter = scene.start(Meter::run, ()).await.unwrap();
        meter.signal(Meter::rise, 9).await.unwrap();
        meter.signal(Meter::finish, ()).await.unwrap();
        assert_eq!(meter.result().await.unwrap(), 10);
        assert_eq!(meter.query(Meter::level, ()).await.unwrap(), 10);
        worker.stop().await;

        // Now by a worker that never saw it.
        let _worker = scene.worker().workflow(Meter::run).run();
        assert_eq!(meter.query(Meter::level, ()).await.unwrap(), 10);
        assert_eq!(meter.query(Meter::level, ()).await.unwrap(), 10);
        let rejected = meter.query(Meter::level, ()).only_open().await.unwrap_err();
        let QueryError::Rejected(status) = rejected else {
            panic!("{rejected:?}")
        };
        assert_eq!(status, WorkflowStatus::Completed);
    });
}

#[test]
fn a_terminated_workflow_still_answers() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Meter::run).run();
        let meter = scene.start(Meter::run, ()).await.unwrap();
        meter.signal(Meter::rise, 4).await.unwrap();
        assert_eq!(meter.query(Meter::level, ()).await.unwrap(), 5);
        meter.terminate("enough").await.unwrap();
        assert_eq!(meter.query(Meter::level, ()).await.unwrap(), 5);
    });
}

#[test]
fn the_stack_trace_says_where_a_workflow_waits() {
    #[workflow]
    async fn waits(ctx: WorkflowContext) -> WorkflowResult<()> {
        ctx.sleep(Duration::from_hours(1)).await?;
        Ok(())
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(waits).run();
        let workflow = scene.start(waits, ()).await.unwrap();
        let trace = workflow.query_by_name::<String>("__stack_trace", ()).await;
        let trace = trace.unwrap();
        assert!(trace.contains("tests/worker/queries.rs"), "{trace}");
    });
}

#[test]
fn without_a_worker_there_is_no_answer() {
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(Meter::run).run();
        let meter = scene.start(Meter::run, ()).await.unwrap();
        meter.query(Meter::level, ()).await.unwrap();
        worker.stop().await;
        let nobody = scene
            .client
            .start_by_name("level", ())
            .task_queue("worker-nobody-polls");
        let nobody = nobody.await.unwrap();
        nobody.terminate("nobody runs it").await.unwrap();
        let error = nobody.query_by_name::<i64>("level", ()).await.unwrap_err();
        let is_told = matches!(error, QueryError::NoWorker(_) | QueryError::NotReady(_));
        assert!(is_told, "{error:?}");
    });
}
