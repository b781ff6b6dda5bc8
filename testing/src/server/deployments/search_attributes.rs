//! What runs can be found by for the versions of their workers.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::common::v1::Payload;
use outlast_proto::temporal::api::enums::v1::VersioningBehavior as Behavior;

use crate::server::deployments::Version;
use crate::server::execution::Execution;
use crate::server::execution::marks::{keyword, keyword_list};

impl Execution {
    /// The search attributes that the server itself writes.
    pub(in crate::server) fn system_search_attributes(&self) -> BTreeMap<String, Payload> {
        let mut known = self.marks.search_attributes();
        let behavior = self.effective_behavior();
        let version = self.effective_version();
        let deployment = self.deployment_name();
        let words = [
            ("TemporalWorkerDeployment", deployment),
            (
                "TemporalWorkerDeploymentVersion",
                version.as_ref().map(Version::text).unwrap_or_default(),
            ),
            (
                "TemporalWorkflowVersioningBehavior",
                match behavior {
                    Behavior::Unspecified => String::new(),
                    Behavior::AutoUpgrade | Behavior::Pinned => self.behavior_name().to_owned(),
                },
            ),
        ];
        let words = words.into_iter().filter(|(_, word)| !word.is_empty());
        known.extend(words.map(|(name, word)| (name.to_owned(), keyword(&word))));
        let used: Vec<String> = self.versioning.used().iter().map(Version::text).collect();
        let lists = [
            ("BuildIds", self.build_ids(behavior, version.as_ref())),
            ("TemporalUsedWorkerDeploymentVersions", used),
        ];
        let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
        known.extend(lists.map(|(name, list)| (name.to_owned(), keyword_list(&list))));
        known
    }

    /// The run's behavior, as texts have it.
    pub(in crate::server) fn behavior_name(&self) -> &'static str {
        match self.effective_behavior() {
            Behavior::AutoUpgrade => "AutoUpgrade",
            Behavior::Pinned => "Pinned",
            Behavior::Unspecified => "Unspecified",
        }
    }

    /// How the run behaves now, and then the builds that it met by the older kind of versioning.
    fn build_ids(&self, behavior: Behavior, version: Option<&Version>) -> Vec<String> {
        let now = match (behavior, version) {
            (Behavior::Pinned, Some(version)) => Some(format!("pinned:{}", version.text())),
            (Behavior::Unspecified, _) if self.marks.is_unversioned() => {
                Some("unversioned".to_owned())
            }
            (Behavior::AutoUpgrade | Behavior::Pinned | Behavior::Unspecified, _) => None,
        };
        now.into_iter()
            .chain(self.marks.build_ids().iter().cloned())
            .collect()
    }
}
