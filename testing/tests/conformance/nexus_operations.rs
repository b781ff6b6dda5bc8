//! Nexus operations that succeed: at once, or when a workflow closes.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{CallbackState, PendingNexusOperationState as State};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::workflow::v1::OnConflictOptions;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

impl Peer {
    /// A caller whose operation has been scheduled by event 5, and the request to its handler.
    pub(crate) async fn call_operation(&self) -> (nexus::Endpoint, NexusTask) {
        let endpoint = self.create_endpoint(self.endpoint_spec()).await.unwrap();
        self.start().await;
        let task = self.poll().await;
        self.complete(&task, vec![schedule_operation(self.operation())])
            .await
            .unwrap();
        (endpoint, self.poll_nexus().await)
    }

    /// The caller's side of an operation that has started, at event 6.
    pub(crate) async fn started_operation(&self, token: &str) -> nexus::Endpoint {
        let (endpoint, task) = self.call_operation().await;
        self.answer_nexus(&task, goes_on(token)).await.unwrap();
        let task = self.poll().await;
        self.complete(&task, vec![]).await.unwrap();
        endpoint
    }
}

pub(crate) fn of_type(events: &[HistoryEvent], event_type: E) -> &Attributes {
    let event = events.iter().find(|event| event.event_type() == event_type);
    event.unwrap().attributes.as_ref().unwrap()
}

#[tokio::test]
async fn a_handler_may_have_the_result_at_once() {
    conform("nexus-sync", async |peer| {
        let endpoint = peer.create_endpoint(peer.endpoint_spec()).await.unwrap();
        peer.start().await;
        let task = peer.poll().await;
        let mut operation = peer.operation();
        operation.schedule_to_close_timeout = seconds(60.0);
        operation.nexus_header = [("K-Ey".to_owned(), "value".to_owned())].into();
        peer.complete(&task, vec![schedule_operation(operation)])
            .await
            .unwrap();
        assert_eq!(peer.types().await.last(), Some(&E::NexusOperationScheduled));

        let task = peer.poll_nexus().await;
        let request = task.request.as_ref().unwrap();
        assert_eq!(request.endpoint, peer.endpoint());
        assert_eq!(
            request.header["k-ey"], "value",
            "the key has become lower case"
        );
        let asked = start_of(&task);
        assert_eq!(
            (asked.service.as_str(), asked.operation.as_str()),
            ("bank", "pay")
        );
        assert_eq!(asked.callback, "temporal://system");
        assert_eq!(asked.payload, payload("input"));
        let pending = peer.describe("").await.pending_nexus_operations;
        assert_eq!(pending[0].state(), State::Scheduled);
        peer.answer_nexus(&task, sync_result("paid")).await.unwrap();

        let task = peer.poll().await;
        let types = types(events_of(&task));
        assert_eq!(
            types[4..6],
            [E::NexusOperationScheduled, E::NexusOperationCompleted]
        );
        assert!(peer.describe("").await.pending_nexus_operations.is_empty());
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}

#[tokio::test]
async fn a_workflow_may_stand_behind_an_operation() {
    conform("nexus-async", async |peer| {
        let (endpoint, task) = peer.call_operation().await;
        let handler = peer.kin("handler");
        let run_id = handler.start_for(&task).await;
        let link = nexus::Link {
            url: format!(
                "temporal:///namespaces/default/workflows/{}/{run_id}/history?eventID=1&\
                 eventType=WorkflowExecutionStarted&referenceType=EventReference",
                handler.workflow_id
            ),
            r#type: "temporal.api.common.v1.Link.WorkflowEvent".to_owned(),
        };
        let answer = goes_on_at("token", vec![link]);
        peer.answer_nexus(&task, answer).await.unwrap();
        let started = peer.poll().await;
        let event = &events_of(&started)[5];
        assert_eq!(event.event_type(), E::NexusOperationStarted);
        assert_eq!(event.links.len(), 1);
        peer.complete(&started, vec![]).await.unwrap();
        let pending = peer.describe("").await.pending_nexus_operations;
        assert_eq!(
            (pending[0].state(), pending[0].attempt),
            (State::Started, 1)
        );
        let callback = &handler.describe("").await.callbacks[0];
        assert_eq!(callback.state(), CallbackState::Standby);

        let task = handler.poll().await;
        handler
            .complete(&task, vec![complete_workflow("paid")])
            .await
            .unwrap();
        let task = peer.poll().await;
        let Attributes::NexusOperationCompletedEventAttributes(completed) =
            of_type(events_of(&task), E::NexusOperationCompleted)
        else {
            panic!("{task:?}")
        };
        assert_eq!(completed.result, payload("paid"));
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        handler.callback_sent().await;
        let callback = &handler.describe("").await.callbacks[0];
        assert_eq!(
            (callback.state(), callback.attempt),
            (CallbackState::Succeeded, 1)
        );
        peer.delete_endpoint(&endpoint).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_operation_may_end_before_its_handler_says_that_it_has_started() {
    conform("nexus-early", async |peer| {
        let (endpoint, task) = peer.call_operation().await;
        let handler = peer.kin("handler");
        handler.start_for(&task).await;
        let handling = handler.poll().await;
        handler
            .complete(&handling, vec![complete_workflow("paid")])
            .await
            .unwrap();
        let events = peer.until(E::NexusOperationCompleted).await;
        assert_eq!(
            types(&events)[5..7],
            [E::NexusOperationStarted, E::NexusOperationCompleted]
        );
        assert_eq!(
            events[5].links.len(),
            1,
            "it leads to the handler's first event"
        );
        peer.answer_nexus(&task, goes_on("late")).await.unwrap();
        let task = peer.poll().await;
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}

#[tokio::test]
async fn two_operations_may_share_a_workflow() {
    conform("nexus-shared", async |peer| {
        // Which of them ends first is up to chance.
        let peer = &peer.unrecorded();
        let (endpoint, first) = peer.call_operation().await;
        let handler = peer.kin("handler");
        handler.start_for(&first).await;
        peer.answer_nexus(&first, goes_on("first")).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_operation(peer.operation())])
            .await
            .unwrap();

        let second = peer.poll_nexus().await;
        let mut request = handler.start_request();
        request.request_id.clone_from(&start_of(&second).request_id);
        request.completion_callbacks = vec![callback_of(start_of(&second))];
        request.workflow_id_conflict_policy = 2;
        request.on_conflict_options = Some(OnConflictOptions {
            attach_request_id: true,
            attach_completion_callbacks: true,
            attach_links: true,
        });
        assert!(!handler.start_with(request).await.unwrap().started);
        peer.answer_nexus(&second, goes_on("second")).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();

        let task = handler.poll().await;
        handler
            .complete(&task, vec![continue_as_new("again")])
            .await
            .unwrap();
        let task = handler.poll().await;
        handler
            .complete(&task, vec![complete_workflow("paid")])
            .await
            .unwrap();
        peer.until_times(E::NexusOperationCompleted, 2).await;
        peer.terminate("").await.unwrap();
        peer.delete_endpoint(&endpoint).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn nexus_tasks_are_answered_once() {
    conform("nexus-once", async |peer| {
        let (endpoint, task) = peer.call_operation().await;
        peer.answer_nexus(&task, sync_result("paid")).await.unwrap();
        let error = peer
            .answer_nexus(&task, sync_result("again"))
            .await
            .unwrap_err();
        let want = (Code::NotFound, "Nexus task not found or already expired");
        assert_eq!((error.code(), error.message()), want);
        assert_eq!(detail(&error), "NotFoundFailure");
        let error = peer.fail_nexus(&task, None, None).await.unwrap_err();
        assert_eq!(error.message(), "request must contain error or failure");

        for (token, want) in [
            (b"junk".as_slice(), "Error deserializing task token."),
            (b"", "Task token not set on request."),
        ] {
            let junk = NexusTask {
                task_token: token.to_vec().into(),
                ..Default::default()
            };
            let error = peer.answer_nexus(&junk, sync_result("")).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
        }
        peer.terminate("").await.unwrap();
        peer.delete_endpoint(&endpoint).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn commands_for_operations_that_make_no_sense_fail_the_task() {
    conform("nexus-commands", async |peer| {
        let endpoint = peer.create_endpoint(peer.endpoint_spec()).await.unwrap();
        let field = |what: &str| {
            format!(
                "BadScheduleNexusOperationAttributes: ScheduleNexusOperationCommandAttributes.{what}"
            )
        };
        let with = |change: &dyn Fn(&mut Schedule)| {
            let mut operation = peer.operation();
            change(&mut operation);
            schedule_operation(operation)
        };
        let negative = || Some(prost_types::Duration { seconds: -1, nanos: 0 });
        let header = |key: &str| [(key.to_owned(), "1s".to_owned())].into();
        let cases = [
            (
                with(&|o| o.endpoint = "nobody".to_owned()),
                "BadScheduleNexusOperationAttributes: endpoint \"nobody\" not found".to_owned(),
            ),
            (
                with(&|o| o.service = "s".repeat(1001)),
                field("Service exceeds length limit of 1000"),
            ),
            (
                with(&|o| o.schedule_to_close_timeout = negative()),
                field("ScheduleToCloseTimeout is invalid: negative duration"),
            ),
            (
                with(&|o| o.nexus_header = header("request-timeout")),
                field("NexusHeader contains a disallowed header key: \"request-timeout\""),
            ),
            (
                cancel_operation(77),
                "BadRequestCancelNexusOperationAttributes: requested cancelation for a \
                 non-existing or already completed operation with scheduled event ID of 77"
                    .to_owned(),
            ),
        ];
        for (at, (command, want)) in cases.into_iter().enumerate() {
            let caller = peer.kin(&at.to_string());
            caller.start().await;
            let task = caller.poll().await;
            let error = caller.complete(&task, vec![command]).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (Code::InvalidArgument, want.as_str()));
            caller.terminate("").await.unwrap();
        }
        peer.delete_endpoint(&endpoint).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn callbacks_may_only_go_to_this_server() {
    conform("nexus-callbacks", async |peer| {
        for (url, want) in [
            ("junk", "invalid url: unknown scheme: junk"),
            (
                "temporal://other",
                "invalid url: unknown scheme: temporal://other",
            ),
            (
                "http://localhost:1/x",
                "invalid url: url does not match any configured callback address: \
                 http://localhost:1/x",
            ),
        ] {
            let mut request = peer.start_request();
            request.completion_callbacks = vec![callback_of(&nexus::StartOperationRequest {
                callback: url.to_owned(),
                ..Default::default()
            })];
            let error = peer.start_with(request).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
        }
    })
    .await;
}

type Schedule = outlast_proto::temporal::api::command::v1::ScheduleNexusOperationCommandAttributes;
