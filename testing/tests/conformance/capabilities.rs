//! What the server and its namespaces say about themselves.

use outlast_proto::temporal::api::enums::v1::{
    ArchivalState, IndexedValueType as Type, NamespaceState, ReplicationState,
};
use outlast_proto::temporal::api::namespace::v1::{NamespaceConfig, UpdateNamespaceInfo};
use outlast_proto::temporal::api::operatorservice::v1::ListSearchAttributesRequest;
use outlast_proto::temporal::api::replication::v1::NamespaceReplicationConfig;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Status;

use crate::support::builders::seconds;
use crate::{Peer, conform};

#[tokio::test]
async fn the_server_says_what_it_can_do() {
    conform("capabilities", async |peer| {
        let client = &mut peer.client();
        let info = client
            .get_system_info(api::GetSystemInfoRequest {})
            .await
            .unwrap();
        assert!(info.into_inner().capabilities.unwrap().nexus);
        let cluster = client
            .get_cluster_info(api::GetClusterInfoRequest {})
            .await
            .unwrap();
        assert_eq!(cluster.into_inner().history_shard_count, 1);
        let request = api::DescribeNamespaceRequest {
            namespace: "default".to_owned(),
            ..Default::default()
        };
        let described = client.describe_namespace(request).await.unwrap();
        let info = described.into_inner().namespace_info.unwrap();
        assert_eq!(info.limits.unwrap().blob_size_limit_error, 2 << 20);
        assert!(info.capabilities.unwrap().async_update);
    })
    .await;
}

impl Peer {
    async fn change_namespace(
        &self,
        change: impl FnOnce(&mut api::UpdateNamespaceRequest),
    ) -> Result<api::UpdateNamespaceResponse, Status> {
        let mut request = api::UpdateNamespaceRequest {
            namespace: self.workflow_id.clone(),
            ..Default::default()
        };
        change(&mut request);
        let changed = self.client().update_namespace(request).await;
        changed.map(tonic::Response::into_inner)
    }

    async fn register_own(&self) {
        let request = api::RegisterNamespaceRequest {
            namespace: self.workflow_id.clone(),
            description: "described".to_owned(),
            owner_email: "owner@example".to_owned(),
            workflow_execution_retention_period: seconds(172_800.0),
            data: [("a".to_owned(), "1".to_owned())].into(),
            ..Default::default()
        };
        self.client().register_namespace(request).await.unwrap();
    }
}

#[tokio::test]
async fn each_setting_of_a_namespace_can_be_changed() {
    conform("namespace-changes", async |peer| {
        peer.register_own().await;
        let info = UpdateNamespaceInfo {
            description: "changed".to_owned(),
            owner_email: "other@example".to_owned(),
            data: [("b".to_owned(), "2".to_owned())].into(),
            state: NamespaceState::Registered as i32,
        };
        let changed = peer
            .change_namespace(|r| r.update_info = Some(info))
            .await
            .unwrap();
        let data = changed.namespace_info.unwrap().data;
        assert_eq!(data.len(), 2);
        let retention = NamespaceConfig {
            workflow_execution_retention_ttl: seconds(259_200.0),
            ..Default::default()
        };
        peer.change_namespace(|r| r.config = Some(retention))
            .await
            .unwrap();
        let changed = peer.change_namespace(|_| {}).await.unwrap();
        let retention = changed.config.unwrap().workflow_execution_retention_ttl;
        assert_eq!(retention, seconds(259_200.0));
        let archival = NamespaceConfig {
            history_archival_state: ArchivalState::Enabled as i32,
            history_archival_uri: "file:///tmp".to_owned(),
            ..Default::default()
        };
        let changed = peer.change_namespace(|r| r.config = Some(archival)).await;
        let config = changed.unwrap().config.unwrap();
        assert_eq!(config.history_archival_state(), ArchivalState::Disabled);
        let deprecated = UpdateNamespaceInfo {
            state: NamespaceState::Deprecated as i32,
            ..Default::default()
        };
        let changed = peer
            .change_namespace(|r| r.update_info = Some(deprecated))
            .await;
        let state = changed.unwrap().namespace_info.unwrap().state();
        assert_eq!(state, NamespaceState::Deprecated);
    })
    .await;
}

#[tokio::test]
async fn settings_that_this_server_cannot_have_are_refused() {
    conform("namespace-bad-changes", async |peer| {
        peer.register_own().await;
        let short = NamespaceConfig {
            workflow_execution_retention_ttl: seconds(60.0),
            ..Default::default()
        };
        let refused = peer.change_namespace(|r| r.config = Some(short)).await;
        refused.unwrap_err();
        let elsewhere = NamespaceReplicationConfig {
            active_cluster_name: "elsewhere".to_owned(),
            ..Default::default()
        };
        let handover = NamespaceReplicationConfig {
            state: ReplicationState::Handover as i32,
            ..Default::default()
        };
        for replication in [elsewhere, handover] {
            let refused = peer.change_namespace(|r| r.replication_config = Some(replication));
            refused.await.unwrap_err();
        }
        peer.change_namespace(|r| r.promote_namespace = true)
            .await
            .unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn a_namespace_is_listed_as_it_is_described() {
    conform("namespace-lists", async |peer| {
        peer.register_own().await;
        let request = api::DescribeNamespaceRequest {
            namespace: peer.workflow_id.clone(),
            ..Default::default()
        };
        let described = peer.client().describe_namespace(request).await.unwrap();
        // Others have namespaces, too, so the lists are not compared.
        let client = &mut peer.unrecorded().client();
        let mut request = api::ListNamespacesRequest {
            page_size: 3,
            ..Default::default()
        };
        let mut listed = Vec::new();
        loop {
            let page = client.list_namespaces(request.clone()).await.unwrap();
            let page = page.into_inner();
            assert!(page.namespaces.len() <= 3);
            listed.extend(page.namespaces);
            if page.next_page_token.is_empty() {
                break;
            }
            request.next_page_token = page.next_page_token;
        }
        assert!(listed.contains(described.get_ref()));
        request.next_page_token = vec![0xff; 16].into();
        let after_all = peer.client().list_namespaces(request).await.unwrap();
        assert_eq!(after_all.into_inner().namespaces, []);
    })
    .await;
}

#[tokio::test]
async fn the_servers_own_search_attributes_have_their_types() {
    conform("search-attributes", async |peer| {
        let quiet = peer.unrecorded();
        let all = quiet
            .client()
            .get_search_attributes(api::GetSearchAttributesRequest {})
            .await;
        let all = all.unwrap().into_inner().keys;
        let request = ListSearchAttributesRequest {
            namespace: "default".to_owned(),
        };
        let listed = quiet.operator().list_search_attributes(request).await;
        let system = listed.unwrap().into_inner().system_attributes;
        assert_eq!(system.len(), 33);
        for (name, value_type) in &system {
            assert_eq!(all.get(name), Some(value_type), "{name}");
        }
        for (value_type, names) in SYSTEM {
            for name in names.split(' ') {
                assert_eq!(system.get(name), Some(&(value_type as i32)), "{name}");
            }
        }
    })
    .await;
}

const SYSTEM: [(Type, &str); 5] = [
    (
        Type::Keyword,
        "BatcherNamespace BatcherUser ExecutionStatus ParentRunId ParentWorkflowId RootRunId \
         RootWorkflowId RunId TaskQueue TemporalNamespaceDivision TemporalScheduledById \
         TemporalWorkerDeployment TemporalWorkerDeploymentVersion \
         TemporalWorkflowVersioningBehavior WorkflowId WorkflowType",
    ),
    (
        Type::KeywordList,
        "BinaryChecksums BuildIds TemporalChangeVersion TemporalPauseInfo \
         TemporalReportedProblems TemporalUsedWorkerDeploymentVersions",
    ),
    (
        Type::Int,
        "ExecutionDuration HistoryLength HistorySizeBytes StateTransitionCount \
         TemporalExternalPayloadCount TemporalExternalPayloadSizeBytes",
    ),
    (
        Type::Datetime,
        "CloseTime ExecutionTime StartTime TemporalScheduledStartTime",
    ),
    (Type::Bool, "TemporalSchedulePaused"),
];
