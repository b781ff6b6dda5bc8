//! What activities were called with.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use outlast::convert::{Args, InputOf};
use outlast::definition::Activity;
use outlast::{ActivityInfo, Payload, WorkflowExecution};

use crate::Server;

/// One attempt of an activity.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call<I> {
    /// What it was called with, as a caller writes it.
    pub input: I,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// When it began, in virtual time.
    pub at: SystemTime,
    /// The workflow that called it.
    pub workflow: Option<WorkflowExecution>,
}

/// The calls of all activities.
#[derive(Debug)]
pub(super) struct CallLog {
    server: Server,
    entries: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    activity: String,
    input: Vec<Payload>,
    attempt: u32,
    at: SystemTime,
    workflow: Option<WorkflowExecution>,
}

impl CallLog {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            entries: Mutex::default(),
        }
    }

    pub(super) fn record(&self, info: &ActivityInfo, input: &[Payload]) {
        let entry = Entry {
            activity: info.activity_type.clone(),
            input: input.to_vec(),
            attempt: info.attempt,
            at: self.server.now(),
            workflow: info.workflow.clone(),
        };
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }

    pub(super) fn of<K: Activity>(&self) -> Vec<Call<InputOf<K::Args>>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = entries.iter().filter(|entry| entry.activity == K::NAME);
        ours.map(|entry| {
            let args = K::Args::decode(&entry.input);
            let args = args.unwrap_or_else(|error| panic!("a call of `{}`: {error}", K::NAME));
            Call {
                input: args.into_input(),
                attempt: entry.attempt,
                at: entry.at,
                workflow: entry.workflow.clone(),
            }
        })
        .collect()
    }
}
