//! What the commands do.

use std::io::{self, Write};
use std::path::Path;

use clap::Parser;
use outlast::client::{IdReusePolicy, StartError};
use outlast::{Client, Worker, WorkerBuilder, WorkflowHandle};

use super::arguments::{Arguments, Command};
use super::{Order, OrderProcessing, ScriptedOrder, Shop, Verdict, demo, read_orders};

/// The orders that come with the program.
const SHIPPED_ORDERS: &str = include_str!("../../orders/orders.json");

/// Does what the command line says.
///
/// # Errors
/// When the server cannot be reached or refuses, a file is not an order file, or an order could
/// not be started.
pub async fn run() -> Result<(), outlast::Error> {
    let Arguments {
        address,
        task_queue,
        command,
    } = Arguments::parse();
    let server = address.as_deref().unwrap_or("localhost:7233");
    let mut out = io::stdout().lock();
    match command.unwrap_or(Command::Demo { order: None }) {
        Command::Demo { order } => {
            let text = match order {
                Some(path) => read(&path)?,
                None => SHIPPED_ORDERS.to_owned(),
            };
            let (orders, _) = good_orders(&text, &mut out)?;
            match address {
                None => demo::embedded(&task_queue, orders, &mut out).await?,
                Some(address) => demo::real(&address, &task_queue, orders, &mut out).await?,
            }
        }
        Command::Worker => {
            let worker = worker(Client::connect(server).await?, &task_queue).build()?;
            writeln!(
                out,
                "takes orders from `{task_queue}` at {server} until it is stopped"
            )?;
            worker.run_until(outlast::shutdown_signal()).await?;
        }
        Command::Start { order } => {
            let (orders, malformed) = good_orders(&read(&order)?, &mut out)?;
            let client = Client::connect(server).await?;
            let failed = malformed + start_all(&client, &task_queue, orders, &mut out).await?;
            if failed > 0 {
                let message = format!("{failed} of the orders could not be started");
                return Err(io::Error::other(message).into());
            }
        }
        Command::Status { id } => {
            let client = Client::connect(server).await?;
            let order = client.workflow(OrderProcessing::run, &*id);
            let status = order.query(OrderProcessing::status, ()).await?;
            writeln!(out, "{id}: {status}")?;
        }
        Command::Approve { id, reject } => {
            let client = Client::connect(server).await?;
            let order = client.workflow(OrderProcessing::run, &*id);
            let verdict = match reject {
                true => Verdict::Rejected,
                false => Verdict::Approved,
            };
            order.signal(OrderProcessing::review, verdict).await?;
            writeln!(out, "{id}: {verdict}")?;
        }
    }
    Ok(())
}

/// A worker that runs orders.
pub(super) fn worker(client: Client, task_queue: &str) -> WorkerBuilder {
    Worker::builder(client, task_queue)
        .workflow(OrderProcessing::run)
        .activities(Shop::stocked())
        .max_concurrent_workflow_tasks(100)
        .max_concurrent_activities(50)
}

/// Starts an order, once and for all: an order's number is not used again.
pub(super) async fn start(
    client: &Client,
    task_queue: &str,
    order: Order,
) -> Result<WorkflowHandle<OrderProcessing>, StartError> {
    let id = order.id.clone();
    let start = client.start(OrderProcessing::run, order);
    let start = start.id(id).id_reuse_policy(IdReusePolicy::RejectDuplicate);
    start.task_queue(task_queue).await
}

/// Starts orders, and says how many could not be started. One that is there already does not keep
/// the others.
async fn start_all(
    client: &Client,
    task_queue: &str,
    orders: Vec<ScriptedOrder>,
    out: &mut impl Write,
) -> io::Result<usize> {
    let mut failed = 0;
    for ScriptedOrder { order, .. } in orders {
        let id = order.id.clone();
        match start(client, task_queue, order).await {
            Ok(_) => writeln!(out, "{id}: started")?,
            Err(error) => {
                writeln!(out, "{id}: not started: {error}")?;
                failed += 1;
            }
        }
    }
    Ok(failed)
}

fn read(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read the orders in {}: {error}", path.display());
        io::Error::new(error.kind(), message)
    })
}

/// The good orders of a file, and how many are malformed. These are told of.
fn good_orders(text: &str, out: &mut impl Write) -> io::Result<(Vec<ScriptedOrder>, usize)> {
    let entries = read_orders(text)
        .map_err(|error| io::Error::other(format!("the order file is not JSON: {error}")))?;
    let (good, bad): (Vec<_>, Vec<_>) = entries.into_iter().partition(Result::is_ok);
    let malformed = bad.len();
    writeln!(out, "{} orders, {malformed} malformed", good.len())?;
    for error in bad.into_iter().filter_map(Result::err) {
        writeln!(out, "  {error}")?;
    }
    Ok((good.into_iter().flatten().collect(), malformed))
}
