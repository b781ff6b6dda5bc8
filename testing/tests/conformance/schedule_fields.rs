//! All that a schedule can say: it is described as it was given, and its workflows get their part.

use outlast_proto::temporal::api::common::v1::{Header, Memo, Priority, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{ApplicationFailureInfo, Failure};
use outlast_proto::temporal::api::schedule::v1::{
    CalendarSpec, IntervalSpec, Range, Schedule, SchedulePolicies, ScheduleSpec, ScheduleState,
    StructuredCalendarSpec, schedule_action::Action,
};
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::Timestamp;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

fn memo(text: &str) -> Option<Memo> {
    Some(Memo {
        fields: [("note".to_owned(), payload(text).unwrap())].into(),
    })
}

fn found_by(text: &str) -> Option<SearchAttributes> {
    let mut list = payload(text).unwrap();
    list.data = format!("[{text:?}]").into();
    Some(SearchAttributes {
        indexed_fields: [("ConformKeywordList".to_owned(), list)].into(),
    })
}

/// A failure that ends all retries.
fn final_failure() -> Failure {
    let info = ApplicationFailureInfo {
        non_retryable: true,
        ..Default::default()
    };
    Failure {
        message: "enough".to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
        ..Default::default()
    }
}

fn range(start: i32, end: i32, step: i32) -> Vec<Range> {
    vec![Range { start, end, step }]
}

/// Mondays to Fridays, every second hour from eight to six, in ten years of which none is near.
fn working_hours() -> StructuredCalendarSpec {
    StructuredCalendarSpec {
        hour: range(8, 18, 2),
        year: range(2090, 2100, 0),
        day_of_week: range(1, 5, 0),
        comment: "working hours".to_owned(),
        ..Default::default()
    }
}

fn whole_spec() -> ScheduleSpec {
    let second = |seconds| Some(Timestamp { seconds, nanos: 0 });
    ScheduleSpec {
        structured_calendar: vec![working_hours()],
        cron_string: vec!["30 12 * * MON 2091 # lunch".to_owned()],
        calendar: vec![CalendarSpec {
            hour: "3".to_owned(),
            day_of_month: "1-5/2".to_owned(),
            month: "June".to_owned(),
            year: "2092".to_owned(),
            comment: "in summer".to_owned(),
            ..Default::default()
        }],
        interval: vec![IntervalSpec {
            interval: seconds(90.0 * 86_400.0),
            phase: seconds(3_600.0),
        }],
        exclude_structured_calendar: vec![StructuredCalendarSpec {
            month: range(12, 12, 0),
            day_of_month: range(24, 26, 0),
            ..Default::default()
        }],
        start_time: second(3_800_000_000),
        end_time: second(3_900_000_000),
        jitter: seconds(1.0),
        timezone_name: "Europe/Berlin".to_owned(),
        ..Default::default()
    }
}

impl Peer {
    fn whole_workflow(&self) -> NewWorkflowExecutionInfo {
        let Some(Action::StartWorkflow(workflow)) = self.schedule().action.unwrap().action else {
            panic!("schedules start workflows");
        };
        NewWorkflowExecutionInfo {
            workflow_execution_timeout: seconds(300.0),
            workflow_run_timeout: seconds(200.0),
            workflow_task_timeout: seconds(5.0),
            retry_policy: at_most(3, 2.0),
            memo: memo("of the workflow"),
            search_attributes: found_by("workflow"),
            header: Some(Header {
                fields: [("trace".to_owned(), payload("t").unwrap())].into(),
            }),
            user_metadata: Some(UserMetadata {
                summary: payload("summary"),
                details: payload("details"),
            }),
            priority: Some(Priority {
                priority_key: 2,
                fairness_key: "tenant".to_owned(),
                fairness_weight: 2.0,
            }),
            ..workflow
        }
    }

    fn whole_schedule(&self) -> Schedule {
        let mut schedule = self.schedule_by(whole_spec());
        schedule.action.as_mut().unwrap().action =
            Some(Action::StartWorkflow(self.whole_workflow()));
        schedule.policies = Some(SchedulePolicies {
            overlap_policy: Overlap::BufferOne as i32,
            catchup_window: seconds(60.0),
            pause_on_failure: true,
            keep_original_workflow_id: true,
        });
        schedule.state = Some(ScheduleState {
            notes: "for a while".to_owned(),
            limited_actions: true,
            remaining_actions: 2,
            ..Default::default()
        });
        schedule
    }
}

#[tokio::test]
async fn a_schedule_is_described_as_it_was_given() {
    conform("schedule-whole", async |peer| {
        peer.register_attributes().await;
        let mut request = peer.create_schedule_request(peer.whole_schedule());
        request.memo = memo("of the schedule");
        request.search_attributes = found_by("schedule");
        peer.create_schedule_with(request).await.unwrap();
        peer.describe_schedule().await.unwrap();

        let mut changed = peer.whole_schedule();
        changed.spec = Some(ScheduleSpec {
            exclude_structured_calendar: vec![],
            ..whole_spec()
        });
        let update = api::UpdateScheduleRequest {
            namespace: "default".to_owned(),
            schedule_id: peer.workflow_id.clone(),
            schedule: Some(changed),
            identity: "client".to_owned(),
            request_id: uuid(),
            search_attributes: found_by("another"),
            ..Default::default()
        };
        peer.client().update_schedule(update).await.unwrap();
        peer.schedule_when(|d| info(d).update_time.is_some()).await;
        peer.describe_schedule().await.unwrap();
        peer.delete_schedule().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_schedules_workflows_get_their_part_of_it() {
    conform("schedule-whole-start", async |peer| {
        peer.register_attributes().await;
        peer.create_schedule(peer.whole_schedule()).await.unwrap();
        peer.trigger(1, Overlap::Unspecified).await;
        let task = peer.poll().await;
        peer.schedule_when(|d| info(d).action_count == 1).await;
        peer.describe_schedule().await.unwrap();
        peer.complete(&task, vec![fail_workflow_with(final_failure())])
            .await
            .unwrap();
        let paused = |d: &api::DescribeScheduleResponse| {
            let state = d.schedule.as_ref().unwrap().state.as_ref().unwrap();
            state.paused
        };
        peer.schedule_when(paused).await;
        peer.describe_schedule().await.unwrap();
        peer.delete_schedule().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_list_tells_what_a_schedule_is_and_did() {
    conform("schedule-whole-list", async |peer| {
        peer.register_attributes().await;
        let mut request = peer.create_schedule_request(peer.whole_schedule());
        request.memo = memo("of the schedule");
        request.search_attributes = found_by("schedule");
        peer.create_schedule_with(request).await.unwrap();
        peer.trigger(1, Overlap::Unspecified).await;
        let query = format!("ScheduleId = '{}'", peer.workflow_id);
        peer.listed_when(&query, |entry| {
            let info = entry.info.as_ref().unwrap();
            !info.recent_actions.is_empty()
        })
        .await;
        peer.list_schedules(&query, 0, vec![]).await.unwrap();
        peer.answer(complete_workflow("done")).await;
        peer.delete_schedule().await.unwrap();
    })
    .await;
}
