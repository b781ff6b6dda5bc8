//! The command line.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use outlast::{Client, Worker, WorkerBuilder};

use super::{
    OrderError, OrderProcessing, ScriptedOrder, Shop, TASK_QUEUE, Verdict, demo, read_orders,
};

/// Processes orders: reserve, charge, wait for the fraud review, ship, or undo it all.
#[derive(Debug, Parser)]
#[command(name = "order-processing")]
struct Arguments {
    /// A real Temporal server, such as localhost:7233.
    #[arg(long, global = true)]
    address: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Processes all orders of a file, in one process and in no time (the default).
    Demo {
        /// The order file.
        #[arg(long)]
        orders: Option<PathBuf>,
    },
    /// Runs workflows and activities until it is stopped.
    Worker,
    /// Starts the orders of a file.
    Start {
        /// The order file.
        #[arg(long)]
        order: PathBuf,
    },
    /// Tells where an order stands.
    Status {
        /// The order's number.
        id: String,
    },
    /// Tells an order the verdict of its fraud review.
    Approve {
        /// The order's number.
        id: String,
        /// Reject it instead.
        #[arg(long)]
        reject: bool,
    },
}

/// The orders that come with the program.
const SHIPPED_ORDERS: &str = include_str!("../../orders/orders.json");

/// Does what the command line says.
///
/// # Errors
/// When the server cannot be reached or refuses, or a file is not an order file.
pub async fn run() -> Result<(), outlast::Error> {
    let Arguments { address, command } = Arguments::parse();
    let mut out = std::io::stdout().lock();
    match command.unwrap_or(Command::Demo { orders: None }) {
        Command::Demo { orders } => {
            let text = match orders {
                Some(path) => read(&path)?,
                None => SHIPPED_ORDERS.to_owned(),
            };
            let orders = good_orders(&text, &mut out)?;
            match address {
                None => demo::embedded(orders, &mut out).await?,
                Some(address) => demo::real(&address, orders, &mut out).await?,
            }
        }
        Command::Worker => {
            let worker = worker(connect(address).await?)
                .activities(Shop::stocked())
                .build()?;
            worker.run_until(outlast::shutdown_signal()).await?;
        }
        Command::Start { order } => {
            let client = connect(address).await?;
            for ScriptedOrder { order, .. } in good_orders(&read(&order)?, &mut out)? {
                let id = order.id.clone();
                let start = client.start(OrderProcessing::run, order);
                match start.id(&*id).task_queue(TASK_QUEUE).await {
                    Ok(_) => writeln!(out, "{id}: started")?,
                    // One order that is there already does not keep the others.
                    Err(error) => writeln!(out, "{id}: not started: {error}")?,
                }
            }
        }
        Command::Status { id } => {
            let order = connect(address).await?.workflow(OrderProcessing::run, &*id);
            let status = order.query(OrderProcessing::status, ()).await?;
            writeln!(out, "{id}: {status:?}")?;
        }
        Command::Approve { id, reject } => {
            let order = connect(address).await?.workflow(OrderProcessing::run, &*id);
            let verdict = if reject {
                Verdict::Rejected
            } else {
                Verdict::Approved
            };
            order.signal(OrderProcessing::review, verdict).await?;
            writeln!(out, "{id}: {verdict:?}")?;
        }
    }
    Ok(())
}

/// A worker that runs orders, but for its activities.
pub(super) fn worker(client: Client) -> WorkerBuilder {
    Worker::builder(client, TASK_QUEUE)
        .workflow(OrderProcessing::run)
        .max_concurrent_workflow_tasks(100)
        .max_concurrent_activities(50)
}

async fn connect(address: Option<String>) -> Result<Client, outlast::Error> {
    Ok(Client::connect(address.as_deref().unwrap_or("localhost:7233")).await?)
}

fn read(path: &Path) -> Result<String, outlast::Error> {
    let text = std::fs::read_to_string(path);
    text.map_err(|error| {
        let message = format!("cannot read the orders in {}: {error}", path.display());
        std::io::Error::new(error.kind(), message).into()
    })
}

/// The orders of a file. Malformed ones are told of and left out.
fn good_orders(text: &str, out: &mut impl Write) -> Result<Vec<ScriptedOrder>, outlast::Error> {
    let entries = read_orders(text)?;
    let (good, bad): (Vec<_>, Vec<_>) = entries.into_iter().partition(Result::is_ok);
    writeln!(out, "{} orders, {} malformed", good.len(), bad.len())?;
    for error in bad.into_iter().filter_map(Result::err) {
        let error: OrderError = error;
        writeln!(out, "  {error}")?;
    }
    Ok(good.into_iter().flatten().collect())
}
