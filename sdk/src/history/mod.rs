//! [`WorkflowHistory`]: the recorded history of one run, from a file or from the server.

#[cfg(feature = "history-json")]
mod json;

use std::fmt;

use bytes::Bytes;
use outlast_proto::temporal::api::history::v1 as wire;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use prost::Message;
use thiserror::Error;

use crate::engine::{Event, HistoryPage, PageToken};
use crate::ids::{RunId, WorkflowId};

/// The recorded history of one run, to be replayed, kept or looked at.
///
/// # Examples
/// ```
/// use outlast::WorkflowHistory;
///
/// # let file = [0x0a, 0x04, 0x08, 0x01, 0x18, 0x01];
/// let history = WorkflowHistory::from_protobuf(&file)?;
/// for line in history.summary() {
///     println!("{line}");
/// }
/// # Ok::<_, outlast::HistoryFileError>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct WorkflowHistory {
    workflow_id: Option<WorkflowId>,
    /// Everything that the server recorded, also what Outlast does not read.
    events: Vec<wire::HistoryEvent>,
}

/// A file that is not a history.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct HistoryFileError(#[from] Wrong);

/// What is wrong with a file.
#[derive(Debug, Error)]
enum Wrong {
    #[cfg(feature = "history-json")]
    #[error("the file is not a history in JSON")]
    Json(#[source] serde_json::Error),
    #[error("the file holds no events")]
    NoEvents,
    #[cfg(feature = "history-json")]
    #[error("the file holds {0} histories where one is expected")]
    NotOne(usize),
    #[error("the file is not a history in protobuf's encoding")]
    Protobuf(#[source] prost::DecodeError),
}

impl WorkflowHistory {
    /// Reads a history in protobuf's encoding.
    ///
    /// # Errors
    /// If the bytes are not the history of a run.
    pub fn from_protobuf(file: &[u8]) -> Result<Self, HistoryFileError> {
        Self::read(file).map_err(HistoryFileError)
    }

    /// Reads a history in JSON, as Temporal's command line, its web interface and the other SDKs
    /// write it. Values of enums may have the names that older tools gave them: `TimerFired`.
    ///
    /// # Errors
    /// If the text is not the history of one run.
    #[cfg(feature = "history-json")]
    pub fn from_json(file: &str) -> Result<Self, HistoryFileError> {
        let mut histories = json::read(file)?;
        match (histories.pop(), histories.len()) {
            (Some(history), 0) => Ok(Self::not_empty(history)?),
            (None, _) => Err(Wrong::NotOne(0).into()),
            (Some(_), others) => Err(Wrong::NotOne(others + 1).into()),
        }
    }

    /// Says which workflow the history is of, if the history itself does not or is not to be
    /// believed.
    #[must_use]
    pub fn with_workflow_id(mut self, workflow_id: impl Into<WorkflowId>) -> Self {
        self.workflow_id = Some(workflow_id.into());
        self
    }

    /// The id of the workflow, if it is known. Older servers do not record it.
    #[must_use]
    pub fn workflow_id(&self) -> Option<WorkflowId> {
        let recorded = || Some(&self.started()?.workflow_id).filter(|id| !id.is_empty());
        let recorded = || recorded().map(|id| WorkflowId::from(id.clone()));
        self.workflow_id.clone().or_else(recorded)
    }

    /// The name of the workflow's type, if the history tells how the run started.
    #[must_use]
    pub fn workflow_type(&self) -> Option<&str> {
        Some(&self.started()?.workflow_type.as_ref()?.name)
    }

    /// The run, by the id under which it began; a reset gives its copy another one.
    #[doc(hidden)]
    #[must_use]
    pub fn original_run_id(&self) -> Option<RunId> {
        self.run_id()
    }

    /// The same.
    pub(crate) fn run_id(&self) -> Option<RunId> {
        Some(self.started()?.original_execution_run_id.clone().into())
    }

    /// The number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What the events say, a line for each.
    pub fn summary(&self) -> impl Iterator<Item = String> {
        let line = |event: &wire::HistoryEvent| Event::from(event).to_string();
        self.events.iter().map(line)
    }

    /// The history in JSON, as [`Self::from_json`] and Temporal's tools read it.
    #[cfg(feature = "history-json")]
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(&self.message())
    }

    /// The history in protobuf's encoding, as [`Self::from_protobuf`] reads it.
    #[must_use]
    pub fn to_protobuf(&self) -> Vec<u8> {
        self.message().encode_to_vec()
    }

    fn read(file: &[u8]) -> Result<Self, Wrong> {
        Self::not_empty(wire::History::decode(file).map_err(Wrong::Protobuf)?)
    }

    fn not_empty(history: wire::History) -> Result<Self, Wrong> {
        if history.events.is_empty() {
            return Err(Wrong::NoEvents);
        }
        Ok(history.into())
    }

    /// The history as the engine takes it, in pages: what it needs of an event is made only
    /// when the event's turn comes.
    pub(crate) fn pages(&self) -> impl Iterator<Item = HistoryPage> {
        let pages = self.events.chunks(EVENTS_OF_A_PAGE);
        let count = pages.len();
        (1..).zip(pages).map(move |(number, events)| HistoryPage {
            events: events.iter().map(Event::from).collect(),
            next: (number < count).then(|| PageToken(Bytes::new())),
        })
    }

    fn message(&self) -> wire::History {
        self.clone().into()
    }

    fn started(&self) -> Option<&wire::WorkflowExecutionStartedEventAttributes> {
        match self.events.first()?.attributes.as_ref()? {
            Attributes::WorkflowExecutionStartedEventAttributes(started) => Some(started),
            _ => None,
        }
    }
}

/// Says what it is the history of, and how long it is.
impl fmt::Debug for WorkflowHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowHistory")
            .field("workflow_id", &self.workflow_id())
            .field("workflow_type", &self.workflow_type())
            .field("events", &self.len())
            .finish()
    }
}

impl From<wire::History> for WorkflowHistory {
    fn from(history: wire::History) -> Self {
        Self {
            workflow_id: None,
            events: history.events,
        }
    }
}

impl From<WorkflowHistory> for wire::History {
    fn from(history: WorkflowHistory) -> Self {
        Self {
            events: history.events,
        }
    }
}

/// The whole history as the engine takes it.
impl From<WorkflowHistory> for HistoryPage {
    fn from(history: WorkflowHistory) -> Self {
        Self {
            events: history.events.iter().map(Event::from).collect(),
            next: None,
        }
    }
}

/// Pages are small beside histories, and large beside what a workflow task adds.
const EVENTS_OF_A_PAGE: usize = 256;

#[cfg(test)]
mod tests;
