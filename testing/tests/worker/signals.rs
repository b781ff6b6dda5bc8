//! Signals.

use std::time::Duration;

use outlast::prelude::*;

use crate::backend::on_each_backend;

#[derive(Default)]
struct Inbox {
    letters: Vec<String>,
    is_closed: bool,
}

#[workflow]
impl Inbox {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        ctx.wait_until(|inbox| inbox.is_closed).await?;
        Ok(ctx.with_state(|inbox| std::mem::take(&mut inbox.letters)))
    }

    #[signal]
    fn deliver(&mut self, from: String, number: u32) {
        self.letters.push(format!("{from} {number}"));
    }

    /// Arrives when its timer has fired.
    #[signal]
    async fn deliver_later(ctx: WorkflowContext<Self>, from: String) -> WorkflowResult<()> {
        ctx.sleep(Duration::from_millis(10)).await?;
        ctx.with_state(|inbox| inbox.letters.push(format!("{from}, late")));
        Ok(())
    }

    #[signal]
    fn refuse(&mut self, why: String) -> WorkflowResult<()> {
        Err(WorkflowError::application("Refused", why))
    }

    #[signal]
    fn close(&mut self) {
        self.is_closed = true;
    }

    #[update]
    async fn wait_for(ctx: WorkflowContext<Self>, letters: usize) -> WorkflowResult<()> {
        Ok(ctx
            .wait_until(|inbox| inbox.letters.len() >= letters)
            .await?)
    }
}

#[test]
fn signals_are_handled_in_the_order_in_which_they_were_sent() {
    on_each_backend(async |scene| {
        let inbox = scene.start(Inbox::run, ()).await.unwrap();
        let send = async |number| {
            let letter = ("ada".to_owned(), number);
            inbox.signal(Inbox::deliver, letter).await.unwrap();
        };
        for number in 1..=5 {
            send(number).await;
        }
        let _worker = scene.worker().workflow(Inbox::run).run();
        inbox.update(Inbox::wait_for, 5).await.unwrap();
        for number in 6..=8 {
            send(number).await;
        }
        inbox.signal(Inbox::close, ()).await.unwrap();
        let want: Vec<_> = (1..=8).map(|number| format!("ada {number}")).collect();
        assert_eq!(inbox.result().await.unwrap(), want);
    });
}

#[test]
fn a_signal_that_cannot_be_read_or_is_unknown_is_passed_over() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Inbox::run).run();
        let inbox = scene.start(Inbox::run, ()).await.unwrap();
        inbox.signal_by_name("deliver", (7, 7)).await.unwrap();
        inbox.signal_by_name("deliver", ()).await.unwrap();
        inbox
            .signal_by_name("no_such_signal", ("hello".to_owned(),))
            .await
            .unwrap();
        inbox
            .signal(Inbox::deliver, ("bob".to_owned(), 1))
            .await
            .unwrap();
        inbox.signal(Inbox::close, ()).await.unwrap();
        assert_eq!(inbox.result().await.unwrap(), ["bob 1"]);
    });
}

#[test]
fn a_signal_that_comes_with_the_start_is_handled_first() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Inbox::run).run();
        let start = scene.start(Inbox::run, ());
        let inbox = start
            .with_signal(Inbox::deliver, ("eve".to_owned(), 1))
            .await
            .unwrap();
        inbox
            .signal(Inbox::deliver, ("bob".to_owned(), 2))
            .await
            .unwrap();
        inbox.signal(Inbox::close, ()).await.unwrap();
        assert_eq!(inbox.result().await.unwrap(), ["eve 1", "bob 2"]);
    });
}

#[test]
fn a_signal_with_a_start_reaches_the_workflow_that_runs_already() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Inbox::run).run();
        let inbox = scene.start(Inbox::run, ()).await.unwrap();
        let again = scene
            .client
            .start(Inbox::run, ())
            .task_queue(scene.task_queue());
        let again = again.id(inbox.workflow_id().clone());
        let again = again.with_signal(Inbox::deliver, ("eve".to_owned(), 1));
        assert_eq!(again.await.unwrap().run_id(), inbox.run_id());
        inbox.signal(Inbox::close, ()).await.unwrap();
        assert_eq!(inbox.result().await.unwrap(), ["eve 1"]);
    });
}

#[test]
fn a_signal_handler_may_wait() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Inbox::run).run();
        let inbox = scene.start(Inbox::run, ()).await.unwrap();
        inbox
            .signal(Inbox::deliver_later, "zoe".to_owned())
            .await
            .unwrap();
        inbox
            .signal(Inbox::deliver, ("bob".to_owned(), 1))
            .await
            .unwrap();
        inbox.update(Inbox::wait_for, 2).await.unwrap();
        inbox.signal(Inbox::close, ()).await.unwrap();
        let mut letters = inbox.result().await.unwrap();
        letters.sort();
        assert_eq!(letters, ["bob 1", "zoe, late"]);
    });
}

#[test]
fn a_signal_handler_that_fails_fails_the_workflow() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Inbox::run).run();
        let inbox = scene.start(Inbox::run, ()).await.unwrap();
        inbox
            .signal(Inbox::refuse, "no more".to_owned())
            .await
            .unwrap();
        let error = inbox.result().await.unwrap_err();
        assert_eq!(error.application_kind(), Some("Refused"));
    });
}

#[test]
fn a_workflow_that_ends_while_signals_arrive_loses_none_that_it_could_see() {
    #[derive(Default)]
    struct Counter {
        count: u32,
    }

    #[workflow]
    impl Counter {
        #[run]
        async fn run(ctx: WorkflowContext<Self>, wanted: u32) -> WorkflowResult<u32> {
            ctx.wait_until(move |counter| counter.count >= wanted)
                .await?;
            Ok(ctx.state().count)
        }

        #[signal]
        fn add(&mut self) {
            self.count += 1;
        }
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Counter::run).run();
        let counter = scene.start(Counter::run, 3).await.unwrap();
        let mut sent = 0;
        while sent < 20 && counter.signal(Counter::add, ()).await.is_ok() {
            sent += 1;
        }
        let seen = counter.result().await.unwrap();
        assert_eq!(
            seen, sent,
            "a closing workflow looks at every signal that it was sent"
        );
    });
}
