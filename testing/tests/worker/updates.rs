//! Updates.

use std::time::Duration;

use outlast::client::UpdateError;
use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::eventually::events;

#[derive(Default)]
struct Account {
    balance: u64,
    is_closed: bool,
}

#[workflow]
impl Account {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u64> {
        ctx.wait_until(|account| account.is_closed).await?;
        Ok(ctx.state().balance)
    }

    #[update]
    fn deposit(&mut self, amount: u64) -> WorkflowResult<u64> {
        self.balance += amount;
        Ok(self.balance)
    }

    #[validate(deposit)]
    fn check_amount(&self, amount: u64) -> WorkflowResult<()> {
        match amount {
            0 => Err(WorkflowError::application("Nothing", "deposit something")),
            _ => Ok(()),
        }
    }

    #[update]
    fn withdraw(&mut self, amount: u64) -> WorkflowResult<u64> {
        let left = self.balance.checked_sub(amount);
        let left = left.ok_or_else(|| WorkflowError::application("Overdrawn", "too much"))?;
        self.balance = left;
        Ok(left)
    }

    /// Adds when its timer has fired.
    #[update]
    async fn deposit_later(ctx: WorkflowContext<Self>, amount: u64) -> WorkflowResult<u64> {
        ctx.sleep(Duration::from_millis(10)).await?;
        ctx.with_state(|account| account.balance += amount);
        Ok(ctx.state().balance)
    }

    #[update]
    async fn wait_for(ctx: WorkflowContext<Self>, amount: u64) -> WorkflowResult<()> {
        Ok(ctx
            .wait_until(move |account| account.balance >= amount)
            .await?)
    }

    #[update]
    fn close(&mut self) -> WorkflowResult<u64> {
        self.is_closed = true;
        Ok(self.balance)
    }
}

#[test]
fn an_update_returns_what_its_handler_does() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        assert_eq!(account.update(Account::deposit, 30).await.unwrap(), 30);
        assert_eq!(account.update(Account::deposit, 12).await.unwrap(), 42);
        let by_name = account.update_by_name::<u64>("withdraw", (2u64,)).await;
        assert_eq!(by_name.unwrap(), 40);
        assert_eq!(account.update(Account::close, ()).await.unwrap(), 40);
        assert_eq!(account.result().await.unwrap(), 40);
    });
}

#[test]
fn an_update_that_a_validator_rejects_leaves_no_trace() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        account.update(Account::deposit, 1).await.unwrap();
        let before = events(&account).await;
        for _ in 0..3 {
            let error = account.update(Account::deposit, 0).await.unwrap_err();
            assert_eq!(error.application_kind(), Some("Nothing"));
        }
        assert_eq!(events(&account).await, before);
        assert_eq!(account.update(Account::deposit, 1).await.unwrap(), 2);
        account.update(Account::close, ()).await.unwrap();
        assert_eq!(account.result().await.unwrap(), 2);
    });
}

#[test]
fn an_update_that_fails_leaves_the_workflow_as_it_is() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        let error = account.update(Account::withdraw, 5).await.unwrap_err();
        assert_eq!(error.application_kind(), Some("Overdrawn"));
        let accepted = events(&account).await;
        let accepted = accepted
            .iter()
            .filter(|event| event.starts_with("WorkflowExecutionUpdate"));
        assert_eq!(accepted.count(), 2);
        account.update(Account::close, ()).await.unwrap();
        assert_eq!(account.result().await.unwrap(), 0);
    });
}

#[test]
fn an_update_that_is_unknown_or_cannot_be_read_is_rejected() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        let unknown = account.update_by_name::<u64>("no_such_update", ()).await;
        let report = unknown.unwrap_err().failure().unwrap().report();
        assert!(
            report.contains("no_such_update") && report.contains("deposit"),
            "{report}"
        );
        for name in ["deposit", "withdraw"] {
            let odd = account.update_by_name::<u64>(name, ("odd".to_owned(),));
            let report = odd.await.unwrap_err().failure().unwrap().report();
            assert!(report.contains(&format!("update `{name}`")), "{report}");
        }
        let events = events(&account).await;
        let accepted = "WorkflowExecutionUpdateAccepted";
        assert!(
            !events.iter().any(|event| event.starts_with(accepted)),
            "{events:?}"
        );
        assert_eq!(account.update(Account::deposit, 1).await.unwrap(), 1);
    });
}

#[test]
fn an_update_may_wait() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        let (waited, later) = tokio::join!(
            account.update(Account::wait_for, 42),
            account.update(Account::deposit_later, 42),
        );
        waited.unwrap();
        assert_eq!(later.unwrap(), 42);
        account.update(Account::close, ()).await.unwrap();
        assert_eq!(account.result().await.unwrap(), 42);
    });
}

#[test]
fn an_update_is_started_and_awaited_later_by_its_id() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        let waiting = account
            .start_update(Account::wait_for, 5)
            .id("five")
            .await
            .unwrap();
        assert_eq!(waiting.id().as_str(), "five");
        account.update(Account::deposit, 5).await.unwrap();
        waiting.result().await.unwrap();
        account.update_handle::<()>("five").result().await.unwrap();
        let error = account
            .update_handle::<()>("six")
            .result()
            .await
            .unwrap_err();
        assert!(matches!(error, UpdateError::NotFound { .. }), "{error:?}");
    });
}

#[test]
fn the_same_update_id_is_carried_out_once() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        for _ in 0..3 {
            let deposit = account.update(Account::deposit, 7).id("once");
            assert_eq!(deposit.await.unwrap(), 7);
        }
        account.update(Account::close, ()).await.unwrap();
        assert_eq!(account.result().await.unwrap(), 7);
    });
}

#[test]
fn several_updates_at_once_are_all_carried_out() {
    on_each_backend(async |scene| {
        let account = scene.start(Account::run, ()).await.unwrap();
        let deposit = |amount| account.update(Account::deposit, amount).into_future();
        let mut balances = tokio::join!(deposit(1), deposit(2), deposit(4), deposit(8), async {
            // They wait for the first task together.
            tokio::task::yield_now().await;
            scene.worker().workflow(Account::run).run()
        });
        let last = [
            &mut balances.0,
            &mut balances.1,
            &mut balances.2,
            &mut balances.3,
        ]
        .into_iter()
        .map(|balance| *balance.as_ref().unwrap())
        .max();
        assert_eq!(last, Some(15));
        let _worker = balances.4;
        account.update(Account::close, ()).await.unwrap();
        assert_eq!(account.result().await.unwrap(), 15);
    });
}

#[test]
fn an_update_that_ends_the_workflow_still_returns() {
    on_each_backend(async |scene| {
        let account = scene.start(Account::run, ()).await.unwrap();
        let (closed, _worker) = tokio::join!(account.update(Account::close, ()), async {
            scene.worker().workflow(Account::run).run()
        });
        assert_eq!(closed.unwrap(), 0);
        assert_eq!(account.result().await.unwrap(), 0);
        let error = account.update(Account::deposit, 1).await.unwrap_err();
        assert!(matches!(error, UpdateError::NotFound { .. }), "{error:?}");
    });
}

#[test]
fn an_update_that_its_workflow_does_not_wait_for_fails() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Account::run).run();
        let account = scene.start(Account::run, ()).await.unwrap();
        let waiting = account
            .start_update(Account::wait_for, 1_000)
            .await
            .unwrap();
        account.update(Account::close, ()).await.unwrap();
        let error = waiting.result().await.unwrap_err();
        assert!(error.failure().is_some(), "{error:?}");
    });
}

#[test]
fn an_update_goes_on_in_another_worker() {
    on_each_backend(async |scene| {
        let soon = Duration::from_secs(1);
        let worker = || {
            let worker = scene.worker().workflow(Account::run);
            worker
                .with(|builder| builder.sticky_schedule_to_start_timeout(soon))
                .run()
        };
        let first = worker();
        let account = scene
            .start(Account::run, ())
            .task_timeout(soon)
            .await
            .unwrap();
        let waiting = account.start_update(Account::wait_for, 5).await.unwrap();
        first.kill().await;
        let _second = worker();
        assert_eq!(account.update(Account::deposit, 5).await.unwrap(), 5);
        waiting.result().await.unwrap();
        account.update(Account::close, ()).await.unwrap();
        assert_eq!(account.result().await.unwrap(), 5);
    });
}
