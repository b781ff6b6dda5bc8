//! Activities whose outcome somebody else reports.

use outlast::activity::TaskToken;
use outlast::prelude::*;
use outlast::raw::proto::temporal::api::common::v1::Payloads;
use outlast::raw::proto::temporal::api::workflowservice::v1::{
    RecordActivityTaskHeartbeatRequest, RespondActivityTaskCompletedRequest,
    RespondActivityTaskFailedRequest,
};

use crate::backend::on_each_backend;
use crate::desk::{Desk, Note, Notes, text};

#[workflow]
async fn waits_for_others(ctx: WorkflowContext) -> WorkflowResult<String> {
    let once = RetryPolicy::new().max_attempts(1);
    Ok(ctx.activity(Desk::delegates, ()).retry(once).await?)
}

async fn token(notes: &Notes) -> TaskToken {
    match notes.next().await {
        Note::Token(token) => token,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_activity_is_completed_by_its_token() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let _worker = scene
            .worker()
            .workflow(waits_for_others)
            .activities(desk)
            .run();
        let workflow = scene.start(waits_for_others, ()).await.unwrap();
        let token = token(&notes).await;
        let mut service = outlast::raw::service(&scene.client);
        let heartbeat = RecordActivityTaskHeartbeatRequest {
            namespace: "default".to_owned(),
            task_token: token.as_bytes().to_vec().into(),
            ..RecordActivityTaskHeartbeatRequest::default()
        };
        let answer = service.record_activity_task_heartbeat(heartbeat).await;
        assert!(!answer.unwrap().into_inner().cancel_requested);
        let completed = RespondActivityTaskCompletedRequest {
            namespace: "default".to_owned(),
            task_token: token.into_bytes(),
            result: Some(Payloads {
                payloads: vec![text("from elsewhere").into()],
            }),
            ..RespondActivityTaskCompletedRequest::default()
        };
        service
            .respond_activity_task_completed(completed)
            .await
            .unwrap();
        assert_eq!(workflow.result().await.unwrap(), "from elsewhere");
    });
}

#[test]
fn an_activity_is_failed_by_its_token() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let _worker = scene
            .worker()
            .workflow(waits_for_others)
            .activities(desk)
            .run();
        let workflow = scene.start(waits_for_others, ()).await.unwrap();
        let failed = RespondActivityTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: token(&notes).await.into_bytes(),
            failure: Some(Failure::application("Elsewhere", "it went wrong").into()),
            ..RespondActivityTaskFailedRequest::default()
        };
        let mut service = outlast::raw::service(&scene.client);
        service.respond_activity_task_failed(failed).await.unwrap();
        let error = workflow.result().await.unwrap_err();
        assert_eq!(error.application_kind(), Some("Elsewhere"));
    });
}
