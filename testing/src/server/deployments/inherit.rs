//! What runs hand on to their children, and to the runs that follow them.

use outlast_proto::temporal::api::deployment::v1::InheritedAutoUpgradeInfo;
use outlast_proto::temporal::api::enums::v1::{
    ContinueAsNewVersioningBehavior as Initial, VersioningBehavior as Behavior,
};
use outlast_proto::temporal::api::history::v1::{
    DeclinedTargetVersionUpgrade, WorkflowExecutionStartedEventAttributes as Started,
};

use crate::server::deployments::{Deployments, Version, overrides};
use crate::server::execution::Execution;

/// Why there is a next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Heir {
    Child,
    ContinuedAsNew(Initial),
    NextByCron,
    Retry,
}

impl Execution {
    /// Writes into the first event of the next run what it has from this one.
    ///
    /// Versions only go to runs whose queue the version has workers for.
    pub(in crate::server) fn bequeath(
        &self,
        heir: Heir,
        started: &mut Started,
        deployments: &Deployments,
    ) {
        let queue = started.task_queue.as_ref();
        let queue = queue.map(|queue| queue.name.clone()).unwrap_or_default();
        let serves = |version: &Version| {
            queue == self.normal_queue_name()
                || deployments.serves(version, &self.queue_key(&queue))
        };
        let imposed = self.started.versioning_override.clone();
        started.versioning_override = imposed.filter(|versioning| {
            let target = overrides::target(versioning);
            overrides::is_pinned(versioning) && target.as_ref().is_some_and(serves)
        });
        started.inherited_pinned_version = None;
        started.inherited_auto_upgrade_info = None;
        started.declined_target_version_upgrade = None;
        let Some(version) = self.effective_version().filter(serves) else {
            return;
        };
        match (self.inherited_behavior(heir), heir) {
            (Behavior::Unspecified, _) | (_, Heir::NextByCron) => {}
            (Behavior::Pinned, Heir::Retry) => {
                // A retry starts over from what its chain was given, not from what it got to.
                let given = self.started.inherited_pinned_version.clone();
                started.inherited_pinned_version = given;
            }
            (Behavior::Pinned, Heir::Child | Heir::ContinuedAsNew(_)) => {
                started.inherited_pinned_version = Some(version.to_wire());
                let offered = self.versioning.offered().filter(|_| heir != Heir::Child);
                started.declined_target_version_upgrade =
                    offered.map(|offer| DeclinedTargetVersionUpgrade {
                        deployment_version: offer.version.as_ref().map(Version::to_wire),
                        revision_number: offer.revision,
                    });
            }
            (Behavior::AutoUpgrade, Heir::Child | Heir::ContinuedAsNew(_) | Heir::Retry) => {
                let initial = match heir {
                    Heir::ContinuedAsNew(initial) => initial,
                    Heir::Child | Heir::NextByCron | Heir::Retry => Initial::Unspecified,
                };
                started.inherited_auto_upgrade_info = Some(InheritedAutoUpgradeInfo {
                    source_deployment_version: Some(version.to_wire()),
                    source_deployment_revision_number: self.versioning.revision(),
                    continue_as_new_initial_versioning_behavior: initial as i32,
                });
            }
        }
    }

    /// A workflow may let its next run go on to another version although it is pinned itself.
    fn inherited_behavior(&self, heir: Heir) -> Behavior {
        match heir {
            Heir::ContinuedAsNew(Initial::AutoUpgrade | Initial::UseRampingVersion)
                if self.effective_behavior() == Behavior::Pinned =>
            {
                Behavior::AutoUpgrade
            }
            Heir::Child | Heir::ContinuedAsNew(_) | Heir::NextByCron | Heir::Retry => {
                self.effective_behavior()
            }
        }
    }
}
