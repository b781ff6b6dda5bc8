//! What the comparison overlooks. Each entry has a section in `docs/test-server-differences.md`.

/// A known difference between the in-memory server and a real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    Addresses,
    DeploymentsOnTheirWay,
    Capabilities,
    HistorySizes,
    InternalNumbers,
    PollerScaling,
}

impl Difference {
    const ALL: [Self; 6] = [
        Self::Addresses,
        Self::DeploymentsOnTheirWay,
        Self::Capabilities,
        Self::HistorySizes,
        Self::InternalNumbers,
        Self::PollerScaling,
    ];

    /// The title of the section.
    const fn title(self) -> &'static str {
        match self {
            Self::Addresses => "Addresses",
            Self::DeploymentsOnTheirWay => "Deployments on their way",
            Self::Capabilities => "Capabilities",
            Self::HistorySizes => "Sizes of histories",
            Self::InternalNumbers => "Internal numbers",
            Self::PollerScaling => "Advice on the number of pollers",
        }
    }

    /// The fields that are left out of every transcript, with the names of their messages.
    const fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Addresses => &[
                ("ClusterMetadata", "address"),
                ("ClusterMetadata", "http_address"),
            ],
            Self::DeploymentsOnTheirWay => &[
                ("WorkerDeploymentInfo", "routing_config_update_state"),
                ("WorkerDeploymentVersionSummary", "drainage_info"),
            ],
            Self::Capabilities => &[
                ("Capabilities", "server_scaled_deployments"),
                ("Capabilities", "standalone_activities"),
                ("Capabilities", "standalone_activity_batch_operations"),
                ("Capabilities", "standalone_activity_operator_commands"),
                ("Capabilities", "standalone_activity_start_delay"),
                ("Capabilities", "worker_poll_complete_on_shutdown"),
                ("GetClusterInfoResponse", "persistence_store"),
                ("GetClusterInfoResponse", "visibility_store"),
                ("NamespaceConfig", "custom_search_attribute_aliases"),
            ],
            Self::HistorySizes => &[
                ("WorkflowExecutionInfo", "history_size_bytes"),
                ("WorkflowTaskStartedEventAttributes", "history_size_bytes"),
            ],
            Self::InternalNumbers => &[("HistoryEvent", "task_id"), ("HistoryEvent", "version")],
            Self::PollerScaling => &[
                ("PollWorkflowTaskQueueResponse", "backlog_count_hint"),
                ("PollActivityTaskQueueResponse", "poller_scaling_decision"),
                ("PollNexusTaskQueueResponse", "poller_scaling_decision"),
                ("PollWorkflowTaskQueueResponse", "poller_scaling_decision"),
            ],
        }
    }
}

/// Whether a field is left out of transcripts.
pub(super) fn hides(message: &str, field: &str) -> bool {
    let mut hidden = Difference::ALL.iter().flat_map(|entry| entry.fields());
    hidden.any(|hidden| *hidden == (message, field))
}

#[test]
fn the_document_has_a_section_for_each_difference() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/test-server-differences.md"
    );
    let document = std::fs::read_to_string(path).unwrap();
    let titles: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let mut known = Difference::ALL.map(Difference::title).to_vec();
    known.sort_unstable();
    assert_eq!(titles, known, "sorted by title");
}
