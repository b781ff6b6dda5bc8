//! Groups of events, which commands name for people to read.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::RecordMarkerCommandAttributes as Marker;
use outlast_proto::temporal::api::common::v1::Memo;
use outlast_proto::temporal::api::enums::v1::{EventType as E, ParentClosePolicy};
use outlast_proto::temporal::api::sdk::v1::EventGroupMarker;
use outlast_proto::temporal::api::sdk::v1::event_group_marker::{
    InboundEvent, InboundUpdate, Label, Variant,
};

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

fn marker(variant: Variant) -> EventGroupMarker {
    EventGroupMarker {
        variant: Some(variant),
    }
}

fn grouped(command: Command) -> Command {
    let label = Label {
        id: "group".to_owned(),
        label: payload("a group"),
    };
    let event = InboundEvent {
        inbound_event_id: 1,
    };
    let update = InboundUpdate {
        inbound_update_id: "u".to_owned(),
    };
    let variants = [
        Variant::Label(label),
        Variant::InboundEvent(event),
        Variant::InboundUpdate(update),
    ];
    Command {
        event_group_markers: variants.map(marker).into(),
        ..command
    }
}

#[tokio::test]
async fn events_are_in_the_groups_of_their_commands() {
    conform("groups", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let note = Memo {
            fields: [("note".to_owned(), payload("n").unwrap())].into(),
        };
        let queue = peer.kin("elsewhere").workflow_id;
        let child = peer.kin("child");
        let commands = [
            start_timer("t", 60.0),
            schedule_activity(peer.activity("a")),
            record_marker(Marker {
                marker_name: "m".to_owned(),
                ..Default::default()
            }),
            upsert_memo(Some(note)),
            start_child(&queue, &child.workflow_id, ParentClosePolicy::Abandon),
            cancel_timer("t"),
            cancel_activity(6),
        ];
        peer.complete(&task, commands.map(grouped).into())
            .await
            .unwrap();
        peer.until(E::ChildWorkflowExecutionStarted).await;
        let events = peer.history().await;
        let groups = |event: i64| events[event as usize - 1].event_group_markers.len();
        assert_eq!((5..=11).map(groups).collect::<Vec<_>>(), [3; 7]);
        assert_eq!((groups(1), groups(4)), (0, 0));
        assert!(child.history().await[0].event_group_markers.is_empty());
        peer.terminate("").await.unwrap();
        child.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_last_event_is_in_the_groups_of_its_command() {
    conform("last-group", async |peer| {
        peer.start().await;
        peer.answer(grouped(complete_workflow("done"))).await;
        assert_eq!(peer.close_event().await.event_group_markers.len(), 3);
    })
    .await;
}
