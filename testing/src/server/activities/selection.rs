//! Which activities of a run a request is about.

use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::activities::Activity;
use crate::server::errors::{Error, Result};

/// The activities that a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum Selection {
    All,
    Id(String),
    Type(String),
}

impl Selection {
    /// What a request says, which has to say something.
    pub(super) fn of(chosen: Option<impl Into<Self>>) -> Result<Self> {
        chosen.map(Into::into).ok_or_else(Error::no_activity_chosen)
    }

    pub(super) fn has(&self, activity: &Activity) -> bool {
        match self {
            Self::All => true,
            Self::Id(id) => activity.id() == id,
            Self::Type(name) => activity.type_name() == name,
        }
    }
}

impl From<api::pause_activity_request::Activity> for Selection {
    fn from(chosen: api::pause_activity_request::Activity) -> Self {
        use api::pause_activity_request::Activity as Chosen;
        match chosen {
            Chosen::Id(id) => Self::Id(id),
            Chosen::Type(name) => Self::Type(name),
        }
    }
}

impl From<api::reset_activity_request::Activity> for Selection {
    fn from(chosen: api::reset_activity_request::Activity) -> Self {
        use api::reset_activity_request::Activity as Chosen;
        match chosen {
            Chosen::Id(id) => Self::Id(id),
            Chosen::MatchAll(_) => Self::All,
            Chosen::Type(name) => Self::Type(name),
        }
    }
}

impl From<api::unpause_activity_request::Activity> for Selection {
    fn from(chosen: api::unpause_activity_request::Activity) -> Self {
        use api::unpause_activity_request::Activity as Chosen;
        match chosen {
            Chosen::Id(id) => Self::Id(id),
            Chosen::Type(name) => Self::Type(name),
            Chosen::UnpauseAll(_) => Self::All,
        }
    }
}

impl From<api::update_activity_options_request::Activity> for Selection {
    fn from(chosen: api::update_activity_options_request::Activity) -> Self {
        use api::update_activity_options_request::Activity as Chosen;
        match chosen {
            Chosen::Id(id) => Self::Id(id),
            Chosen::MatchAll(_) => Self::All,
            Chosen::Type(name) => Self::Type(name),
        }
    }
}
