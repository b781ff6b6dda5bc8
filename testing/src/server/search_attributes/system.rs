//! The search attributes of the server itself.

use outlast_proto::temporal::api::enums::v1::IndexedValueType::{self as Type};

/// An attribute that every namespace has.
#[derive(Clone, Copy, Debug)]
pub(super) struct SystemAttribute {
    pub(super) value_type: Type,
    /// Workflows may set it.
    pub(super) is_settable: bool,
}

/// The attributes that every namespace has, with their types.
pub(in crate::server) fn system_attributes() -> impl Iterator<Item = (&'static str, Type)> {
    READ_ONLY.into_iter().chain(SETTABLE)
}

pub(super) fn system_attribute(name: &str) -> Option<SystemAttribute> {
    let find = |table: &[(&str, Type)], is_settable| {
        let (_, value_type) = *table.iter().find(|(each, _)| *each == name)?;
        Some(SystemAttribute {
            value_type,
            is_settable,
        })
    };
    find(&READ_ONLY, false).or_else(|| find(&SETTABLE, true))
}

/// Whether users can register an attribute of this name.
pub(super) fn is_reserved(name: &str) -> bool {
    name.starts_with(PREFIX)
        || system_attribute(name).is_some()
        || ["Memo", "MemoEncoding", "NamespaceId", "VisibilityTaskKey"].contains(&name)
}

/// What the names of the server's newer attributes begin with; queries may leave it out.
pub(super) const PREFIX: &str = "Temporal";

/// What the server knows about a run, and writes itself.
const READ_ONLY: [(&str, Type); 22] = [
    ("CloseTime", Type::Datetime),
    ("ExecutionDuration", Type::Int),
    ("ExecutionStatus", Type::Keyword),
    ("ExecutionTime", Type::Datetime),
    ("HistoryLength", Type::Int),
    ("HistorySizeBytes", Type::Int),
    ("ParentRunId", Type::Keyword),
    ("ParentWorkflowId", Type::Keyword),
    ("RootRunId", Type::Keyword),
    ("RootWorkflowId", Type::Keyword),
    ("RunId", Type::Keyword),
    ("StartTime", Type::Datetime),
    ("StateTransitionCount", Type::Int),
    ("TaskQueue", Type::Keyword),
    ("TemporalExternalPayloadCount", Type::Int),
    ("TemporalExternalPayloadSizeBytes", Type::Int),
    ("TemporalUsedWorkerDeploymentVersions", Type::KeywordList),
    ("TemporalWorkerDeployment", Type::Keyword),
    ("TemporalWorkerDeploymentVersion", Type::Keyword),
    ("TemporalWorkflowVersioningBehavior", Type::Keyword),
    ("WorkflowId", Type::Keyword),
    ("WorkflowType", Type::Keyword),
];

/// What the server or an SDK writes as search attributes of a run, and so could users.
const SETTABLE: [(&str, Type); 11] = [
    ("BatcherNamespace", Type::Keyword),
    ("BatcherUser", Type::Keyword),
    ("BinaryChecksums", Type::KeywordList),
    ("BuildIds", Type::KeywordList),
    ("TemporalChangeVersion", Type::KeywordList),
    ("TemporalNamespaceDivision", Type::Keyword),
    ("TemporalPauseInfo", Type::KeywordList),
    ("TemporalReportedProblems", Type::KeywordList),
    ("TemporalSchedulePaused", Type::Bool),
    ("TemporalScheduledById", Type::Keyword),
    ("TemporalScheduledStartTime", Type::Datetime),
];
