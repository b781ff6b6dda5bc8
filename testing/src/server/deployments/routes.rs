//! Where the tasks of a deployment go that are not pinned, and changes of that.

use std::time::SystemTime;

use crate::server::deployments::Version;
use crate::server::deployments::deployed::Role;

/// Where tasks go that are not pinned.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Routing {
    /// None is to unversioned workers.
    pub(super) current: Option<Version>,
    pub(super) ramp: Option<Ramp>,
    pub(super) current_changed_at: Option<SystemTime>,
    pub(super) ramp_changed_at: Option<SystemTime>,
    pub(super) percentage_changed_at: Option<SystemTime>,
    pub(super) revision: i64,
}

/// A version that gets some of the workflows in place of the current one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ramp {
    /// None is to unversioned workers.
    pub(super) to: Option<Version>,
    pub(super) percentage: f32,
}

/// What somebody wants a version, or unversioned workers, to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Route {
    /// None is unversioned workers.
    Current(Option<Version>),
    /// None ends what ramps.
    Ramping(Option<Ramp>),
}

impl Routing {
    pub(super) fn take(&mut self, route: Route, now: SystemTime) {
        match route {
            Route::Current(to) => self.set_current(to, now),
            Route::Ramping(ramp) => self.set_ramp(ramp, now),
        }
        self.revision += 1;
    }

    /// Makes a version current, and unmakes it ramping if it was that.
    fn set_current(&mut self, to: Option<Version>, now: SystemTime) {
        if self.ramp.as_ref().is_some_and(|ramp| ramp.to == to) {
            self.ramp = None;
            self.ramp_changed_at = Some(now);
            self.percentage_changed_at = Some(now);
        }
        self.current = to;
        self.current_changed_at = Some(now);
    }

    fn set_ramp(&mut self, ramp: Option<Ramp>, now: SystemTime) {
        let target = |ramp: &Option<Ramp>| ramp.as_ref().map(|ramp| ramp.to.clone());
        if target(&self.ramp) != target(&ramp) {
            self.ramp_changed_at = Some(now);
        }
        self.ramp = ramp;
        self.percentage_changed_at = Some(now);
    }

    /// Whether tasks go there already.
    pub(super) fn has(&self, route: &Route) -> bool {
        match route {
            Route::Current(to) => self.current == *to,
            Route::Ramping(ramp) => self.ramp == *ramp,
        }
    }

    /// When it changed for the last time, if ever.
    pub(super) fn changed_at(&self) -> Option<SystemTime> {
        self.current_changed_at.max(self.percentage_changed_at)
    }

    /// What a version is to the deployment.
    pub(super) fn role(&self, version: &Version) -> Role {
        let ramp = self.ramp.as_ref();
        if self.current.as_ref() == Some(version) {
            Role::Current
        } else if ramp.is_some_and(|ramp| ramp.to.as_ref() == Some(version)) {
            Role::Ramping
        } else {
            Role::None
        }
    }
}

impl Route {
    /// The version that tasks shall go to, if it is not unversioned workers.
    pub(super) fn version(&self) -> Option<&Version> {
        match self {
            Self::Current(to) => to.as_ref(),
            Self::Ramping(ramp) => ramp.as_ref()?.to.as_ref(),
        }
    }

    /// What messages call a version that is to get tasks so.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Current(_) => "current",
            Self::Ramping(_) => "ramping",
        }
    }
}
