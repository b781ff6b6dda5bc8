//! Made-up lives of a workflow: the same random steps on both servers.
//!
//! What is possible next is read from the server itself, so that two servers that differ soon do
//! different things. The seeds are fixed; `OUTLAST_MADE_UP_SEEDS=from..to` tries others.

mod play;

use self::play::Play;
use crate::conform;

/// How many steps each seed makes.
const STEPS: usize = 30;

/// The last ones have updates that a sticky worker does not take, and a workflow that is closing.
const SEEDS: [u64; 12] = [3, 4, 5, 6, 7, 8, 1, 17, 23, 31, 39, 89];

fn seeds() -> Vec<u64> {
    let Ok(range) = std::env::var("OUTLAST_MADE_UP_SEEDS") else {
        return SEEDS.to_vec();
    };
    let (from, to) = range.split_once("..").expect("the range is from..to");
    (from.parse().unwrap()..to.parse().unwrap()).collect()
}

#[tokio::test]
async fn any_life_of_a_workflow_is_the_same_on_both_servers() {
    for seed in seeds() {
        conform(&format!("made-up-{seed}"), async |peer| {
            let mut play = Play::new(peer, seed);
            for _ in 0..STEPS {
                play.step().await;
            }
            assert!(play.steps_taken() >= STEPS);
            // It may have closed by itself.
            let _ = peer.terminate("the end").await;
        })
        .await;
    }
}
