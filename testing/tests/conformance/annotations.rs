//! What events carry besides their attributes: texts for people, headers, and links.

#![allow(deprecated, reason = "deployed SDKs still send a control text")]

use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::command::v1::{
    Command, ScheduleActivityTaskCommandAttributes as Activity,
    SignalExternalWorkflowExecutionCommandAttributes as Signal,
};
use outlast_proto::temporal::api::common::v1::MeteringMetadata;
use outlast_proto::temporal::api::common::v1::link::workflow_event::{EventReference, Reference};
use outlast_proto::temporal::api::common::v1::link::{BatchJob, Variant, WorkflowEvent};
use outlast_proto::temporal::api::common::v1::{Header, Link, Memo};
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::history::v1::history_event::Attributes as Recorded;
use outlast_proto::temporal::api::sdk::v1::{UserMetadata, WorkflowTaskCompletedMetadata};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

fn summary(text: &str) -> Option<UserMetadata> {
    Some(UserMetadata {
        summary: payload(text),
        details: payload("details"),
    })
}

fn header(text: &str) -> Option<Header> {
    Some(Header {
        fields: [("trace".to_owned(), payload(text).unwrap())].into(),
    })
}

fn link(workflow_id: &str) -> Link {
    link_with(|event| event.workflow_id = workflow_id.to_owned())
}

fn link_with(change: impl FnOnce(&mut WorkflowEvent)) -> Link {
    let mut event = WorkflowEvent {
        namespace: "default".to_owned(),
        workflow_id: "w".to_owned(),
        run_id: uuid(),
        reference: Some(Reference::EventRef(EventReference {
            event_id: 1,
            event_type: E::WorkflowExecutionStarted as i32,
        })),
    };
    change(&mut event);
    Link {
        variant: Some(Variant::WorkflowEvent(event)),
    }
}

#[tokio::test]
async fn texts_for_people_stay_with_the_events_of_commands() {
    conform("summaries", async |peer| {
        let with = |command: Command, text: &str| Command {
            user_metadata: summary(text),
            ..command
        };
        let note = Some(Memo {
            fields: [("note".to_owned(), payload("n").unwrap())].into(),
        });
        let mut request = peer.start_request();
        request.user_metadata = summary("workflow");
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let commands = vec![
            with(start_timer("t", 60.0), "timer"),
            with(schedule_activity(peer.activity("a")), "activity"),
            with(upsert_memo(note), "memo"),
            with(cancel_timer("t"), "cancel"),
            with(signal_external("nobody", "s"), "signal"),
        ];
        peer.complete(&task, commands).await.unwrap();
        peer.until(E::SignalExternalWorkflowExecutionFailed).await;
        peer.poll_activity().await;
        let described = peer.describe("").await;
        assert!(described.execution_config.unwrap().user_metadata.is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn texts_for_people_stay_with_the_end_of_a_run() {
    conform("lastwords", async |peer| {
        let closes = [
            complete_workflow("done"),
            fail_workflow("oh"),
            cancel_workflow(),
            continue_as_new("more"),
        ];
        for (number, command) in closes.into_iter().enumerate() {
            let workflow = peer.kin(&number.to_string());
            let mut request = workflow.start_request();
            request.user_metadata = summary("workflow");
            workflow.start_with(request).await.unwrap();
            workflow
                .answer(Command {
                    user_metadata: summary("end"),
                    ..command
                })
                .await;
            workflow.describe("").await;
        }
        peer.kin("3").terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn headers_travel_with_what_they_were_given_for() {
    conform("headers", async |peer| {
        let target = peer.kin("target");
        target.start().await;
        peer.start().await;
        let task = peer.poll().await;
        let mut signal = signal_external_with(Signal::default());
        if let Some(Attributes::SignalExternalWorkflowExecutionCommandAttributes(a)) =
            &mut signal.attributes
        {
            a.execution = target.execution();
            a.signal_name = "s".to_owned();
            a.input = payloads("input");
            a.header = header("signal");
            a.control = "control".to_owned();
        }
        let activity = Activity {
            header: header("activity"),
            input: payloads("input"),
            ..peer.activity("a")
        };
        peer.complete(&task, vec![signal, schedule_activity(activity)])
            .await
            .unwrap();
        target.until(E::WorkflowExecutionSignaled).await;
        peer.until(E::ExternalWorkflowExecutionSignaled).await;
        let task = peer.poll_activity().await;
        assert_eq!(task.header, header("activity"));
        let mut sent = target.signal_request("headed");
        sent.header = header("client");
        target.signal_as(sent).await.unwrap();
        peer.terminate("").await.unwrap();
        target.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn links_stay_with_the_events_of_requests() {
    conform("links", async |peer| {
        let links = || vec![link(&peer.workflow_id)];
        let mut request = peer.start_request();
        request.links = links();
        peer.start_with(request).await.unwrap();
        let mut signal = peer.signal_request("s");
        signal.links = links();
        peer.signal_as(signal).await.unwrap();
        let cancel = api::RequestCancelWorkflowExecutionRequest {
            links: links(),
            reason: "no more".to_owned(),
            ..cancel_of(peer)
        };
        let mut client = peer.client();
        client
            .request_cancel_workflow_execution(cancel)
            .await
            .unwrap();
        let terminate = api::TerminateWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: peer.execution(),
            details: payloads("details"),
            links: links(),
            ..Default::default()
        };
        client
            .terminate_workflow_execution(terminate)
            .await
            .unwrap();
        let linked = peer
            .history()
            .await
            .into_iter()
            .filter(|event| !event.links.is_empty());
        assert_eq!(linked.count(), 4);
    })
    .await;
}

#[tokio::test]
async fn links_of_a_signal_with_start_stay_with_both_events() {
    conform("bothlinks", async |peer| {
        let mut request = peer.signal_with_start_request("s");
        request.links = vec![link(&peer.workflow_id)];
        request.header = header("both");
        request.user_metadata = summary("workflow");
        peer.signal_with_start(request.clone()).await.unwrap();
        request.request_id = uuid();
        peer.signal_with_start(request).await.unwrap();
        assert_eq!(peer.history().await.len(), 4);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn links_have_to_say_where_they_lead() {
    conform("badlinks", async |peer| {
        let no_type = Reference::EventRef(EventReference {
            event_id: 3,
            event_type: 0,
        });
        let job = Variant::BatchJob(BatchJob::default());
        let cases = [
            (
                vec![link("w"); 11],
                "cannot attach more than 10 links per request, got 11",
            ),
            (vec![Link::default()], "unsupported link variant"),
            (
                vec![Link { variant: Some(job) }],
                "batch job link must not have an empty job ID",
            ),
            (
                vec![link_with(|event| event.namespace.clear())],
                "workflow event link must not have an empty namespace field",
            ),
            (
                vec![link_with(|event| event.workflow_id.clear())],
                "workflow event link must not have an empty workflow ID field",
            ),
            (
                vec![link_with(|event| event.run_id.clear())],
                "workflow event link must not have an empty run ID field",
            ),
            (
                vec![link_with(|event| event.reference = Some(no_type))],
                "workflow event link ref cannot have an unspecified event type and a non-zero \
                 event ID",
            ),
        ];
        for (links, message) in cases {
            let mut signal = peer.signal_request("s");
            signal.links = links;
            let error = peer.signal_as(signal).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
        }
    })
    .await;
}

fn cancel_of(peer: &Peer) -> api::RequestCancelWorkflowExecutionRequest {
    api::RequestCancelWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: peer.execution(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_completed_task_tells_what_completed_it() {
    conform("completed-by", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let sdk_metadata = WorkflowTaskCompletedMetadata {
            core_used_flags: vec![1, 2],
            lang_used_flags: vec![7],
            sdk_name: "some-sdk".to_owned(),
            sdk_version: "1.2.3".to_owned(),
        };
        let request = api::RespondWorkflowTaskCompletedRequest {
            sdk_metadata: Some(sdk_metadata.clone()),
            metering_metadata: Some(MeteringMetadata {
                nonfirst_local_activity_execution_attempts: 3,
            }),
            binary_checksum: "checksum".to_owned(),
            ..completion(&task, vec![complete_workflow("done")])
        };
        peer.complete_with(request).await.unwrap();
        let attributes = peer.history().await.swap_remove(3).attributes;
        let Some(Recorded::WorkflowTaskCompletedEventAttributes(completed)) = attributes else {
            panic!("{attributes:?}")
        };
        assert_eq!(completed.sdk_metadata, Some(sdk_metadata));
    })
    .await;
}
