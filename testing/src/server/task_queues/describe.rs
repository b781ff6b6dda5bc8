//! The answer to `DescribeTaskQueue`, in its two modes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::enums::v1::{
    BuildIdTaskReachability, DescribeTaskQueueMode, RateLimitSource, TaskQueueKind, TaskQueueType,
};
use outlast_proto::temporal::api::taskqueue::v1::{
    PollerInfo, TaskIdBlock, TaskQueueStats, TaskQueueStatus, TaskQueueTypeInfo,
    TaskQueueVersionInfo, TaskQueueVersionSelection, TaskQueueVersioningInfo,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::describe_task_queue_response::EffectiveRateLimit;

use crate::server::Engine;
use crate::server::deployments::{QueueRouting, Version};
use crate::server::errors::Result;
use crate::server::queues::matching::{QueueKey, QueueType, QueuedTask};
use crate::server::task_queues::{Ledger, check_queue};
use crate::server::wire::wire_duration;

impl Engine {
    /// Describes a task queue: its workers, its backlog and its rates.
    ///
    /// # Errors
    /// The namespace is unknown, or no queue is named.
    pub fn describe_task_queue(
        &self,
        request: &api::DescribeTaskQueueRequest,
    ) -> Result<api::DescribeTaskQueueResponse> {
        self.check_namespace(&request.namespace)?;
        check_queue(request.task_queue.as_ref())?;
        let queue = request.task_queue.clone().unwrap_or_default();
        let (namespace, name) = (request.namespace.as_str(), queue.name.as_str());
        if request.api_mode() == DescribeTaskQueueMode::Enhanced {
            return Ok(api::DescribeTaskQueueResponse {
                versions_info: self.versions(namespace, name, request),
                ..Default::default()
            });
        }
        let queue_type = match request.task_queue_type() {
            TaskQueueType::Unspecified => TaskQueueType::Workflow,
            queue_type => queue_type,
        };
        let info = self.queue_info(namespace, name, queue_type);
        let stats = info.stats.filter(|_| request.report_stats);
        let by_priority = stats.map(|stats| (DEFAULT_PRIORITY, stats));
        Ok(api::DescribeTaskQueueResponse {
            pollers: info.pollers,
            stats,
            stats_by_priority_key: by_priority.into_iter().collect(),
            versioning_info: (queue.kind() != TaskQueueKind::Sticky)
                .then(|| self.versioning_info(namespace, name, queue_type)),
            effective_rate_limit: Some(self.rate_limit(namespace, name, queue_type)),
            task_queue_status: request.include_task_queue_status.then(status),
            ..Default::default()
        })
    }

    /// What there is of each version of a worker: everything there is has none.
    fn versions(
        &self,
        namespace: &str,
        name: &str,
        request: &api::DescribeTaskQueueRequest,
    ) -> BTreeMap<String, TaskQueueVersionInfo> {
        let types = request.task_queue_types.iter();
        let mut types: Vec<TaskQueueType> = types.filter_map(|t| (*t).try_into().ok()).collect();
        if types.is_empty() {
            types = vec![TaskQueueType::Workflow, TaskQueueType::Activity];
        }
        let selected = selected_versions(request.versions.as_ref());
        let describe = |version: String| {
            let types_info = types.iter().map(|queue_type| {
                let info = match version.is_empty() {
                    true => self.queue_info(namespace, name, *queue_type),
                    false => no_info(),
                };
                (*queue_type as i32, info)
            });
            let reachability = match (request.report_task_reachability, version.is_empty()) {
                (false, _) => BuildIdTaskReachability::Unspecified,
                (true, true) => BuildIdTaskReachability::Reachable,
                (true, false) => BuildIdTaskReachability::Unreachable,
            };
            let info = TaskQueueVersionInfo {
                types_info: types_info.collect(),
                task_reachability: reachability as i32,
            };
            (version, info)
        };
        selected.into_iter().map(describe).collect()
    }

    fn queue_info(
        &self,
        namespace: &str,
        name: &str,
        queue_type: TaskQueueType,
    ) -> TaskQueueTypeInfo {
        let Some(key) = queue_key(namespace, name, queue_type) else {
            return no_info();
        };
        let queues = &self.world.queues;
        let ledgers: Vec<&Ledger> = queues.ledgers(&key).map(|(_, ledger)| ledger).collect();
        let pollers = queues.pollers(&key, self.world.now);
        let pollers = pollers.map(|(version, poller)| PollerInfo {
            deployment_options: version.map(Version::worker_options),
            ..poller
        });
        TaskQueueTypeInfo {
            pollers: pollers.collect(),
            stats: Some(self.stats(queues.tasks(&key), &ledgers)),
        }
    }

    /// The backlog and the rates of the queue of one version.
    pub(in crate::server) fn queue_stats(&self, key: &QueueKey) -> TaskQueueStats {
        let queues = &self.world.queues;
        let ledgers: Vec<&Ledger> = queues.ledger(key).into_iter().collect();
        self.stats(queues.own_tasks(key), &ledgers)
    }

    fn stats<'a>(
        &self,
        tasks: impl Iterator<Item = &'a QueuedTask>,
        ledgers: &[&Ledger],
    ) -> TaskQueueStats {
        let now = self.world.now;
        let since: Vec<SystemTime> = tasks.filter_map(|task| self.waiting_since(task)).collect();
        let oldest = since.iter().min();
        let oldest = oldest.and_then(|since| now.duration_since(*since).ok());
        TaskQueueStats {
            approximate_backlog_count: since.len() as i64,
            approximate_backlog_age: wire_duration(oldest.unwrap_or_default()),
            tasks_add_rate: ledgers.iter().map(|ledger| ledger.add_rate(now)).sum(),
            tasks_dispatch_rate: ledgers.iter().map(|ledger| ledger.dispatch_rate(now)).sum(),
            ..Default::default()
        }
    }

    fn versioning_info(
        &self,
        namespace: &str,
        name: &str,
        queue_type: TaskQueueType,
    ) -> TaskQueueVersioningInfo {
        match queue_key(namespace, name, queue_type) {
            Some(key) => self.world.deployments.described_routing(&key),
            None => QueueRouting::default().described(None),
        }
    }

    fn rate_limit(
        &self,
        namespace: &str,
        name: &str,
        queue_type: TaskQueueType,
    ) -> EffectiveRateLimit {
        let key = queue_key(namespace, name, queue_type);
        let ledgers = key.iter().flat_map(|key| self.world.queues.ledgers(key));
        let by_workers = ledgers.filter_map(|(_, ledger)| ledger.rate_limit(self.world.now));
        let latest = by_workers.max_by_key(|(last_access, _)| *last_access);
        let (rate, source) = match latest.and_then(|(_, rate)| rate) {
            Some(rate) => (rate, RateLimitSource::Worker),
            None => (SYSTEM_RATE, RateLimitSource::System),
        };
        EffectiveRateLimit {
            requests_per_second: rate as f32,
            rate_limit_source: source as i32,
        }
    }

    /// Since when a task waits; nothing if it is out of date, or a query or a
    /// Nexus request, which are no backlog.
    fn waiting_since(&self, task: &QueuedTask) -> Option<SystemTime> {
        match task {
            QueuedTask::Activity {
                run,
                scheduled_event_id,
                stamp,
            } => {
                let activity = self.runs.get(run)?.activities.get(scheduled_event_id)?;
                (activity.stamp == *stamp).then_some(activity.attempt_scheduled_at)
            }
            QueuedTask::Nexus { .. } | QueuedTask::Query { .. } => None,
            QueuedTask::Workflow { run, stamp } => {
                let task = self.runs.get(run)?.task.as_ref()?;
                (task.stamp == *stamp && !task.is_started()).then_some(task.scheduled_at)
            }
        }
    }
}

fn queue_key(namespace: &str, name: &str, queue_type: TaskQueueType) -> Option<QueueKey> {
    let queue_type = match queue_type {
        TaskQueueType::Activity => QueueType::Activity,
        TaskQueueType::Workflow => QueueType::Workflow,
        TaskQueueType::Nexus | TaskQueueType::Unspecified => return None,
    };
    Some(QueueKey::new(namespace, queue_type, name))
}

/// The build ids to describe; the empty one is that of workers without any.
fn selected_versions(selection: Option<&TaskQueueVersionSelection>) -> Vec<String> {
    let Some(selection) = selection else {
        return vec![String::new()];
    };
    let unversioned = selection.unversioned || selection.all_active;
    let unversioned = unversioned.then(String::new);
    selection
        .build_ids
        .iter()
        .cloned()
        .chain(unversioned)
        .collect()
}

/// What can be said about a queue that nobody has used.
fn no_info() -> TaskQueueTypeInfo {
    TaskQueueTypeInfo {
        pollers: Vec::new(),
        stats: Some(TaskQueueStats {
            approximate_backlog_age: wire_duration(Duration::ZERO),
            ..Default::default()
        }),
    }
}

fn status() -> TaskQueueStatus {
    TaskQueueStatus {
        rate_per_second: SYSTEM_RATE,
        task_id_block: Some(TaskIdBlock {
            start_id: 1,
            end_id: 100_000,
        }),
        ..Default::default()
    }
}

/// The priority of tasks that have none of their own.
pub(in crate::server) const DEFAULT_PRIORITY: i32 = 3;

/// Tasks per second that a queue of the real server gives out, unless a worker wants fewer. There is
/// no limit here.
const SYSTEM_RATE: f64 = 4000.0;
