//! Messages about updates that the server refuses.

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::update::v1 as update;
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// What a worker makes of the message that asks for an update.
type Answers = fn(&WireMessage) -> Vec<WireMessage>;

/// Has a workflow of its own answer an update with each of the lists of messages.
async fn refuse<const N: usize>(peer: &Peer, cases: [(Answers, &str); N]) {
    for (number, (answers, message)) in cases.into_iter().enumerate() {
        let workflow = peer.kin(&number.to_string());
        workflow.start().await;
        let first = workflow.poll().await;
        workflow.complete(&first, vec![]).await.unwrap();
        let asked = async {
            let update = workflow.unrecorded();
            update.update("u", Stage::Accepted).await
        };
        let answered = async {
            let task = workflow.poll().await;
            let messages = answers(&task.messages[0]);
            let error = answer(&workflow, &task, messages).await;
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
            workflow.terminate("").await.unwrap();
        };
        let (update, ()) = tokio::join!(asked, answered);
        // A task that fails takes its updates down.
        assert_eq!(update.unwrap_err().code(), Code::FailedPrecondition);
    }
}

async fn answer(workflow: &Peer, task: &WorkflowTask, messages: Vec<WireMessage>) -> Status {
    let commands = messages.iter().map(protocol_message).collect();
    let mut request = completion(task, commands);
    request.messages = messages;
    workflow.complete_with(request).await.unwrap_err()
}

fn with_id(id: &str, message: WireMessage) -> WireMessage {
    WireMessage {
        id: id.to_owned(),
        ..message
    }
}

/// The message with another body of the same type.
fn with<B: Message + Default>(message: WireMessage, change: impl FnOnce(&mut B)) -> WireMessage {
    let any = message.body.unwrap();
    let mut body = B::decode(any.value.as_slice()).unwrap();
    change(&mut body);
    let body = Some(Any {
        value: body.encode_to_vec(),
        ..any
    });
    WireMessage { body, ..message }
}

#[tokio::test]
async fn answers_to_updates_need_all_their_parts() {
    conform("badparts", async |peer| {
        refuse(
            peer,
            [
                (
                    |u| {
                        vec![with(accept(u), |a: &mut update::Acceptance| {
                            a.accepted_request_message_id.clear()
                        })]
                    },
                    "BadUpdateWorkflowExecutionMessage: invalid *update.Acceptance: \
                     accepted_request_message_id is not set",
                ),
                (
                    |u| {
                        vec![with(accept(u), |a: &mut update::Acceptance| {
                            a.accepted_request_sequencing_event_id = 0
                        })]
                    },
                    "BadUpdateWorkflowExecutionMessage: invalid *update.Acceptance: \
                     accepted_request_sequencing_event_id is not set",
                ),
                (
                    |u| {
                        vec![
                            accept(u),
                            with(complete_update(u, "x"), |r: &mut update::Response| {
                                r.outcome = None
                            }),
                        ]
                    },
                    "BadUpdateWorkflowExecutionMessage: invalid *update.Response: \
                     outcome is not set",
                ),
                (
                    |u| {
                        vec![
                            accept(u),
                            with(complete_update(u, "x"), |r: &mut update::Response| {
                                r.meta = None
                            }),
                        ]
                    },
                    "BadUpdateWorkflowExecutionMessage: invalid *update.Response: meta is not set",
                ),
                (
                    |u| {
                        vec![WireMessage {
                            body: u.body.clone(),
                            ..accept(u)
                        }]
                    },
                    "BadUpdateWorkflowExecutionMessage: Message type *update.Request not supported",
                ),
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn answers_have_to_fit_the_state_of_their_update() {
    conform("badstate", async |peer| {
        refuse(
            peer,
            [
                (
                    |u| vec![accept(u), with_id("again", accept(u))],
                    "BadUpdateWorkflowExecutionMessage: invalid state transition attempted for \
                     Update u: received *update.Acceptance message while in state \
                     ProvisionallyAccepted",
                ),
                (
                    |u| vec![complete_update(u, "x")],
                    "BadUpdateWorkflowExecutionMessage: invalid state transition attempted for \
                     Update u: received *update.Response message while in state Sent",
                ),
                (
                    |u| vec![accept(u), reject(u)],
                    "BadUpdateWorkflowExecutionMessage: invalid state transition attempted for \
                     Update u: received *update.Rejection message while in state \
                     ProvisionallyAccepted",
                ),
                (
                    |u| vec![reject(u), with_id("again", reject(u))],
                    "BadUpdateWorkflowExecutionMessage: invalid state transition attempted for \
                     Update u: received *update.Rejection message while in state \
                     ProvisionallyCompleted",
                ),
                (
                    |u| {
                        let stranger = with(accept(u), |a: &mut update::Acceptance| {
                            a.accepted_request = None
                        });
                        vec![WireMessage {
                            protocol_instance_id: "other".to_owned(),
                            ..stranger
                        }]
                    },
                    "BadUpdateWorkflowExecutionMessage: update other wasn't found on the server. \
                     This is most likely a transient error which will be resolved automatically \
                     by retries",
                ),
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_update_that_is_completed_stays_so() {
    conform("badlate", async |peer| {
        peer.start().await;
        let first = peer.poll().await;
        peer.complete(&first, vec![]).await.unwrap();
        let (answered, message) = tokio::join!(peer.update("u", Stage::Completed), async {
            let task = peer.poll().await;
            let request = task.messages[0].clone();
            let messages = vec![accept(&request), complete_update(&request, "x")];
            let commands = messages.iter().map(protocol_message).collect();
            peer.complete_with_messages(&task, commands, messages).await;
            complete_update(&request, "other")
        });
        assert!(answered.unwrap().outcome.is_some());
        peer.signal("more").await.unwrap();
        let task = peer.poll().await;
        let error = answer(peer, &task, vec![message]).await;
        let want = "BadUpdateWorkflowExecutionMessage: invalid state transition attempted for \
                    Update u: received *update.Response message while in state Completed";
        assert_eq!(error.message(), want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_that_the_server_forgot_is_known_by_its_acceptance() {
    conform("forgotten", async |peer| {
        peer.start().await;
        let first = peer.poll().await;
        peer.complete(&first, vec![]).await.unwrap();
        let (answered, ()) = tokio::join!(peer.update("u", Stage::Accepted), async {
            let task = peer.poll().await;
            let accepted = accept(&task.messages[0]);
            let other = WireMessage {
                id: "other/accept".to_owned(),
                protocol_instance_id: "other".to_owned(),
                ..accepted.clone()
            };
            let messages = vec![accepted, other];
            let commands = messages.iter().map(protocol_message).collect();
            peer.complete_with_messages(&task, commands, messages).await;
        });
        answered.unwrap();
        let found = peer.poll_update("other", Stage::Accepted).await.unwrap();
        assert_eq!(found.stage(), Stage::Accepted);
        peer.terminate("").await.unwrap();
    })
    .await;
}
