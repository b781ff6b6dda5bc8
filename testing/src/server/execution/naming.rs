//! The names of runs and of what happens in them, which do not depend on other workflows.

use std::time::Duration;

use crate::server::execution::Execution;
use crate::server::oracle::{Site, Subject, share};
use crate::server::world::World;

/// What a run is called.
#[derive(Clone, Debug)]
pub(in crate::server) struct RunName {
    pub(in crate::server) id: String,
    /// Which run of its workflow this is, counted from one.
    pub(in crate::server) number: u64,
}

/// Counts what happens in one run.
///
/// A stamp names one scheduling, or one start, of one of the run's tasks, for good.
#[derive(Debug, Default)]
pub(in crate::server) struct Stamps(u64);

impl Stamps {
    pub(in crate::server) fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl World {
    /// Names the next run of a workflow.
    pub(in crate::server) fn name_run(&mut self, namespace: &str, workflow_id: &str) -> RunName {
        let number = self.decisions.count(Site::Run, namespace, workflow_id);
        let subject = Subject {
            run: number,
            ..Subject::named(namespace, workflow_id)
        };
        RunName {
            id: self.uuid(Site::Run, subject),
            number,
        }
    }
}

impl Execution {
    /// An id for something that happens in this run.
    pub(in crate::server) fn draw_id(&mut self, site: Site, world: &World) -> String {
        world.uuid(site, self.next_subject())
    }

    /// A share of a jitter, for something that happens in this run.
    pub(in crate::server) fn draw_jitter(&mut self, jitter: Duration, world: &World) -> Duration {
        let drawn = world.decisions.draw(Site::Jitter, self.next_subject());
        share(jitter, drawn)
    }

    fn next_subject(&mut self) -> Subject<'_> {
        Subject {
            namespace: &self.namespace,
            name: &self.workflow_id,
            run: self.number,
            number: self.stamps.next(),
        }
    }
}
