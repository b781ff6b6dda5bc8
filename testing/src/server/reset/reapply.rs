//! What happened to a workflow after the point that it is reset to, and happens again.

use outlast_proto::temporal::api::enums::v1::{
    ResetReapplyExcludeType as Excluded, ResetReapplyType as Included, UpdateAdmittedEventOrigin,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::{self as events, HistoryEvent};
use outlast_proto::temporal::api::update::v1::Request;

use crate::server::Engine;
use crate::server::execution::{Execution, RunKey};
use crate::server::history::Draft;
use crate::server::world::World;

/// What is not to happen again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct Exclusions {
    pub(in crate::server) signals: bool,
    pub(in crate::server) updates: bool,
    pub(in crate::server) operations: bool,
}

impl Exclusions {
    /// Unites the list of exclusions with the older way of saying what to include.
    pub(in crate::server) fn new(included: Included, excluded: &[i32]) -> Self {
        let (signals, updates) = match included {
            Included::Unspecified | Included::AllEligible => (false, false),
            Included::Signal => (false, true),
            Included::None => (true, true),
        };
        Self {
            signals: signals || excluded.contains(&(Excluded::Signal as i32)),
            updates: updates || excluded.contains(&(Excluded::Update as i32)),
            operations: excluded.contains(&(Excluded::Nexus as i32)),
        }
    }
}

impl Engine {
    /// The events of a run from the index `from` on, and those of the runs that it continued as.
    pub(in crate::server) fn events_to_reapply(
        &self,
        base: RunKey,
        from: usize,
    ) -> Vec<HistoryEvent> {
        let (mut key, mut from, mut collected) = (base, from, Vec::new());
        loop {
            let events = self.runs[&key].history.events();
            collected.extend_from_slice(&events[from..]);
            let next = match events.last().and_then(|event| event.attributes.as_ref()) {
                Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(a)) => {
                    self.by_run_id.get(&a.new_execution_run_id)
                }
                _ => None,
            };
            let Some(next) = next else {
                return collected;
            };
            (key, from) = (*next, 0);
        }
    }
}

impl Execution {
    /// Lets an event of the past happen once more, if it is of a kind that came from outside.
    ///
    /// Requests for cancellation are gone for good.
    pub(in crate::server) fn reapply(
        &mut self,
        event: HistoryEvent,
        excluded: &Exclusions,
        world: &mut World,
    ) {
        match event.attributes {
            Some(Attributes::WorkflowExecutionSignaledEventAttributes(a)) if !excluded.signals => {
                let draft = Draft::new(world.now, *a)
                    .with_metadata(event.user_metadata)
                    .with_links(event.links);
                self.history.append(draft);
            }
            Some(Attributes::WorkflowExecutionUpdateAdmittedEventAttributes(a))
                if !excluded.updates =>
            {
                self.reapply_update(a.request, world);
            }
            Some(Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(a))
                if !excluded.updates =>
            {
                self.reapply_update(a.accepted_request, world);
            }
            _ if !excluded.operations => self.reapply_operation(event, world),
            _ => {}
        }
    }

    /// Admits an update in the history, for want of somebody who would send it again.
    fn reapply_update(&mut self, request: Option<Request>, world: &World) {
        let Some(request) = request else {
            return;
        };
        let id = request.meta.clone().unwrap_or_default().update_id;
        if self.updates.knows(&id) {
            return;
        }
        let attributes = events::WorkflowExecutionUpdateAdmittedEventAttributes {
            request: Some(request.clone()),
            origin: UpdateAdmittedEventOrigin::Reapply as i32,
        };
        self.history.append(Draft::new(world.now, attributes));
        self.updates.restore(request, None);
    }
}
