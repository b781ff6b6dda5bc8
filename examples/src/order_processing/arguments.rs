//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::TASK_QUEUE;

/// Processes orders: reserve, charge, wait for the fraud review, ship, or undo it all.
#[derive(Debug, Parser)]
#[command(name = "order-processing", after_long_help = FILE_FORMAT)]
pub(super) struct Arguments {
    /// A real Temporal server. Default: localhost:7233, and none for the demo.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub(super) address: Option<String>,
    /// The task queue that workers and clients share.
    #[arg(long, global = true, value_name = "NAME", default_value = TASK_QUEUE)]
    pub(super) task_queue: String,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Processes all orders of a file, in one process and in no time (the default).
    #[command(after_long_help = FILE_FORMAT)]
    Demo {
        /// The order file. Default: the one that comes with the program.
        #[arg(long, value_name = "FILE")]
        order: Option<PathBuf>,
    },
    /// Runs workflows and activities until it is stopped. The shop is in its memory: run one.
    Worker,
    /// Starts all orders of a file. Fails if one of them could not be started.
    #[command(after_long_help = FILE_FORMAT)]
    Start {
        /// The order file.
        #[arg(long, value_name = "FILE")]
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

const FILE_FORMAT: &str = include_str!("../../orders/format.txt");
