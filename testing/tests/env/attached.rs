//! Environments on a real server, where `OUTLAST_TEST_ADDRESS` names one.

use std::time::Duration;

use outlast::Client;
use outlast_testing::{Server, ServerOptions, TestEnv, TimeMode};

use crate::scene::*;
use crate::support::real_server;

/// A server whose time is real, and the real one if there is one.
async fn each(test: impl AsyncFn(TestEnv)) {
    let server = Server::new(ServerOptions {
        time: TimeMode::Flowing,
        ..ServerOptions::default()
    });
    tokio::select! {
        () = test(TestEnv::attach(server.client())) => {}
        () = server.run_clock() => unreachable!("it goes on"),
    }
    if let Some(address) = real_server::address() {
        let client = Client::connect(address).await.unwrap();
        test(TestEnv::attach(client)).await;
        real_server::report("env: attached");
    }
}

#[tokio::test]
async fn the_same_test_runs_on_a_real_server() {
    each(async |env| {
        env.on(charge)
            .times(2)
            .fails(down().next_retry_delay(Duration::from_millis(5)))
            .after(Duration::from_millis(5))
            .returns(7);
        let approval = env.start(Approval::run, 1).await;
        assert_eq!(approval.query(Approval::count, ()).await.unwrap(), 0);
        let signal = approval.signal(Approval::approve, "ada".to_owned());
        signal.await.unwrap();
        assert_eq!(approval.result().await.unwrap(), 7);
        assert_eq!(env.calls(charge)[1].input, ("pen".to_owned(), 39));
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "`TestEnv::sleep` needs the server in memory")]
async fn virtual_time_is_refused_where_time_is_real() {
    let server = Server::new(ServerOptions::default());
    TestEnv::attach(server.client()).sleep(HOUR).await;
}
