//! Taking in heartbeats of workers, and finding workers by them.

use bytes::Bytes;
use outlast_proto::temporal::api::worker::v1::{WorkerHeartbeat, WorkerInfo, WorkerListInfo};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::record::{WorkerAttributes, WorkerRecord};
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::visibility::Query;

impl Engine {
    /// Takes in heartbeats of the workers of one process.
    ///
    /// # Errors
    /// The namespace is unknown.
    pub fn record_worker_heartbeat(
        &mut self,
        request: api::RecordWorkerHeartbeatRequest,
    ) -> Result<api::RecordWorkerHeartbeatResponse> {
        self.check_namespace(&request.namespace)?;
        for heartbeat in request.worker_heartbeat {
            self.world.workers.note(&request.namespace, heartbeat);
        }
        Ok(api::RecordWorkerHeartbeatResponse {})
    }

    /// Lists the workers that a query finds, by their instance keys.
    ///
    /// # Errors
    /// The namespace is unknown, the query makes no sense, or the page token is none of ours.
    pub fn list_workers(
        &self,
        request: &api::ListWorkersRequest,
    ) -> Result<api::ListWorkersResponse> {
        let after = std::str::from_utf8(&request.next_page_token)
            .map_err(|_| Error::invalid("invalid next_page_token"))?;
        let found = self.find_workers(&request.namespace, &request.query)?;
        let mut found = found.into_iter();
        let rest = found
            .by_ref()
            .skip_while(|worker| worker.worker_instance_key.as_str() <= after && !after.is_empty());
        let size = usize::try_from(request.page_size).ok();
        let size = size.filter(|size| *size > 0).unwrap_or(usize::MAX);
        let page: Vec<&WorkerHeartbeat> = rest.take(size).collect();
        let next_page_token = match (found.next(), page.last()) {
            (Some(_), Some(last)) => Bytes::from(last.worker_instance_key.clone()),
            _ => Bytes::new(),
        };
        Ok(api::ListWorkersResponse {
            workers_info: page.iter().map(|worker| info(worker)).collect(),
            workers: page.iter().map(|worker| list_info(worker)).collect(),
            next_page_token,
        })
    }

    /// Counts the workers that a query finds.
    ///
    /// # Errors
    /// The namespace is unknown, or the query makes no sense.
    pub fn count_workers(
        &self,
        request: &api::CountWorkersRequest,
    ) -> Result<api::CountWorkersResponse> {
        let found = self.find_workers(&request.namespace, &request.query)?;
        Ok(api::CountWorkersResponse {
            count: found.len() as i64,
        })
    }

    /// Describes a worker by its last heartbeat.
    ///
    /// # Errors
    /// The namespace or the worker is unknown.
    pub fn describe_worker(
        &self,
        request: &api::DescribeWorkerRequest,
    ) -> Result<api::DescribeWorkerResponse> {
        self.check_namespace(&request.namespace)?;
        let key = &request.worker_instance_key;
        let worker = self.world.workers.get(&request.namespace, key);
        let worker = worker.ok_or_else(|| Error::not_found(format!("Worker {key} not found")))?;
        Ok(api::DescribeWorkerResponse {
            worker_info: Some(info(worker)),
        })
    }

    fn find_workers(&self, namespace: &str, query: &str) -> Result<Vec<&WorkerHeartbeat>> {
        self.check_namespace(namespace)?;
        let query = Query::parse(query, &WorkerAttributes)?;
        let workers = self.world.workers.of(namespace);
        let found = workers.filter(|worker| query.matches(&WorkerRecord(worker)));
        Ok(found.collect())
    }
}

fn info(worker: &WorkerHeartbeat) -> WorkerInfo {
    WorkerInfo {
        worker_heartbeat: Some(worker.clone()),
    }
}

fn list_info(worker: &WorkerHeartbeat) -> WorkerListInfo {
    let host = worker.host_info.clone().unwrap_or_default();
    WorkerListInfo {
        worker_instance_key: worker.worker_instance_key.clone(),
        worker_identity: worker.worker_identity.clone(),
        task_queue: worker.task_queue.clone(),
        deployment_version: worker.deployment_version.clone(),
        sdk_name: worker.sdk_name.clone(),
        sdk_version: worker.sdk_version.clone(),
        status: worker.status,
        start_time: worker.start_time,
        host_name: host.host_name,
        worker_grouping_key: host.worker_grouping_key,
        process_id: host.process_id,
        plugins: worker.plugins.clone(),
        drivers: worker.drivers.clone(),
    }
}
