//! What a run remembers of the workers that it met, for those who ask about it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{Payload, WorkerVersionStamp};
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;
use outlast_proto::temporal::api::history::v1::WorkflowTaskCompletedEventAttributes;
use outlast_proto::temporal::api::workflow::v1::{ResetPointInfo, ResetPoints};
use prost_types::Timestamp;

use crate::server::wire::timestamp;

/// The builds that completed tasks of a run, and what went wrong last.
#[derive(Debug, Default)]
pub(in crate::server) struct WorkerMarks {
    build_ids: Vec<String>,
    /// The latest worker did not use the older kind of versioning.
    is_unversioned: bool,
    checksums: Vec<String>,
    problems: Vec<String>,
    reset_points: Vec<ResetPointInfo>,
    pub(in crate::server) latest_stamp: Option<WorkerVersionStamp>,
}

impl WorkerMarks {
    /// The marks of a new run: it can be reset to where the runs before it could be.
    pub(in crate::server) fn inheriting(points: Option<&ResetPoints>) -> Self {
        Self {
            reset_points: points.map_or_else(Vec::new, |points| points.points.clone()),
            ..Self::default()
        }
    }

    /// Notes who completed a task, and whether the run could be reset to it.
    pub(in crate::server) fn note_completion(
        &mut self,
        completed: &WorkflowTaskCompletedEventAttributes,
        run_id: &str,
        completed_event_id: i64,
        resettable: bool,
        now: SystemTime,
    ) {
        self.problems.clear();
        let (build_id, is_versioned) = match &completed.worker_version {
            Some(stamp) => (stamp.build_id.as_str(), stamp.use_versioning),
            None => ("", false),
        };
        self.is_unversioned = !is_versioned;
        if is_versioned {
            add(&mut self.build_ids, format!("versioned:{build_id}"));
        } else if !build_id.is_empty() {
            add(&mut self.build_ids, format!("unversioned:{build_id}"));
        }
        let build_id = match &completed.deployment_version {
            Some(version) => version.build_id.as_str(),
            None => build_id,
        };
        let checksum = &completed.binary_checksum;
        if !checksum.is_empty() {
            add(&mut self.checksums, checksum.clone());
        }
        let mut points = self.reset_points.iter();
        if !points.any(|p| p.build_id == build_id && p.binary_checksum == *checksum) {
            self.reset_points.push(ResetPointInfo {
                build_id: build_id.to_owned(),
                binary_checksum: checksum.clone(),
                run_id: run_id.to_owned(),
                first_workflow_task_completed_id: completed_event_id,
                create_time: timestamp(now),
                resettable,
                ..Default::default()
            });
        }
        self.latest_stamp.clone_from(&completed.worker_version);
    }

    /// Notes why a task failed; a few failures are no problem yet.
    pub(in crate::server) fn note_failure(&mut self, attempt: i32, cause: WorkflowTaskFailedCause) {
        if attempt >= PROBLEM_ATTEMPTS {
            let cause = camel_case(cause.as_str_name());
            self.problems = vec![
                "category=WorkflowTaskFailed".to_owned(),
                format!("cause={cause}"),
            ];
        }
    }

    /// Notes that a task took too long.
    pub(in crate::server) fn note_timeout(&mut self, attempt: i32) {
        if attempt >= PROBLEM_ATTEMPTS {
            self.problems = vec![
                "category=WorkflowTaskTimedOut".to_owned(),
                "cause=WorkflowTaskTimedOutCauseStartToClose".to_owned(),
            ];
        }
    }

    /// Where the run, and those before it, can be reset to because another build took over.
    pub(in crate::server) fn reset_points(&self) -> ResetPoints {
        ResetPoints {
            points: self.reset_points.clone(),
        }
    }

    /// The same for the run that follows. From then on it is known how long each point is kept.
    pub(in crate::server) fn hand_on(&mut self, until: Option<Timestamp>) -> ResetPoints {
        for point in &mut self.reset_points {
            point.expire_time = point.expire_time.or(until);
        }
        self.reset_points()
    }

    /// The builds, as the older kind of versioning has them.
    pub(in crate::server) fn build_ids(&self) -> &[String] {
        &self.build_ids
    }

    /// Whether the latest task was completed without the older kind of versioning.
    pub(in crate::server) fn is_unversioned(&self) -> bool {
        self.is_unversioned
    }

    /// What the run can be found by for it, beside its builds.
    pub(in crate::server) fn search_attributes(&self) -> BTreeMap<String, Payload> {
        let lists = [
            ("BinaryChecksums", &self.checksums),
            ("TemporalReportedProblems", &self.problems),
        ];
        let set = lists.into_iter().filter(|(_, list)| !list.is_empty());
        set.map(|(name, list)| (name.to_owned(), keyword_list(list)))
            .collect()
    }
}

fn add(list: &mut Vec<String>, entry: String) {
    if !list.contains(&entry) {
        list.push(entry);
    }
}

pub(in crate::server) fn keyword_list(list: &[String]) -> Payload {
    indexed("KeywordList", &serde_json::Value::from(list))
}

pub(in crate::server) fn keyword(word: &str) -> Payload {
    indexed("Keyword", &serde_json::Value::from(word))
}

fn indexed(attribute_type: &'static str, value: &serde_json::Value) -> Payload {
    let metadata = [("encoding", "json/plain"), ("type", attribute_type)];
    let metadata =
        metadata.map(|(key, value)| (key.to_owned(), Bytes::from_static(value.as_bytes())));
    Payload {
        metadata: metadata.into(),
        data: value.to_string().into(),
        ..Default::default()
    }
}

/// `WorkflowTaskFailedCauseUnhandledCommand`, as search attributes have it.
fn camel_case(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_ascii_lowercase())
    });
    words.collect()
}

/// From which attempt on a failing task is a problem.
const PROBLEM_ATTEMPTS: i32 = 5;
