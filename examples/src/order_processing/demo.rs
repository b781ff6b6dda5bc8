//! The demo: all orders of a file, from their start to their end.

use std::io::Write;
use std::time::{Duration, SystemTime};

use outlast::{Client, Error};
use outlast_testing::{Server, ServerOptions};

use super::cli::{start, worker};
use super::timeline::{tell_outcomes, tell_timeline};
use super::{OrderProcessing, Script, ScriptedOrder};

/// Processes the orders on a server inside this process, whose clock jumps.
pub(super) async fn embedded(
    task_queue: &str,
    orders: Vec<ScriptedOrder>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let server = Server::new(ServerOptions::default());
    server.expect_worker(task_queue);
    writeln!(
        out,
        "\na server in this process; its clock jumps from event to event"
    )?;
    process(&server.client(), task_queue, orders, Some(&server), out).await
}

/// Processes the orders on a real server. Hours become nothing there, and the review has two
/// seconds.
pub(super) async fn real(
    address: &str,
    task_queue: &str,
    mut orders: Vec<ScriptedOrder>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let client = Client::connect(address).await?;
    let run = stamp();
    for ScriptedOrder { order, .. } in &mut orders {
        order.review_window = Duration::from_secs(2);
        order.id = format!("{}-{run}", order.id);
    }
    writeln!(out, "\nthe server at {address}; a day takes two seconds")?;
    process(&client, task_queue, orders, None, out).await
}

/// Tells the orders of this demo from those of the last one on the same server.
#[expect(
    clippy::disallowed_methods,
    reason = "a demo is told from another by its time"
)]
fn stamp() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |time| time.as_millis())
}

async fn process(
    client: &Client,
    task_queue: &str,
    orders: Vec<ScriptedOrder>,
    server: Option<&Server>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let worker = worker(client.clone(), task_queue).build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let told = async move {
        // Either way, the demo is over.
        let _ = stopped.await;
    };
    let (worked, told) = outlast::join!(worker.run_until(told), async {
        let done = play(client, task_queue, orders, server, out).await;
        drop(stop);
        done
    });
    told?;
    Ok(worked?)
}

/// Starts the orders, does to them what their scripts say, and tells how they went.
async fn play(
    client: &Client,
    task_queue: &str,
    orders: Vec<ScriptedOrder>,
    server: Option<&Server>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let mut handles = Vec::new();
    let mut scripts = Vec::new();
    for ScriptedOrder { order, script } in orders {
        let handle = start(client, task_queue, order).await?;
        scripts.extend(script.map(|script| (script, handle.clone())));
        handles.push(handle);
    }
    scripts.sort_by_key(|(script, _)| script.after());
    let mut passed = Duration::ZERO;
    for (script, order) in scripts {
        if let Some(server) = server {
            server.sleep(script.after().saturating_sub(passed)).await;
            passed = script.after();
        }
        match script {
            Script::Cancel { .. } => order.cancel().reason("changed my mind").await?,
            Script::Review { verdict, .. } => {
                order.signal(OrderProcessing::review, verdict).await?;
            }
        }
    }
    let mut outcomes = Vec::new();
    for order in &handles {
        outcomes.push(order.result().await);
    }
    tell_timeline(&handles, out).await?;
    tell_outcomes(&handles, &outcomes, out)
}
