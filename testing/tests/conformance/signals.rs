//! Signals.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};

use crate::conform;
use crate::support::builders::*;

#[tokio::test]
async fn a_signal_during_a_started_task_comes_after_its_commands() {
    conform("signal", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.signal("late").await.unwrap();
        assert_eq!(peer.history().await.len(), 3, "the signal is buffered");
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskCompleted,
            E::TimerStarted,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await, want);
        peer.terminate("").await.unwrap();
    })
    .await;
}
