//! Reports about activities that bring more than the server keeps.

use outlast_proto::temporal::api::enums::v1::EventType;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{
    ApplicationFailureInfo, Failure, ServerFailureInfo, TimeoutFailureInfo,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// More bytes than a payload may have.
const LARGE: usize = (2 << 20) + 100;

/// A started activity that may be tried again.
async fn started(peer: &Peer) -> ActivityTask {
    peer.start().await;
    let task = peer.poll().await;
    let mut activity = peer.activity("a");
    activity.retry_policy = at_most(3, 100.0);
    peer.complete(&task, vec![schedule_activity(activity)])
        .await
        .unwrap();
    peer.poll_activity().await
}

async fn failed_for_good(peer: &Peer) {
    let types = peer.types().await;
    assert!(types.contains(&EventType::ActivityTaskFailed), "{types:?}");
}

#[tokio::test]
async fn a_large_heartbeat_fails_its_activity() {
    conform("activity-sizes-heartbeat", async |peer| {
        let task = started(peer).await;
        let details = "x".repeat(LARGE);
        assert!(peer.heartbeat(&task, &details).await.unwrap());
        failed_for_good(peer).await;
    })
    .await;
}

#[tokio::test]
async fn a_large_result_fails_its_activity() {
    conform("activity-sizes-result", async |peer| {
        let task = started(peer).await;
        let request = api::RespondActivityTaskCompletedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            result: payloads(&"x".repeat(LARGE)),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        let client = &mut peer.client();
        client
            .respond_activity_task_completed(request)
            .await
            .unwrap();
        failed_for_good(peer).await;
    })
    .await;
}

#[tokio::test]
async fn large_details_of_a_cancellation_fail_the_activity() {
    for is_requested in [true, false] {
        let name = format!("activity-sizes-canceled-{is_requested}");
        conform(&name, async |peer| {
            let task = started(peer).await;
            if is_requested {
                peer.signal("stop").await.unwrap();
                let task = peer.poll().await;
                peer.complete(&task, vec![cancel_activity(5)])
                    .await
                    .unwrap();
            }
            let request = api::RespondActivityTaskCanceledRequest {
                namespace: "default".to_owned(),
                task_token: task.task_token.clone(),
                details: payloads(&"x".repeat(LARGE)),
                identity: "worker".to_owned(),
                ..Default::default()
            };
            let client = &mut peer.client();
            client
                .respond_activity_task_canceled(request)
                .await
                .unwrap();
            failed_for_good(peer).await;
        })
        .await;
    }
}

async fn fail(
    peer: &Peer,
    task: &ActivityTask,
    failure: Failure,
    details: &str,
) -> api::RespondActivityTaskFailedResponse {
    let request = api::RespondActivityTaskFailedRequest {
        namespace: "default".to_owned(),
        task_token: task.task_token.clone(),
        failure: Some(failure),
        last_heartbeat_details: payloads(details),
        identity: "worker".to_owned(),
        ..Default::default()
    };
    let answer = peer.client().respond_activity_task_failed(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_large_failure_is_the_last() {
    conform("activity-sizes-failure", async |peer| {
        let task = started(peer).await;
        let failure = application_failure(&"x".repeat(LARGE));
        let answer = fail(peer, &task, failure, "").await;
        assert_eq!(answer.failures.len(), 1);
        failed_for_good(peer).await;
    })
    .await;
}

#[tokio::test]
async fn large_details_of_a_failure_are_dropped() {
    conform("activity-sizes-details", async |peer| {
        let task = started(peer).await;
        peer.heartbeat(&task, "before").await.unwrap();
        let details = "x".repeat(LARGE);
        let answer = fail(peer, &task, application_failure("no"), &details).await;
        assert_eq!(answer.failures.len(), 1);
        let described = peer.describe("").await;
        let details = &described.pending_activities[0].heartbeat_details;
        assert_eq!(*details, payloads("before"));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_the_last_failure_a_few_thousand_bytes_are_kept() {
    conform("activity-sizes-kept", async |peer| {
        for (number, failure) in long_failures().into_iter().enumerate() {
            let kin = peer.kin(&number.to_string());
            let task = started(&kin).await;
            fail(&kin, &task, failure, "").await;
            let described = kin.describe("").await;
            let last = described.pending_activities[0].last_failure.clone();
            assert_eq!(last.unwrap().message, "Failure exceeds size limit.");
            kin.terminate("").await.unwrap();
        }
    })
    .await;
}

fn long_failures() -> Vec<Failure> {
    let plain = |message: String| Failure {
        message,
        ..Default::default()
    };
    let caused_by = |cause: Failure| Failure {
        cause: Some(Box::new(cause)),
        ..application_failure("outer")
    };
    let of_type = |name: String| Failure {
        failure_info: Some(FailureInfo::ApplicationFailureInfo(
            ApplicationFailureInfo {
                r#type: name,
                details: payloads("details"),
                ..Default::default()
            },
        )),
        ..plain("m".repeat(3000))
    };
    let timeout = FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
        timeout_type: 1,
        ..Default::default()
    });
    let server = FailureInfo::ServerFailureInfo(ServerFailureInfo {
        non_retryable: true,
    });
    let with = |info| Failure {
        failure_info: Some(info),
        ..plain("m".repeat(5000))
    };
    vec![
        application_failure(&"m".repeat(5000)),
        application_failure(&"é".repeat(3000)),
        of_type("t".repeat(5000)),
        of_type(String::new() + &"t".repeat(2000)),
        Failure {
            source: "s".repeat(3000),
            stack_trace: "trace".repeat(1000),
            ..application_failure("short")
        },
        caused_by(application_failure(&"m".repeat(5000))),
        caused_by(plain("m".repeat(5000))),
        caused_by(with(timeout)),
        caused_by(with(server)),
        Failure {
            cause: Some(Box::new(application_failure("lost"))),
            ..application_failure(&"m".repeat(5000))
        },
    ]
}
