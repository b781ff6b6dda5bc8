//! Lists of schedules.

use std::time::Duration;

use outlast_proto::temporal::api::schedule::v1::ScheduleListEntry;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::peer::by_cron;
use crate::{Peer, conform};

impl Peer {
    pub(crate) async fn list_schedules(
        &self,
        query: &str,
        size: i32,
        token: Vec<u8>,
    ) -> Result<api::ListSchedulesResponse, Status> {
        let request = api::ListSchedulesRequest {
            namespace: "default".to_owned(),
            query: query.to_owned(),
            maximum_page_size: size,
            next_page_token: token.into(),
        };
        let response = self.client.clone().list_schedules(request).await?;
        Ok(response.into_inner())
    }

    async fn count(&self, query: &str) -> Result<i64, Status> {
        let request = api::CountSchedulesRequest {
            namespace: "default".to_owned(),
            query: query.to_owned(),
        };
        let response = self.client.clone().count_schedules(request).await?;
        Ok(response.into_inner().count)
    }

    /// Waits until the index has so many.
    async fn indexed(&self, query: &str, count: i64) {
        let quiet = self.unrecorded();
        for _ in 0..100 {
            if quiet.count(query).await.unwrap() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{query} does not find {count}");
    }

    /// Waits until the list has an entry that is like that.
    pub(crate) async fn listed_when(&self, query: &str, is: impl Fn(&ScheduleListEntry) -> bool) {
        let quiet = self.unrecorded();
        for _ in 0..100 {
            let list = quiet.list_schedules(query, 0, vec![]).await.unwrap();
            if list.schedules.iter().any(&is) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{query} finds nothing of the kind");
    }
}

fn ids(list: &api::ListSchedulesResponse) -> Vec<&str> {
    let schedules = list.schedules.iter();
    schedules.map(|entry| entry.schedule_id.as_str()).collect()
}

#[tokio::test]
async fn schedules_are_found_by_id_and_by_whether_they_are_paused() {
    conform("schedule-list", async |peer| {
        let (a, b) = (peer.kin("a"), peer.kin("b"));
        a.create_schedule(a.schedule_by(by_cron("0 0 * * * # nightly")))
            .await
            .unwrap();
        let mut paused = b.schedule();
        let state = paused.state.as_mut().unwrap();
        (state.paused, state.notes) = (true, "not now".to_owned());
        b.create_schedule(paused).await.unwrap();

        let mine = format!("ScheduleId STARTS_WITH '{}'", peer.workflow_id);
        peer.indexed(&mine, 2).await;
        let all = peer.list_schedules(&mine, 0, vec![]).await.unwrap();
        assert_eq!(
            ids(&all),
            [&b.workflow_id, &a.workflow_id],
            "the latest first"
        );
        let info = all.schedules[1].info.as_ref().unwrap();
        assert_eq!(info.future_action_times.len(), 5);

        for (paused, want) in [(true, &b.workflow_id), (false, &a.workflow_id)] {
            let query = format!("{mine} AND TemporalSchedulePaused = {paused}");
            peer.indexed(&query, 1).await;
            assert_eq!(
                ids(&peer.list_schedules(&query, 0, vec![]).await.unwrap()),
                [want]
            );
            assert_eq!(peer.count(&query).await.unwrap(), 1);
        }

        let first = peer.list_schedules(&mine, 1, vec![]).await.unwrap();
        let rest = peer
            .list_schedules(&mine, 2, first.next_page_token.to_vec())
            .await
            .unwrap();
        assert_eq!(ids(&first), [&b.workflow_id]);
        assert_eq!(ids(&rest), [&a.workflow_id]);
        assert!(rest.next_page_token.is_empty());

        b.delete_schedule().await.unwrap();
        peer.indexed(&mine, 1).await;
        a.delete_schedule().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn schedules_cannot_be_found_by_what_only_workflows_have() {
    conform("schedule-list-errors", async |peer| {
        let cases = [
            (
                "WorkflowId = 'x'",
                "invalid query filter for schedules: cannot filter on \"WorkflowId\"",
            ),
            (
                "ScheduleId = 'x' AND ExecutionStatus = 'Running'",
                "invalid query filter for schedules: cannot filter on \"ExecutionStatus\"",
            ),
            ("Nope = 1", "invalid query: invalid search attribute: Nope"),
            (
                "TemporalSchedulePaused = 'x'",
                "invalid query: invalid expression: invalid value type for search attribute \
                 TemporalSchedulePaused of type Bool: \"x\" (type: string)",
            ),
        ];
        for (query, want) in cases {
            let error = peer.list_schedules(query, 0, vec![]).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
            let error = peer.count(query).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
        }
    })
    .await;
}
