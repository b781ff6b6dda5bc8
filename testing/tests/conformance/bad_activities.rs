//! Commands for activities that the server refuses.

use outlast_proto::temporal::api::command::v1::{
    Command, ScheduleActivityTaskCommandAttributes as Attributes,
};
use outlast_proto::temporal::api::common::v1::{ActivityType, Priority, RetryPolicy};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use crate::bad_commands::{refuse, too_long};
use crate::support::builders::*;
use crate::{Peer, conform};

const BAD: &str = "BadScheduleActivityAttributes";

#[tokio::test]
async fn activities_need_an_id_a_type_a_queue_and_a_timeout() {
    conform("badactivity", async |peer| {
        let long = too_long();
        let queue = |name: &str| {
            Some(TaskQueue {
                name: name.to_owned(),
                ..Default::default()
            })
        };
        let named = |name: &str| {
            Some(ActivityType {
                name: name.to_owned(),
            })
        };
        let cases = [
            (with(peer, |a| a.task_queue = None), "taskQueue is not set"),
            (
                with(peer, |a| a.task_queue = queue("")),
                "missing task queue name",
            ),
            (
                with(peer, |a| a.task_queue = queue(&long)),
                "taskQueue length exceeds limit",
            ),
            (
                with(peer, |a| a.task_queue = queue("/_sys/q")),
                "task queue name cannot start with reserved prefix /_sys/",
            ),
            (
                with(peer, |a| a.activity_id.clear()),
                "activityId is not set",
            ),
            (
                with(peer, |a| a.activity_id = long.clone()),
                "activityId exceeds length limit. Length=1001 Limit=1000",
            ),
            (
                with(peer, |a| a.activity_type = None),
                "activityType is not set",
            ),
            (
                with(peer, |a| a.activity_type = named(&long)),
                "activityType exceeds length limit. Length=1001 Limit=1000",
            ),
            (
                with(peer, |a| a.start_to_close_timeout = None),
                "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the \
                 activity. ActivityId=a ActivityType=charge",
            ),
        ];
        refuse(
            peer,
            cases.map(|(command, flaw)| (command, format!("{BAD}: {flaw}"))),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn activities_need_sensible_numbers() {
    conform("badnumber", async |peer| {
        let policy = |change: fn(&mut RetryPolicy)| {
            with(peer, |a| change(a.retry_policy.get_or_insert_default()))
        };
        let priority =
            |change: fn(&mut Priority)| with(peer, |a| change(a.priority.get_or_insert_default()));
        let cases = [
            (
                with(peer, |a| a.schedule_to_close_timeout = negative()),
                "invalid ScheduleToCloseTimeout: negative duration",
            ),
            (
                with(peer, |a| a.schedule_to_start_timeout = negative()),
                "invalid ScheduleToStartTimeout: negative duration",
            ),
            (
                with(peer, |a| a.start_to_close_timeout = negative()),
                "invalid StartToCloseTimeout: negative duration",
            ),
            (
                with(peer, |a| a.heartbeat_timeout = negative()),
                "invalid HeartbeatTimeout: negative duration",
            ),
            (
                policy(|p| p.backoff_coefficient = 0.5),
                "BackoffCoefficient cannot be less than 1 on retry policy.",
            ),
            (
                policy(|p| p.maximum_attempts = -1),
                "MaximumAttempts cannot be negative on retry policy.",
            ),
            (
                policy(|p| p.initial_interval = negative()),
                "invalid InitialInterval set on retry policy: negative duration",
            ),
            (
                policy(|p| p.maximum_interval = negative()),
                "invalid MaximumInterval set on retry policy: negative duration",
            ),
            (
                policy(|p| {
                    p.initial_interval = seconds(2.0);
                    p.maximum_interval = seconds(1.0);
                }),
                "MaximumInterval cannot be less than InitialInterval on retry policy.",
            ),
            (
                priority(|p| p.priority_key = -1),
                "invalid priorities: priority key can't be negative",
            ),
            (
                priority(|p| p.fairness_key = "x".repeat(65)),
                "invalid priorities: fairness key length exceeds limit",
            ),
            (
                priority(|p| p.fairness_weight = -1.0),
                "invalid priorities: must be greater than zero",
            ),
        ];
        refuse(
            peer,
            cases.map(|(command, flaw)| (command, format!("{BAD}: {flaw}"))),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn of_several_flaws_of_an_activity_one_is_named() {
    conform("badorder", async |peer| {
        let mut a = Attributes {
            heartbeat_timeout: negative(),
            ..Default::default()
        };
        let mut commands = Vec::new();
        let mut mend = |change: &dyn Fn(&mut Attributes)| {
            commands.push(schedule_activity(a.clone()));
            change(&mut a);
        };
        mend(&|a| a.task_queue = peer.normal_queue());
        mend(&|a| a.activity_id = too_long());
        mend(&|a| {
            a.activity_type = Some(ActivityType {
                name: "charge".to_owned(),
            })
        });
        mend(&|a| a.activity_id = "a".to_owned());
        mend(&|a| a.heartbeat_timeout = None);
        let flaws = [
            "taskQueue is not set",
            "activityId is not set",
            "activityType is not set",
            "activityId exceeds length limit. Length=1001 Limit=1000",
            "invalid HeartbeatTimeout: negative duration",
        ];
        let mut commands = commands.into_iter();
        let cases = flaws.map(|flaw| (commands.next().unwrap(), format!("{BAD}: {flaw}")));
        refuse(peer, cases).await;
    })
    .await;
}

#[tokio::test]
async fn only_activities_that_go_on_can_be_canceled() {
    conform("badcancel", async |peer| {
        let bad = "BadRequestCancelActivityAttributes: ";
        let unset = "ScheduledEventId is not set on RequestCancelActivityTaskCommand.";
        let unknown = "invalid history builder state for action: \
                       add-activitytask-cancel-requested-event, ScheduledEventID: 4";
        let cases = [
            (cancel_activity(0), format!("{bad}{unset}")),
            (cancel_activity(-1), format!("{bad}{unset}")),
            (cancel_activity(4), format!("{bad}{unknown}")),
        ];
        refuse(peer, cases).await;
    })
    .await;
}

fn with(peer: &Peer, change: impl FnOnce(&mut Attributes)) -> Command {
    let mut attributes = peer.activity("a");
    change(&mut attributes);
    schedule_activity(attributes)
}
