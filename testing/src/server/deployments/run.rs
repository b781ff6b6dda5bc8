//! What a run knows of the versions of its workers.

use outlast_proto::temporal::api::enums::v1::{
    ContinueAsNewVersioningBehavior, VersioningBehavior as Behavior,
};
use outlast_proto::temporal::api::history::v1::{
    WorkflowExecutionStartedEventAttributes as Started,
    WorkflowTaskCompletedEventAttributes as Completed,
};
use outlast_proto::temporal::api::workflow::v1 as workflow;

use crate::server::deployments::version::UNVERSIONED;
use crate::server::deployments::{Version, overrides};
use crate::server::execution::Execution;
use crate::server::world::World;

/// The version that a run is on, and where it came from.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct RunVersioning {
    /// The run has had to do with versions, even if it is unversioned now.
    is_known: bool,
    /// What the workers say, or the run before this one; overrides come on top of it.
    behavior: Behavior,
    /// Absent in runs of unversioned workers, and of versioned ones that declare no behavior.
    version: Option<Version>,
    /// The deployment of the latest worker, which even unversioned workers may have.
    deployment: String,
    /// Where a task was sent whose worker has not completed it yet.
    transition: Option<Transition>,
    /// How often its deployment had been routed when the run was sent to its version.
    revision: i64,
    used: Vec<Version>,
    /// How the run was told to choose its first version.
    initial: ContinueAsNewVersioningBehavior,
    /// The version that the run would be on if it were not pinned, as its worker was told.
    offered: Option<Offer>,
    /// What the run before this one was offered, and did not take.
    declined: Option<Offer>,
}

/// Another version than the one that a run is pinned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// None is unversioned workers.
    pub(super) version: Option<Version>,
    pub(super) revision: i64,
}

/// A change of versions that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Transition {
    /// None is to unversioned workers.
    to: Option<Version>,
}

impl RunVersioning {
    /// What a run begins with: what it inherits.
    pub(in crate::server) fn of_start(started: &Started) -> Self {
        let declined = started.declined_target_version_upgrade.as_ref();
        let declined = declined.map(|declined| Offer {
            version: declined.deployment_version.as_ref().map(Version::from_wire),
            revision: declined.revision_number,
        });
        if let Some(pinned) = &started.inherited_pinned_version {
            return Self {
                declined,
                behavior: Behavior::Pinned,
                version: Some(Version::from_wire(pinned)),
                deployment: pinned.deployment_name.clone(),
                ..Self::default()
            };
        }
        let Some(inherited) = &started.inherited_auto_upgrade_info else {
            return Self::default();
        };
        let version = inherited.source_deployment_version.as_ref();
        let version = version.map(Version::from_wire);
        Self {
            behavior: Behavior::AutoUpgrade,
            deployment: version
                .as_ref()
                .map(|version| version.deployment.clone())
                .unwrap_or_default(),
            version,
            revision: inherited.source_deployment_revision_number,
            initial: inherited.continue_as_new_initial_versioning_behavior(),
            ..Self::default()
        }
    }

    /// Takes in who completed a task. False if the run has yet to get to where it was sent.
    fn note_completion(&mut self, completed: &Completed) -> bool {
        let version = completed.deployment_version.as_ref();
        let version = version.map(Version::from_wire);
        self.deployment
            .clone_from(&completed.worker_deployment_name);
        self.is_known |= version.is_some();
        if let Some(version) = &version
            && !self.used.contains(version)
        {
            self.used.push(version.clone());
        }
        let is_goal = |transition: &Transition| transition.to == version;
        let arrived = version.is_none() || self.transition.as_ref().is_none_or(is_goal);
        if arrived {
            self.transition = None;
        }
        self.behavior = completed.versioning_behavior();
        self.version = version.filter(|_| self.behavior != Behavior::Unspecified);
        arrived
    }

    /// Takes in what version the run would be on; tells whether that is news to its worker.
    pub(super) fn offer(&mut self, offer: Option<Offer>) -> bool {
        let is_news = offer.is_some() && offer != self.declined;
        self.offered = offer;
        is_news
    }

    pub(super) fn offered(&self) -> Option<&Offer> {
        self.offered.as_ref()
    }

    pub(super) fn is_in_transition(&self) -> bool {
        self.transition.is_some()
    }

    pub(super) fn starts_on_ramp(&self) -> bool {
        self.initial == ContinueAsNewVersioningBehavior::UseRampingVersion
    }

    pub(super) fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    pub(super) fn used(&self) -> &[Version] {
        &self.used
    }
}

impl Execution {
    /// Takes in who completed a task of this run, now or in the part of history that it began with.
    pub(in crate::server) fn note_versions(&mut self, completed: &Completed) {
        if !self.versioning.note_completion(completed) {
            self.needs_task = true;
        }
        let version = completed
            .deployment_version
            .as_ref()
            .map(Version::from_wire);
        let once = self.started.versioning_override.as_ref();
        let once = once.filter(|versioning| overrides::is_one_time(versioning));
        if once.is_some_and(|versioning| overrides::target(versioning) == version) {
            self.started.versioning_override = None;
        }
    }

    /// Takes in who completed a task, and lets the run's activities go where that puts the run.
    pub(in crate::server) fn follow_completion(
        &mut self,
        completed: &Completed,
        world: &mut World,
    ) {
        let before = self.standing();
        self.note_versions(completed);
        // To look at all tasks that wait takes its time, and completions are many.
        if !self.activities.is_empty() && self.standing() != before {
            world.deployments.note_rerouting();
        }
        self.release_activities(world);
    }

    /// What decides where the run's activities go.
    fn standing(&self) -> (Behavior, Option<Version>, Option<Transition>) {
        let transition = self.versioning.transition.clone();
        (
            self.effective_behavior(),
            self.effective_version(),
            transition,
        )
    }

    /// Takes in that a worker is about to get a task; one of another version than the run's may
    /// take it over.
    pub(in crate::server) fn meet_worker(&mut self, version: Option<&Version>, world: &World) {
        if self.effective_behavior() == Behavior::Pinned || self.heading_for().as_ref() == version {
            return;
        }
        let to = version.cloned();
        self.versioning.revision = to.as_ref().map_or(0, |version| {
            world.deployments.revision(&self.namespace, version)
        });
        self.versioning.is_known = true;
        self.versioning.transition = (to != self.versioning.version).then_some(Transition { to });
    }

    /// Lets the run's tasks go where a change of its override sends them.
    pub(in crate::server) fn follow_override(&mut self, world: &mut World) {
        self.versioning.is_known = true;
        self.note_imposed_version(world);
        self.release_activities(world);
        world.deployments.note_rerouting();
    }

    /// Tells the version that somebody has put the run on of its new run.
    pub(in crate::server) fn note_imposed_version(&self, world: &mut World) {
        let imposed = self.started.versioning_override.as_ref();
        if let Some(version) = imposed.and_then(overrides::target) {
            let now = world.now;
            world
                .deployments
                .note_pinned(&self.namespace, &version, now);
        }
    }

    /// Takes in which version a started activity is with.
    pub(in crate::server) fn note_activity_version(
        &mut self,
        scheduled_event_id: i64,
        version: Option<Version>,
    ) {
        if let Some(activity) = self.activities.get_mut(&scheduled_event_id) {
            activity.worker_version = version;
        }
    }

    /// How the run behaves when versions change.
    pub(in crate::server) fn effective_behavior(&self) -> Behavior {
        match &self.started.versioning_override {
            Some(versioning) => overrides::behavior(versioning),
            None => self.versioning.behavior,
        }
    }

    /// The version that the run is on, or should be.
    pub(in crate::server) fn effective_version(&self) -> Option<Version> {
        let imposed = self.started.versioning_override.as_ref();
        let imposed = imposed.and_then(overrides::target);
        imposed.or_else(|| self.versioning.version.clone())
    }

    /// The version that gets the run's tasks whatever else is current.
    pub(in crate::server) fn pinned_version(&self) -> Option<Version> {
        let is_pinned = self.effective_behavior() == Behavior::Pinned;
        is_pinned.then(|| self.effective_version()).flatten()
    }

    /// The version that the run will be on when its task is complete.
    pub(in crate::server) fn heading_for(&self) -> Option<Version> {
        match &self.versioning.transition {
            Some(transition) => transition.to.clone(),
            None => self.effective_version(),
        }
    }

    /// The name of the deployment that the run's workers are of.
    pub(in crate::server) fn deployment_name(&self) -> String {
        let imposed = self.started.versioning_override.as_ref();
        match imposed.and_then(overrides::target) {
            Some(version) => version.deployment,
            None => self.versioning.deployment.clone(),
        }
    }

    /// What descriptions tell of all that; nothing of a run that has nothing to do with versions.
    pub(in crate::server) fn versioning_info(
        &self,
    ) -> Option<workflow::WorkflowExecutionVersioningInfo> {
        let versioning = &self.versioning;
        let version = versioning.version.as_ref();
        let imposed = self.started.versioning_override.as_ref();
        let info = workflow::WorkflowExecutionVersioningInfo {
            behavior: versioning.behavior as i32,
            version: version.map(Version::dotted).unwrap_or_default(),
            deployment_version: version.map(Version::to_wire),
            versioning_override: imposed.map(overrides::described),
            version_transition: versioning.transition.as_ref().map(Transition::described),
            revision_number: versioning.revision,
            continue_as_new_initial_versioning_behavior: versioning.initial as i32,
            ..Default::default()
        };
        (versioning.is_known || info != Default::default()).then_some(info)
    }
}

impl Transition {
    fn described(&self) -> workflow::DeploymentVersionTransition {
        let to = self.to.as_ref();
        workflow::DeploymentVersionTransition {
            version: to.map_or_else(|| UNVERSIONED.to_owned(), Version::dotted),
            deployment_version: to.map(Version::to_wire),
        }
    }
}
