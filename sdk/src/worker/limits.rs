//! [`Limits`]: how much a worker does at the same time.

use std::time::Duration;

use super::error::BuildError;

/// How much a worker does at the same time.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) workflow_tasks: usize,
    pub(super) activities: usize,
    pub(super) cached_workflows: usize,
    /// `None` for as many as run at the same time.
    pub(super) workflow_threads: Option<usize>,
    pub(super) workflow_polls: usize,
    pub(super) activity_polls: usize,
    /// How long activities may go on when the worker stops; `None` for as long as they want.
    pub(super) grace: Option<Duration>,
    /// Whether activities may begin here without a trip through their queue.
    pub(super) is_eager: bool,
}

/// How many polls for workflow tasks are open, of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WorkflowPolls {
    pub(super) normal: usize,
    pub(super) sticky: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workflow_tasks: 100,
            activities: 100,
            cached_workflows: 1000,
            workflow_threads: None,
            workflow_polls: 5,
            activity_polls: 5,
            grace: None,
            is_eager: true,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let (least, why) = match self.cached_workflows {
            0 => (1, ""),
            _ => (2, ", or set `max_cached_workflows` to 0"),
        };
        for (setting, value, least, why) in [
            (
                "max_concurrent_workflow_tasks",
                self.workflow_tasks,
                least,
                why,
            ),
            (
                "max_concurrent_workflow_task_polls",
                self.workflow_polls,
                least,
                why,
            ),
            ("max_concurrent_activities", self.activities, 1, ""),
            ("max_concurrent_activity_polls", self.activity_polls, 1, ""),
        ] {
            if value < least {
                return Err(BuildError::TooSmall {
                    setting,
                    value,
                    least,
                    why,
                });
            }
        }
        Ok(())
    }

    /// How many workflow tasks are taken at the same time. Tasks that find no room in the cache
    /// wait with their slots, so there are not many more slots than room.
    pub(super) fn workflow_slots(&self) -> usize {
        match self.cached_workflows {
            0 => self.workflow_tasks,
            cached => self.workflow_tasks.min(cached.max(2)),
        }
    }

    /// How the polls are divided. Neither kind can hold all slots by waiting, so that the other
    /// is always served.
    pub(super) fn workflow_polls(&self) -> WorkflowPolls {
        if self.cached_workflows == 0 {
            return WorkflowPolls {
                normal: self.workflow_polls,
                sticky: 0,
            };
        }
        let normal = (self.workflow_polls / 5).max(1);
        let most = self.workflow_slots() - 1;
        WorkflowPolls {
            normal: normal.min(most),
            sticky: (self.workflow_polls - normal).min(most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_poll_in_five_is_for_tasks_of_runs_that_are_not_kept() {
        for (polls, normal, sticky) in [(5, 1, 4), (2, 1, 1), (10, 2, 8)] {
            let limits = Limits {
                workflow_polls: polls,
                ..Limits::default()
            };
            assert_eq!(
                limits.workflow_polls(),
                WorkflowPolls { normal, sticky },
                "{polls}"
            );
        }
    }

    #[test]
    fn gotcha_38_neither_kind_of_poll_can_hold_all_slots() {
        for (cached, tasks) in [(1, 100), (2, 100), (1000, 2), (3, 100)] {
            let limits = Limits {
                cached_workflows: cached,
                workflow_tasks: tasks,
                workflow_polls: 50,
                ..Limits::default()
            };
            let polls = limits.workflow_polls();
            let slots = limits.workflow_slots();
            assert!(
                polls.normal >= 1 && polls.normal < slots,
                "{polls:?} of {slots}"
            );
            assert!(
                polls.sticky >= 1 && polls.sticky < slots,
                "{polls:?} of {slots}"
            );
        }
    }
}
