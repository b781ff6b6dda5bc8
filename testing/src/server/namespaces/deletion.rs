//! Deleting a namespace, with all that is in it.

use outlast_proto::temporal::api::operatorservice::v1 as operator;

use crate::server::Engine;
use crate::server::errors::{Error, Result};

impl Engine {
    /// Deletes a namespace, its workflows and its schedules.
    ///
    /// The real server renames the namespace at once and takes its time with the rest. Here it is
    /// gone when the call returns.
    ///
    /// # Errors
    /// The namespace does not exist.
    pub fn delete_namespace(
        &mut self,
        request: &operator::DeleteNamespaceRequest,
    ) -> Result<operator::DeleteNamespaceResponse> {
        let operator::DeleteNamespaceRequest {
            namespace,
            namespace_id: id,
            ..
        } = request;
        let found = match (namespace.is_empty(), id.is_empty()) {
            (true, true) => return Err(Error::invalid("Namespace not set on request.")),
            (false, false) => {
                return Err(Error::invalid(
                    "Only one of namespace name or Id should be set on request.",
                ));
            }
            (false, true) => self.world.namespaces.get(namespace)?,
            (true, false) => {
                let found = self.world.namespaces.with_id(id);
                found.ok_or_else(|| Error::namespace_not_found(id))?
            }
        };
        let (name, id) = (found.info.name.clone(), found.info.id.clone());
        // First, or they would start workflows in place of those that end.
        self.schedules.forget_namespace(&name);
        self.delete_runs_of(&name);
        self.world.deployments.forget_namespace(&name);
        self.world.namespaces.by_name.remove(&name);
        Ok(operator::DeleteNamespaceResponse {
            deleted_namespace: format!("{name}-deleted-{}", &id[..5]),
        })
    }
}
