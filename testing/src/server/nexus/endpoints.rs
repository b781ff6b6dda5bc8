//! The registry of Nexus endpoints: names that operations are sent to.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::endpoint_target::Variant;
use outlast_proto::temporal::api::operatorservice::v1 as api;

use super::endpoint_specs::flaws;
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::ids::is_uuid;
use crate::server::oracle::Site;
use crate::server::wire::timestamp;

/// All endpoints, by id.
#[derive(Debug, Default)]
pub(in crate::server) struct Endpoints {
    all: BTreeMap<String, Endpoint>,
}

/// One endpoint.
#[derive(Clone, Debug)]
pub(in crate::server) struct Endpoint {
    id: String,
    version: i64,
    spec: nexus::EndpointSpec,
    created_at: SystemTime,
    modified_at: Option<SystemTime>,
}

impl Endpoints {
    pub(in crate::server) fn by_name(&self, name: &str) -> Option<&Endpoint> {
        self.all
            .values()
            .find(|endpoint| endpoint.spec.name == name)
    }
}

impl Endpoint {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The namespace and the queue of its handlers, or the URL of the server that has them.
    pub(super) fn queue(&self) -> std::result::Result<(&str, &str), &str> {
        match self.spec.target.as_ref().and_then(|t| t.variant.as_ref()) {
            Some(Variant::Worker(worker)) => Ok((&worker.namespace, &worker.task_queue)),
            Some(Variant::External(external)) => Err(&external.url),
            None => Err(""),
        }
    }

    fn to_wire(&self) -> nexus::Endpoint {
        nexus::Endpoint {
            version: self.version,
            id: self.id.clone(),
            spec: Some(self.spec.clone()),
            // A real server forgets it with the first change.
            created_time: match self.modified_at {
                Some(_) => None,
                None => timestamp(self.created_at),
            },
            last_modified_time: self.modified_at.and_then(timestamp),
            url_prefix: format!("/nexus/endpoints/{}/services", self.id),
        }
    }
}

impl Engine {
    /// Registers an endpoint.
    ///
    /// # Errors
    /// The endpoint makes no sense, or its name is taken.
    pub fn create_nexus_endpoint(
        &mut self,
        request: api::CreateNexusEndpointRequest,
    ) -> Result<api::CreateNexusEndpointResponse> {
        let spec = self.checked(request.spec)?;
        if self.world.endpoints.by_name(&spec.name).is_some() {
            return Err(Error::endpoint_exists(&spec.name));
        }
        let endpoint = Endpoint {
            id: self.world.next_uuid(Site::Endpoint, "", &spec.name),
            version: 1,
            spec,
            created_at: self.world.now,
            modified_at: None,
        };
        let wire = endpoint.to_wire();
        self.world
            .endpoints
            .all
            .insert(endpoint.id.clone(), endpoint);
        Ok(api::CreateNexusEndpointResponse {
            endpoint: Some(wire),
        })
    }

    /// Replaces an endpoint, if it is still the version that the caller knows.
    ///
    /// # Errors
    /// The endpoint makes no sense, is unknown, or was changed by others.
    pub fn update_nexus_endpoint(
        &mut self,
        request: api::UpdateNexusEndpointRequest,
    ) -> Result<api::UpdateNexusEndpointResponse> {
        let spec = self.checked(request.spec)?;
        let now = self.world.now;
        let endpoint = self.world.endpoints.all.get_mut(&request.id);
        let endpoint = endpoint.ok_or_else(|| {
            Error::not_found(format!(
                "error updating Nexus endpoint. endpoint ID {} not found",
                request.id
            ))
        })?;
        if endpoint.version != request.version {
            return Err(Error::failed_precondition(format!(
                "nexus endpoint version mismatch. received: {} expected {}",
                request.version, endpoint.version
            )));
        }
        endpoint.version += 1;
        endpoint.spec = spec;
        endpoint.modified_at = Some(now);
        Ok(api::UpdateNexusEndpointResponse {
            endpoint: Some(endpoint.to_wire()),
        })
    }

    /// An endpoint by its id.
    ///
    /// # Errors
    /// The id is malformed or unknown.
    pub fn get_nexus_endpoint(
        &self,
        request: &api::GetNexusEndpointRequest,
    ) -> Result<api::GetNexusEndpointResponse> {
        let id = &request.id;
        if id.is_empty() {
            return Err(Error::invalid("endpoint ID not set"));
        }
        if !is_uuid(id) {
            return Err(Error::invalid(format!(
                "malformed endpoint ID: \"invalid UUID length: {}\"",
                id.len()
            )));
        }
        let endpoint = self.world.endpoints.all.get(id);
        let endpoint = endpoint
            .ok_or_else(|| Error::not_found(format!("Nexus endpoint with ID `{id}` not found")))?;
        Ok(api::GetNexusEndpointResponse {
            endpoint: Some(endpoint.to_wire()),
        })
    }

    /// Lists endpoints by id.
    ///
    /// # Errors
    /// The page makes no sense.
    pub fn list_nexus_endpoints(
        &self,
        request: &api::ListNexusEndpointsRequest,
    ) -> Result<api::ListNexusEndpointsResponse> {
        let size = match usize::try_from(request.page_size) {
            Err(_) => return Err(Error::invalid("page_size is negative")),
            Ok(size) if size > PAGE_LIMIT => {
                let text = format!("page_size exceeds limit of {PAGE_LIMIT}");
                return Err(Error::invalid(text));
            }
            Ok(0) => DEFAULT_PAGE,
            Ok(size) => size,
        };
        let after = std::str::from_utf8(&request.next_page_token)
            .map_err(|_| Error::invalid("Invalid NextPageToken."))?;
        let all = self.world.endpoints.all.values();
        let page: Vec<nexus::Endpoint> = all
            .filter(|e| request.name.is_empty() || e.spec.name == request.name)
            .filter(|endpoint| endpoint.id.as_str() > after)
            .take(size)
            .map(Endpoint::to_wire)
            .collect();
        let next_page_token = match page.last() {
            Some(last) if page.len() == size => Bytes::from(last.id.clone()),
            Some(_) | None => Bytes::new(),
        };
        Ok(api::ListNexusEndpointsResponse {
            next_page_token,
            endpoints: page,
        })
    }

    /// Removes an endpoint, whatever version of it the caller knows.
    ///
    /// # Errors
    /// The endpoint is unknown.
    pub fn delete_nexus_endpoint(
        &mut self,
        request: &api::DeleteNexusEndpointRequest,
    ) -> Result<api::DeleteNexusEndpointResponse> {
        if request.id.is_empty() {
            return Err(Error::invalid("endpoint ID not set"));
        }
        if request.version <= 0 {
            return Err(Error::invalid("endpoint version is non-positive"));
        }
        match self.world.endpoints.all.remove(&request.id) {
            Some(_) => Ok(api::DeleteNexusEndpointResponse {}),
            None => Err(Error::not_found(format!(
                "error deleting nexus endpoint with ID: {}",
                request.id
            ))),
        }
    }

    fn checked(&self, spec: Option<nexus::EndpointSpec>) -> Result<nexus::EndpointSpec> {
        let spec = spec.unwrap_or_default();
        let flaws = flaws(&spec);
        if !flaws.is_empty() {
            return Err(Error::invalid(flaws.join(", ")));
        }
        if let Some(Variant::Worker(worker)) = spec.target.as_ref().and_then(|t| t.variant.as_ref())
            && let Err(error) = self.check_namespace(&worker.namespace)
        {
            return Err(Error::failed_precondition(format!(
                "could not verify namespace referenced by target exists: {}",
                error.message
            )));
        }
        Ok(spec)
    }
}

const DEFAULT_PAGE: usize = 100;
const PAGE_LIMIT: usize = 1000;
