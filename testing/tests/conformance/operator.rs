//! Search attributes and namespaces, as operators change them.

use outlast_proto::temporal::api::enums::v1::{IndexedValueType as Type, NamespaceState};
use outlast_proto::temporal::api::namespace::v1::UpdateNamespaceInfo;
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::seconds;
use crate::visibility::REGISTRATION;
use crate::{Peer, conform};

impl Peer {
    async fn add_attribute(&self, name: &str, value_type: i32) -> Result<(), Status> {
        let request = operator::AddSearchAttributesRequest {
            namespace: "default".to_owned(),
            search_attributes: [(name.to_owned(), value_type)].into(),
        };
        self.operator()
            .add_search_attributes(request)
            .await
            .map(drop)
    }

    async fn remove_attribute(&self, name: &str) -> Result<(), Status> {
        let request = operator::RemoveSearchAttributesRequest {
            namespace: "default".to_owned(),
            search_attributes: vec![name.to_owned()],
        };
        self.operator()
            .remove_search_attributes(request)
            .await
            .map(drop)
    }

    /// The type of a registered attribute, without a record: others register theirs.
    async fn attribute(&self, name: &str) -> Option<i32> {
        let request = operator::ListSearchAttributesRequest {
            namespace: "default".to_owned(),
        };
        let listed = self
            .unrecorded()
            .operator()
            .list_search_attributes(request)
            .await;
        listed.unwrap().into_inner().custom_attributes.remove(name)
    }

    pub(crate) async fn register(
        &self,
        request: api::RegisterNamespaceRequest,
    ) -> Result<(), Status> {
        self.client().register_namespace(request).await.map(drop)
    }

    async fn namespace(&self, name: &str) -> Result<api::DescribeNamespaceResponse, Status> {
        let request = api::DescribeNamespaceRequest {
            namespace: name.to_owned(),
            ..Default::default()
        };
        let described = self.client().describe_namespace(request).await;
        described.map(tonic::Response::into_inner)
    }
}

pub(crate) fn registration(name: &str) -> api::RegisterNamespaceRequest {
    api::RegisterNamespaceRequest {
        namespace: name.to_owned(),
        description: "what it is for".to_owned(),
        workflow_execution_retention_period: seconds(86_400.0),
        ..Default::default()
    }
}

#[tokio::test]
async fn search_attributes_are_added_once_and_removed_at_will() {
    conform("operator-attributes", async |peer| {
        let _turn = REGISTRATION.lock().await;
        let name = format!("Own{}", &peer.uuid[..8]);
        peer.add_attribute(&name, Type::Double as i32)
            .await
            .unwrap();
        assert_eq!(peer.attribute(&name).await, Some(Type::Double as i32));
        peer.add_attribute(&name, Type::Int as i32).await.unwrap();
        assert_eq!(peer.attribute(&name).await, Some(Type::Double as i32));
        peer.remove_attribute(&name).await.unwrap();
        assert_eq!(peer.attribute(&name).await, None);
        peer.remove_attribute(&name).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn search_attributes_of_the_server_stay_what_they_are() {
    conform("operator-reserved", async |peer| {
        for (name, value_type) in [
            ("WorkflowId", 2),
            ("BuildIds", 7),
            ("TemporalAnything", 2),
            ("Memo", 2),
            ("Untyped", 0),
            ("Mistyped", 99),
        ] {
            let refused = peer.add_attribute(name, value_type).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{name}");
        }
        for name in ["WorkflowId", "BuildIds"] {
            let refused = peer.remove_attribute(name).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{name}");
        }
        let request = operator::AddSearchAttributesRequest {
            namespace: "default".to_owned(),
            ..Default::default()
        };
        peer.operator()
            .add_search_attributes(request)
            .await
            .unwrap_err();
        let request = operator::ListSearchAttributesRequest {
            namespace: "no-such-namespace".to_owned(),
        };
        peer.operator()
            .list_search_attributes(request)
            .await
            .unwrap_err();
        let request = operator::ListSearchAttributesRequest {
            namespace: "default".to_owned(),
        };
        let listed = peer
            .unrecorded()
            .operator()
            .list_search_attributes(request)
            .await;
        let system = listed.unwrap().into_inner().system_attributes;
        assert_eq!(system.len(), 33);
        assert_eq!(system["TemporalReportedProblems"], Type::KeywordList as i32);
    })
    .await;
}

#[tokio::test]
async fn a_namespace_is_registered_changed_and_deleted() {
    conform("namespace", async |peer| {
        let name = peer.workflow_id.clone();
        peer.register(registration(&name)).await.unwrap();
        let taken = peer.register(registration(&name)).await.unwrap_err();
        assert_eq!(taken.code(), Code::AlreadyExists);
        let info = peer.namespace(&name).await.unwrap().namespace_info.unwrap();
        assert_eq!(info.description, "what it is for");
        assert_eq!(info.state(), NamespaceState::Registered);
        let by_id = api::DescribeNamespaceRequest {
            id: info.id,
            ..Default::default()
        };
        let described = peer.client().describe_namespace(by_id).await.unwrap();
        assert_eq!(described.into_inner().namespace_info.unwrap().name, name);

        let change = api::UpdateNamespaceRequest {
            namespace: name.clone(),
            update_info: Some(UpdateNamespaceInfo {
                owner_email: "owner@example".to_owned(),
                data: [("a".to_owned(), "b".to_owned())].into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let changed = peer.client().update_namespace(change).await.unwrap();
        let info = changed.into_inner().namespace_info.unwrap();
        assert_eq!(
            (info.owner_email.as_str(), info.data["a"].as_str()),
            ("owner@example", "b")
        );
        assert_eq!(info.description, "what it is for");

        let request = api::DeprecateNamespaceRequest {
            namespace: name.clone(),
            ..Default::default()
        };
        peer.client().deprecate_namespace(request).await.unwrap();
        let info = peer.namespace(&name).await.unwrap().namespace_info.unwrap();
        assert_eq!(info.state(), NamespaceState::Deprecated);

        let request = operator::DeleteNamespaceRequest {
            namespace: name.clone(),
            ..Default::default()
        };
        let deleted = peer
            .unrecorded()
            .operator()
            .delete_namespace(request)
            .await
            .unwrap();
        let deleted = deleted.into_inner().deleted_namespace;
        assert!(
            deleted.starts_with(&format!("{name}-deleted-")),
            "{deleted}"
        );
        let gone = peer.namespace(&name).await.unwrap_err();
        assert_eq!(gone.message(), format!("Namespace {name} is not found."));
    })
    .await;
}

#[tokio::test]
async fn namespaces_that_make_no_sense_are_refused() {
    conform("namespace-refusals", async |peer| {
        let good = registration(&peer.workflow_id);
        let cases = [
            api::RegisterNamespaceRequest::default(),
            api::RegisterNamespaceRequest {
                workflow_execution_retention_period: None,
                ..good.clone()
            },
            api::RegisterNamespaceRequest {
                workflow_execution_retention_period: seconds(60.0),
                ..good.clone()
            },
            api::RegisterNamespaceRequest {
                namespace: "x".repeat(1200),
                ..good.clone()
            },
            api::RegisterNamespaceRequest {
                is_global_namespace: true,
                ..good.clone()
            },
            api::RegisterNamespaceRequest {
                active_cluster_name: "elsewhere".to_owned(),
                ..good
            },
        ];
        for request in cases {
            let refused = peer.register(request).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        }
        for request in [
            api::DescribeNamespaceRequest::default(),
            api::DescribeNamespaceRequest {
                namespace: "no-such-namespace".to_owned(),
                ..Default::default()
            },
            api::DescribeNamespaceRequest {
                id: "junk".to_owned(),
                ..Default::default()
            },
        ] {
            peer.client().describe_namespace(request).await.unwrap_err();
        }
        for request in [
            api::UpdateNamespaceRequest::default(),
            api::UpdateNamespaceRequest {
                namespace: "no-such-namespace".to_owned(),
                ..Default::default()
            },
            api::UpdateNamespaceRequest {
                namespace: "default".to_owned(),
                delete_bad_binary: "nope".to_owned(),
                ..Default::default()
            },
        ] {
            peer.client().update_namespace(request).await.unwrap_err();
        }
        let request = operator::DeleteNamespaceRequest::default();
        peer.operator().delete_namespace(request).await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn there_is_one_cluster() {
    conform("clusters", async |peer| {
        let request = operator::ListClustersRequest::default();
        let listed = peer.operator().list_clusters(request).await;
        let clusters = listed.unwrap().into_inner().clusters;
        assert_eq!(clusters.len(), 1);
    })
    .await;
}
