//! Mocks of a test environment, for a worker in Python.

use std::time::Duration;

use outlast_testing::{NexusError, NexusOperation, TestEnv};

use crate::python::Python;
use crate::servers::in_time;

const PAY: NexusOperation<u64, String> = NexusOperation::new("bank", "Bank", "pay");

#[tokio::test]
async fn a_python_workflow_calls_mocked_operations() {
    let Some(python) = Python::find() else {
        return;
    };
    let env = TestEnv::new();
    let nothing = NexusError::failed("Nothing", "there is nothing to pay");
    env.on_nexus(PAY).with_args(0).once().fails(nothing);
    env.on_nexus(PAY)
        .with(|cents| *cents > 0)
        .times(3)
        .returns("at once".to_owned())
        .after(Duration::from_hours(3))
        .returns("later".to_owned())
        .goes_on();

    let bound = env.server().bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.local_address().unwrap().to_string();
    let arguments = [address.as_str()];
    tokio::select! {
        served = bound.serve(std::future::pending()) => served.unwrap(),
        () = in_time(python.run("mocked_operations.py", &arguments)) => {}
    }
    let calls = env.nexus_calls(PAY);
    assert_eq!(calls.len(), 4);
    assert!(calls[3].is_cancel_requested);
    env.verify();
}
