//! Commands that the server refuses.

use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_bad_command_fails_the_task_and_says_why() {
    conform("bad", async |peer| {
        let mut no_timeout = peer.activity("a");
        no_timeout.start_to_close_timeout = None;
        let mut no_id = peer.activity("");
        no_id.activity_id = String::new();
        let duplicate = peer.activity("a");
        let cases = [
            (
                vec![cancel_timer("nope")],
                "BadCancelTimerAttributes: invalid history builder state for action: \
                 add-timer-canceled-event, TimerID: nope",
            ),
            (
                vec![start_timer("t", 1.0), start_timer("t", 1.0)],
                "StartTimerDuplicateId: invalid history builder state for action: \
                 add-timer-started-event, TimerID: t",
            ),
            (
                vec![schedule_activity(no_timeout)],
                "BadScheduleActivityAttributes: a valid StartToCloseTimeout or \
                 ScheduleToCloseTimeout must be set on the activity. ActivityId=a \
                 ActivityType=charge",
            ),
            (
                vec![schedule_activity(no_id)],
                "BadScheduleActivityAttributes: activityId is not set",
            ),
            (
                vec![
                    schedule_activity(duplicate.clone()),
                    schedule_activity(duplicate),
                ],
                "ScheduleActivityDuplicateId: invalid history builder state for action: \
                 add-activitytask-scheduled-event, ActivityID: a",
            ),
            (
                vec![cancel_activity(77)],
                "BadRequestCancelActivityAttributes: invalid history builder state for action: \
                 add-activitytask-cancel-requested-event, ScheduledEventID: 77",
            ),
        ];
        peer.start().await;
        for (commands, message) in cases {
            let task = peer.poll().await;
            let error = peer.complete(&task, commands).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
            let events = peer.history().await;
            let failed = events.iter().rev().find_map(task_failure).unwrap();
            assert_eq!(failed.failure.as_ref().unwrap().message, message);
            peer.signal("a fresh attempt, please").await.unwrap();
        }
        let task = peer.poll().await;
        let commands = vec![complete_workflow("done"), start_timer("t", 1.0)];
        let error = peer.complete(&task, commands).await.unwrap_err();
        let want = "invalid command sequence: [CompleteWorkflowExecution, StartTimer], command \
                    CompleteWorkflowExecution must be the last command.";
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, want)
        );
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}
