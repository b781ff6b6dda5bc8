//! The demo: all orders of a file, from their start to their end.

use std::io::Write;
use std::time::{Duration, SystemTime};

use outlast::client::ResultError;
use outlast::{Client, Error, WorkflowHandle};
use outlast_testing::{Server, ServerOptions};

use super::cli::worker;
use super::{OrderProcessing, Outcome, Script, ScriptedOrder, Shop, TASK_QUEUE};

type OrderHandle = WorkflowHandle<OrderProcessing>;

/// Processes the orders on a server inside this process, whose clock jumps.
pub(super) async fn embedded(
    orders: Vec<ScriptedOrder>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let server = Server::new(ServerOptions::default());
    server.expect_worker(TASK_QUEUE);
    writeln!(
        out,
        "\na server in this process; its clock jumps from event to event"
    )?;
    process(&server.client(), orders, Some(&server), out).await
}

/// Processes the orders on a real server. Hours become nothing there, and the review has two
/// seconds.
pub(super) async fn real(
    address: &str,
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
    process(&client, orders, None, out).await
}

/// Tells the orders of this demo from those of the last one on the same server.
#[expect(
    clippy::disallowed_methods,
    reason = "a demo is told from another by its time"
)]
fn stamp() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |time| time.as_secs())
}

async fn process(
    client: &Client,
    orders: Vec<ScriptedOrder>,
    server: Option<&Server>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let worker = worker(client.clone()).activities(Shop::stocked()).build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let told = async move {
        // Either way, the demo is over.
        let _ = stopped.await;
    };
    let (worked, told) = tokio::join!(worker.run_until(told), async {
        let done = play(client, orders, server, out).await;
        drop(stop);
        done
    });
    told?;
    Ok(worked?)
}

/// Starts the orders, does to them what their scripts say, and tells how they went.
async fn play(
    client: &Client,
    orders: Vec<ScriptedOrder>,
    server: Option<&Server>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let mut handles = Vec::new();
    let mut scripts = Vec::new();
    for ScriptedOrder { order, script } in orders {
        let id = order.id.clone();
        let start = client.start(OrderProcessing::run, order);
        let handle = start.id(&*id).task_queue(TASK_QUEUE).await?;
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
    writeln!(out, "\noutcomes")?;
    for (order, outcome) in handles.iter().zip(outcomes) {
        writeln!(out, "  {}  {}", order.workflow_id(), in_words(&outcome))?;
    }
    Ok(())
}

async fn tell_timeline(orders: &[OrderHandle], out: &mut impl Write) -> Result<(), Error> {
    let mut steps = Vec::new();
    for order in orders {
        for step in order.query(OrderProcessing::timeline, ()).await? {
            steps.push((step.at, order.workflow_id(), step.text));
        }
    }
    steps.sort_by_key(|(at, ..)| *at);
    let Some((begin, ..)) = steps.first().cloned() else {
        return Ok(());
    };
    writeln!(out, "\n  day  time")?;
    for (at, order, text) in steps {
        let seconds = at.duration_since(begin).unwrap_or_default().as_secs();
        let (day, hour) = (seconds / 86_400, seconds / 3600 % 24);
        let (minute, second) = (seconds / 60 % 60, seconds % 60);
        writeln!(
            out,
            "  {day:>3}  {hour:02}:{minute:02}:{second:02}  {order}  {text}"
        )?;
    }
    Ok(())
}

fn in_words(outcome: &Result<Outcome, ResultError>) -> String {
    match outcome {
        Ok(outcome) => outcome.to_string(),
        Err(error) => match error.failure() {
            Some(failure) => {
                let causes: Vec<_> = failure.chain().map(ToString::to_string).collect();
                format!("failed: {}", causes.join(": "))
            }
            None => error.to_string(),
        },
    }
}

impl Script {
    fn after(&self) -> Duration {
        match self {
            Self::Cancel { after_hours } | Self::Review { after_hours, .. } => {
                Duration::from_hours(*after_hours)
            }
        }
    }
}
