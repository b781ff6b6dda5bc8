//! The registry of Nexus endpoints.

use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::endpoint_target::{External, Variant, Worker};
use outlast_proto::temporal::api::operatorservice::v1 as api;
use tonic::{Code, Status};

use crate::support::peer::*;
use crate::{Peer, conform};

impl Peer {
    async fn update_endpoint(
        &self,
        id: &str,
        version: i64,
        spec: nexus::EndpointSpec,
    ) -> Result<nexus::Endpoint, Status> {
        let request = api::UpdateNexusEndpointRequest {
            id: id.to_owned(),
            version,
            spec: Some(spec),
        };
        let response = self.operator().update_nexus_endpoint(request).await?;
        Ok(response.into_inner().endpoint.unwrap())
    }

    async fn get_endpoint(&self, id: &str) -> Result<nexus::Endpoint, Status> {
        let request = api::GetNexusEndpointRequest { id: id.to_owned() };
        let response = self.operator().get_nexus_endpoint(request).await?;
        Ok(response.into_inner().endpoint.unwrap())
    }

    async fn endpoints_named(&self, name: &str) -> Vec<nexus::Endpoint> {
        let request = api::ListNexusEndpointsRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let response = self.operator().list_nexus_endpoints(request).await;
        response.unwrap().into_inner().endpoints
    }
}

fn target(variant: Variant) -> Option<nexus::EndpointTarget> {
    Some(nexus::EndpointTarget {
        variant: Some(variant),
    })
}

fn worker(namespace: &str, task_queue: &str) -> Option<nexus::EndpointTarget> {
    target(Variant::Worker(Worker {
        namespace: namespace.to_owned(),
        task_queue: task_queue.to_owned(),
    }))
}

fn external(url: &str) -> Option<nexus::EndpointTarget> {
    target(Variant::External(External {
        url: url.to_owned(),
    }))
}

#[tokio::test]
async fn endpoints_are_created_updated_listed_and_deleted() {
    conform("nexus-endpoints", async |peer| {
        let created = peer.create_endpoint(peer.endpoint_spec()).await.unwrap();
        assert_eq!(created.version, 1);
        assert_eq!(created.spec, Some(peer.endpoint_spec()));
        let prefix = format!("/nexus/endpoints/{}/services", created.id);
        assert_eq!(created.url_prefix, prefix);

        let error = peer
            .create_endpoint(peer.endpoint_spec())
            .await
            .unwrap_err();
        let want = format!(
            "error creating Nexus endpoint. Endpoint with name {} already registered",
            peer.endpoint()
        );
        assert_eq!(
            (error.code(), error.message()),
            (Code::AlreadyExists, want.as_str())
        );

        let mut spec = peer.endpoint_spec();
        spec.description = payload("for tests");
        let updated = peer
            .update_endpoint(&created.id, 1, spec.clone())
            .await
            .unwrap();
        assert_eq!(updated.version, 2);
        let error = peer
            .update_endpoint(&created.id, 1, spec.clone())
            .await
            .unwrap_err();
        let want = "nexus endpoint version mismatch. received: 1 expected 2";
        assert_eq!(
            (error.code(), error.message()),
            (Code::FailedPrecondition, want)
        );

        let got = peer.get_endpoint(&created.id).await.unwrap();
        assert_eq!((got.version, &got.spec), (2, &Some(spec)));
        let listed = peer.endpoints_named(&peer.endpoint()).await;
        assert_eq!(listed.len(), 1);
        peer.delete_endpoint(&updated).await.unwrap();
        assert_eq!(peer.endpoints_named(&peer.endpoint()).await, []);
        let error = peer.get_endpoint(&created.id).await.unwrap_err();
        let want = format!("Nexus endpoint with ID `{}` not found", created.id);
        assert_eq!(
            (error.code(), error.message()),
            (Code::NotFound, want.as_str())
        );
    })
    .await;
}

#[tokio::test]
async fn endpoints_that_make_no_sense_are_refused() {
    conform("nexus-endpoint-flaws", async |peer| {
        let named = |name: &str| nexus::EndpointSpec {
            name: name.to_owned(),
            ..peer.endpoint_spec()
        };
        let aimed = |target| nexus::EndpointSpec {
            target,
            ..peer.endpoint_spec()
        };
        let pattern =
            "endpoint name must match the regex: \"^[a-zA-Z][a-zA-Z0-9\\\\-]*[a-zA-Z0-9]$\"";
        let cases = [
            (named(""), "endpoint name not set"),
            (named("a"), pattern),
            (named("1a"), pattern),
            (named("a_b"), pattern),
            (named("a-"), pattern),
            (
                named(&"a".repeat(201)),
                "endpoint name exceeds length limit of 200",
            ),
            (aimed(None), "empty target variant"),
            (
                nexus::EndpointSpec::default(),
                "endpoint name not set, empty target variant",
            ),
            (aimed(worker("", "q")), "target namespace not set"),
            (
                aimed(worker("default", "")),
                "invalid target task queue: \"taskQueue is not set\"",
            ),
            (
                aimed(worker("default", "/_sys/q")),
                "invalid target task queue: \"task queue name cannot start with reserved prefix \
                 /_sys/\"",
            ),
            (aimed(external("")), "empty target URL"),
            (
                aimed(external("ftp://a")),
                "invalid target URL scheme: \"ftp\", expected http or https",
            ),
        ];
        for (spec, want) in cases {
            let error = peer.create_endpoint(spec).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
        }
        let error = peer
            .create_endpoint(aimed(worker("nowhere", "q")))
            .await
            .unwrap_err();
        let want = "could not verify namespace referenced by target exists: \
                    Namespace nowhere is not found.";
        assert_eq!(
            (error.code(), error.message()),
            (Code::FailedPrecondition, want)
        );

        let nobody = uuid();
        let error = peer
            .update_endpoint(&nobody, 1, peer.endpoint_spec())
            .await
            .unwrap_err();
        let want = format!("error updating Nexus endpoint. endpoint ID {nobody} not found");
        assert_eq!(
            (error.code(), error.message()),
            (Code::NotFound, want.as_str())
        );
        let error = peer.get_endpoint("x").await.unwrap_err();
        assert_eq!(
            error.message(),
            "malformed endpoint ID: \"invalid UUID length: 1\""
        );
        let error = peer.get_endpoint("").await.unwrap_err();
        assert_eq!(error.message(), "endpoint ID not set");
        for (id, version, want) in [
            ("", 1, "endpoint ID not set".to_owned()),
            (&nobody, 0, "endpoint version is non-positive".to_owned()),
            (
                &nobody,
                1,
                format!("error deleting nexus endpoint with ID: {nobody}"),
            ),
        ] {
            let endpoint = nexus::Endpoint {
                id: id.to_owned(),
                version,
                ..Default::default()
            };
            let error = peer.delete_endpoint(&endpoint).await.unwrap_err();
            assert_eq!(error.message(), want);
        }
    })
    .await;
}
