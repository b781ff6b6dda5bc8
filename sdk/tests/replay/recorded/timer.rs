use outlast::Replayer;
use outlast::engine::Event;
use outlast::prelude::*;
use outlast_proto::temporal::api::history::v1::History;

use crate::recording::{assert_replay, own, twin};

#[workflow(name = "TimerBasic")]
pub(crate) async fn timer_basic(ctx: WorkflowContext) -> WorkflowResult<String> {
    ctx.sleep(Duration::from_millis(100)).await?;
    ctx.sleep(Duration::from_secs(1)).summary("second").await?;
    ctx.sleep(Duration::from_millis(1500)).await?;
    Ok("done".to_owned())
}

#[workflow(name = "TimerCancel")]
async fn timer_cancel(ctx: WorkflowContext) -> WorkflowResult<Vec<String>> {
    let a = ctx.sleep(Duration::from_hours(1)).start();
    ctx.sleep(Duration::from_millis(200)).await?;
    a.cancel();
    let mut ends = vec!["B".to_owned()];
    if a.await.is_err() {
        ends.push("A cancelled".to_owned());
    }
    ctx.sleep(Duration::from_millis(100)).await?;
    Ok(ends)
}

/// A Nexus operation started it.
#[workflow(name = "NexusTarget")]
async fn nexus_target(ctx: WorkflowContext, input: String) -> WorkflowResult<String> {
    ctx.sleep(Duration::from_millis(100)).await?;
    Ok(input)
}

#[test]
fn recordings_of_timers_replay() {
    assert_replay([
        ("py-TimerBasic", twin(timer_basic)),
        ("py-TimerCancel", twin(timer_cancel)),
        ("py-NexusCaller.target1", twin(nexus_target)),
    ]);
}

#[test]
fn the_beginning_of_a_recording_replays_without_an_outcome() {
    let whole = History::from(own("py-TimerBasic"));
    for len in 1..whole.events.len() {
        // An answer and what it decides are recorded together.
        if Event::from(whole.events[len].clone()).is_command() {
            continue;
        }
        let events = whole.events[..len].to_vec();
        let replayer = Replayer::new().workflow(timer_basic);
        let replay = replayer.replay(&History { events }.into());
        let replay = replay.unwrap_or_else(|error| panic!("{len} events: {error}"));
        assert!(replay.outcome().is_none(), "{len} events");
        assert_eq!(replay.result::<String>().unwrap(), None);
    }
}
