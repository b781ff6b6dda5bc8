//! Requests and commands that bring more than the server keeps.

use bytes::Bytes;
use outlast_proto::temporal::api::command::v1 as commands;
use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::{Memo, Payload, Payloads, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::{
    CommandType, ParentClosePolicy, UpdateWorkflowExecutionLifecycleStage as Stage,
};
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// More bytes than a payload may have.
const LARGE: usize = (2 << 20) + 100;

fn large() -> Option<Payloads> {
    payloads(&"x".repeat(LARGE))
}

fn memo(name: &str, bytes: usize) -> Option<Memo> {
    let value = payloads(&"x".repeat(bytes)).unwrap().payloads.remove(0);
    Some(Memo {
        fields: [(name.to_owned(), value)].into(),
    })
}

/// An attribute that every namespace has, with a longer value than any may have.
fn large_attribute() -> Option<SearchAttributes> {
    let encoding = ("encoding".to_owned(), Bytes::from_static(b"json/plain"));
    let value = Payload {
        metadata: [encoding].into(),
        data: format!("[\"{}\"]", "x".repeat(2045)).into(),
        ..Default::default()
    };
    Some(SearchAttributes {
        indexed_fields: [("TemporalChangeVersion".to_owned(), value)].into(),
    })
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) {
    assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_is_too_large_starts_no_workflow() {
    conform("sizes-starts", async |peer| {
        let changes: [&dyn Fn(&mut api::StartWorkflowExecutionRequest); 3] = [
            &|r| r.input = large(),
            &|r| r.memo = memo("m", LARGE),
            &|r| r.search_attributes = large_attribute(),
        ];
        for change in changes {
            let mut request = peer.start_request();
            change(&mut request);
            refused(peer.start_with(request).await);
        }
        let changes: [&dyn Fn(&mut api::SignalWithStartWorkflowExecutionRequest); 4] = [
            &|r| r.input = large(),
            &|r| r.signal_input = large(),
            &|r| r.memo = memo("m", LARGE),
            &|r| r.search_attributes = large_attribute(),
        ];
        for change in changes {
            let mut request = peer.signal_with_start_request("s");
            change(&mut request);
            refused(peer.signal_with_start(request).await);
        }
    })
    .await;
}

#[tokio::test]
async fn large_arguments_reach_no_workflow() {
    conform("sizes-arguments", async |peer| {
        let mut request = peer.signal_request("s");
        request.input = large();
        refused(peer.signal_as(request.clone()).await);
        peer.start().await;
        refused(peer.signal_as(request).await);
        let request = api::QueryWorkflowRequest {
            namespace: "default".to_owned(),
            execution: peer.execution(),
            query: Some(WorkflowQuery {
                query_type: "q".to_owned(),
                query_args: large(),
                ..Default::default()
            }),
            ..Default::default()
        };
        refused(peer.client().query_workflow(request).await);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_read() {
    conform("sizes-messages", async |peer| {
        let mut request = peer.start_request();
        request.input = payloads(&"x".repeat(5 << 20));
        let error = peer.start_with(request).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted);
    })
    .await;
}

#[tokio::test]
async fn what_is_too_large_makes_no_schedule() {
    conform("sizes-schedules", async |peer| {
        use outlast_proto::temporal::api::schedule::v1::schedule_action::Action;

        let mut request = peer.create_schedule_request(peer.schedule());
        request.memo = memo("m", LARGE);
        refused(peer.create_schedule_with(request).await);
        let mut schedule = peer.schedule();
        let action = schedule.action.as_mut().unwrap().action.as_mut().unwrap();
        let Action::StartWorkflow(workflow) = action;
        workflow.input = large();
        refused(peer.create_schedule(schedule).await);
    })
    .await;
}

#[tokio::test]
async fn a_workflow_that_wants_too_much_ends() {
    conform("sizes-commands", async |peer| {
        for (number, command) in large_commands(peer).into_iter().enumerate() {
            let kin = peer.kin(&number.to_string());
            kin.start().await;
            let task = kin.poll().await;
            refused(kin.complete(&task, vec![command]).await);
        }
    })
    .await;
}

fn large_commands(peer: &Peer) -> Vec<Command> {
    let activity = commands::ScheduleActivityTaskCommandAttributes {
        input: large(),
        ..peer.activity("a")
    };
    let marker = commands::RecordMarkerCommandAttributes {
        marker_name: "m".to_owned(),
        details: [("d".to_owned(), large().unwrap())].into(),
        ..Default::default()
    };
    let mut signal = signal_external("w", "s");
    if let Some(Attributes::SignalExternalWorkflowExecutionCommandAttributes(a)) =
        &mut signal.attributes
    {
        a.input = large();
    }
    let child = |change: &dyn Fn(&mut commands::StartChildWorkflowExecutionCommandAttributes)| {
        let mut child = start_child(&peer.queue, "child", ParentClosePolicy::Abandon);
        if let Some(Attributes::StartChildWorkflowExecutionCommandAttributes(a)) =
            &mut child.attributes
        {
            change(a);
        }
        child
    };
    let successor = |memo, search_attributes| {
        let attributes = commands::ContinueAsNewWorkflowExecutionCommandAttributes {
            memo,
            search_attributes,
            ..Default::default()
        };
        command(
            CommandType::ContinueAsNewWorkflowExecution,
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(Box::new(attributes)),
        )
    };
    let upsert = commands::UpsertWorkflowSearchAttributesCommandAttributes {
        search_attributes: large_attribute(),
    };
    vec![
        schedule_activity(activity),
        command(
            CommandType::RecordMarker,
            Attributes::RecordMarkerCommandAttributes(Box::new(marker)),
        ),
        signal,
        child(&|a| a.input = large()),
        child(&|a| a.memo = memo("m", LARGE)),
        child(&|a| a.search_attributes = large_attribute()),
        continue_as_new(&"x".repeat(LARGE)),
        successor(memo("m", LARGE), None),
        successor(None, large_attribute()),
        complete_workflow(&"x".repeat(LARGE)),
        fail_workflow(&"x".repeat(LARGE)),
        change_memo("m", LARGE),
        command(
            CommandType::UpsertWorkflowSearchAttributes,
            Attributes::UpsertWorkflowSearchAttributesCommandAttributes(Box::new(upsert)),
        ),
    ]
}

fn change_memo(name: &str, bytes: usize) -> Command {
    let attributes = commands::ModifyWorkflowPropertiesCommandAttributes {
        upserted_memo: memo(name, bytes),
    };
    command(
        CommandType::ModifyWorkflowProperties,
        Attributes::ModifyWorkflowPropertiesCommandAttributes(Box::new(attributes)),
    )
}

#[tokio::test]
async fn a_memo_that_grows_too_large_ends_its_workflow() {
    conform("sizes-memo", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let commands = vec![change_memo("a", LARGE / 2), change_memo("b", LARGE / 2)];
        refused(peer.complete(&task, commands).await);
    })
    .await;
}

#[tokio::test]
async fn a_further_attempt_that_wants_too_much_only_times_out() {
    conform("sizes-attempts", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        refused(peer.complete(&task, vec![cancel_timer("nope")]).await);
        let task = peer.poll().await;
        let command = complete_workflow(&"x".repeat(LARGE));
        refused(peer.complete(&task, vec![command]).await);
        let described = peer.describe("").await;
        assert!(described.pending_workflow_task.is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_happened_meanwhile_comes_before_the_end() {
    conform("sizes-buffered", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.signal("meanwhile").await.unwrap();
        let marker = change_memo("m", LARGE);
        refused(peer.complete(&task, vec![marker]).await);
    })
    .await;
}

#[tokio::test]
async fn a_large_outcome_of_an_update_ends_its_workflow() {
    conform("sizes-updates", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u", Stage::Completed), async {
            let task = peer.poll().await;
            let accepted = accept(&task.messages[0]);
            let completed = complete_update(&task.messages[0], &"x".repeat(LARGE));
            let commands = vec![protocol_message(&accepted), protocol_message(&completed)];
            let mut answer = completion(&task, commands);
            answer.messages = vec![accepted, completed];
            refused(peer.complete_with(answer).await);
        });
        assert_eq!(answer.unwrap_err().code(), Code::FailedPrecondition);
    })
    .await;
}

#[tokio::test]
async fn a_large_answer_fails_its_query() {
    conform("sizes-queries", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        for answer in [Ok("x".repeat(LARGE)), Err("x".repeat(5000))] {
            let answer = answer.as_ref().map(String::as_str);
            let answer = answer.map_err(String::as_str);
            let (answered, ()) = tokio::join!(peer.query("q"), async {
                let task = peer.poll().await;
                peer.answer_query(&task, answer).await;
            });
            refused(answered);
        }
    })
    .await;
}
