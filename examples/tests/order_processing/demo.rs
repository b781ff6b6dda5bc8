//! The command `demo`.

use std::collections::BTreeMap;
use std::process::Command;

use crate::program::{Program, Ran};

const DEMO: &str = "\
6 orders, 3 malformed
  order 7 (`o-1007`) is malformed: invalid type: string \"many\", expected u64
  order 8 (`o-1008`) is malformed: it orders nothing: `items` is empty
  order 9 is malformed: unknown field `ordr`, expected `order` or `script`

a server in this process; its clock jumps from event to event

  day  time
    0  00:00:00  o-1001  reserves the items
    0  00:00:00  o-1001  charges the card
    0  00:00:00  o-1001  waits for the fraud review
    0  00:00:00  o-1002  reserves the items
    0  00:00:00  o-1002  charges the card
    0  00:00:00  o-1002  undoes what was done
    0  00:00:00  o-1002  is done
    0  00:00:00  o-1003  reserves the items
    0  00:00:00  o-1003  charges the card
    0  00:00:00  o-1003  waits for the fraud review
    0  00:00:00  o-1004  reserves the items
    0  00:00:00  o-1004  charges the card
    0  00:00:00  o-1004  waits for the fraud review
    0  00:00:00  o-1005  reserves the items
    0  00:00:00  o-1005  undoes what was done
    0  00:00:00  o-1005  is done
    0  00:00:00  o-1006  reserves the items
    0  00:00:00  o-1006  charges the card
    0  00:00:00  o-1006  waits for the fraud review
    0  01:00:00  o-1003  undoes what was done
    0  01:00:00  o-1003  is done
    0  03:00:00  o-1001  is approved and goes to the warehouse
    0  03:00:00  o-1001  is done
    1  00:00:00  o-1004  undoes what was done
    1  00:00:00  o-1004  is done
    1  06:00:00  o-1006  undoes what was done
    1  06:00:00  o-1006  is done

outcomes
  o-1001  completed
  o-1002  failed: activity `charge_payment`: activity failed: the card does not cover 9.90
  o-1003  given up: the fraud review rejected it
  o-1004  given up: nobody reviewed it in time
  o-1005  given up: out of stock
  o-1006  the workflow was canceled
";

#[test]
fn days_pass_in_no_time_on_the_server_in_the_process() {
    for arguments in [&[][..], &["demo"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_order-processing"));
        let ran: Ran = command.args(arguments).output().unwrap().into();
        assert_eq!((ran.code, &*ran.stdout), (Some(0), DEMO), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn orders_go_the_same_way_on_a_server_elsewhere() {
    Program::each("demo", async |program| {
        let ran = program.run(&[]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let place = format!("the server at {}; a day takes two seconds", program.address);
        assert!(ran.stdout.contains(&place), "{ran:?}");

        let mut stories = stories(&ran.stdout);
        let mut wanted = self::stories(DEMO);
        // It is canceled at once, wherever it is then.
        for stories in [&mut stories, &mut wanted] {
            let canceled = stories.get_mut("o-1006").unwrap();
            canceled.drain(..canceled.len() - 1);
        }
        assert_eq!(stories, wanted);
    })
    .await;
}

/// What the demo says of each order, its outcome being last.
fn stories(output: &str) -> BTreeMap<&str, Vec<&str>> {
    let (_, output) = output.split_once("day  time").unwrap();
    let mut stories: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in output.lines() {
        let Some(start) = line.find("o-1") else {
            continue;
        };
        let (id, text) = line[start..].split_once("  ").unwrap();
        stories.entry(&id[..6]).or_default().push(text);
    }
    stories
}
