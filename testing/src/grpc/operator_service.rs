//! The operator service: each method is one call to the engine.
//!
//! Methods that are missing here are answered with UNIMPLEMENTED.

use outlast_proto::temporal::api::operatorservice::v1 as api;
use outlast_proto::temporal::api::operatorservice::v1::operator_service_server::OperatorService;
use tonic::{Request, Response, Status};

use super::Server;
use super::engine_calls::engine_calls;
use super::status::status;

engine_calls! {
    impl OperatorService for Server;

    owned {
        create_nexus_endpoint(CreateNexusEndpointRequest) -> CreateNexusEndpointResponse;
        update_nexus_endpoint(UpdateNexusEndpointRequest) -> UpdateNexusEndpointResponse;
    }

    borrowed {
        add_search_attributes(AddSearchAttributesRequest) -> AddSearchAttributesResponse;
        delete_namespace(DeleteNamespaceRequest) -> DeleteNamespaceResponse;
        delete_nexus_endpoint(DeleteNexusEndpointRequest) -> DeleteNexusEndpointResponse;
        get_nexus_endpoint(GetNexusEndpointRequest) -> GetNexusEndpointResponse;
        list_nexus_endpoints(ListNexusEndpointsRequest) -> ListNexusEndpointsResponse;
        list_search_attributes(ListSearchAttributesRequest) -> ListSearchAttributesResponse;
        remove_search_attributes(RemoveSearchAttributesRequest) -> RemoveSearchAttributesResponse;
    }

    by_hand {
        async fn list_clusters(
            &self,
            _: Request<api::ListClustersRequest>,
        ) -> Result<Response<api::ListClustersResponse>, Status> {
            let clusters = self.shared.call(|engine| engine.list_clusters());
            Ok(Response::new(clusters))
        }
    }
}
