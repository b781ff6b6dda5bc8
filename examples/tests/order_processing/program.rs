//! [`Program`]: the binary, run as its users run it.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use outlast::Client;
use outlast_testing::{Server, ServerOptions, TimeMode};
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::spawn_blocking;

use crate::scene::real_server;

/// The binary and the server it talks to.
pub(crate) struct Program {
    pub(crate) address: String,
    /// The name of the task queue, and what makes the numbers of orders unique.
    pub(crate) tag: String,
}

/// What came of a run of the binary.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary as a worker. It is killed when it is dropped.
pub(crate) struct RunningWorker {
    child: Child,
    /// What it said when it was ready.
    pub(crate) greeting: String,
}

impl Program {
    /// Runs a test on a server that this process opens to others, and on a real one if there is
    /// one.
    pub(crate) async fn each(test: &str, run: impl AsyncFn(&Self)) {
        let server = Server::new(ServerOptions {
            time: TimeMode::Flowing,
            ..ServerOptions::default()
        });
        let server = server.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = server.local_address().unwrap().to_string();
        let program = Self::new(test, address);
        tokio::select! {
            () = run(&program) => {}
            ended = server.serve(std::future::pending()) => panic!("the server ended: {ended:?}"),
        }
        if let Some(address) = real_server(test) {
            run(&Self::new(test, address)).await;
        }
    }

    /// The binary, told an address where no server is.
    pub(crate) fn alone() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self::new("alone", port.local_addr().unwrap().to_string())
    }

    fn new(test: &str, address: String) -> Self {
        let random = RandomState::new().hash_one(test);
        Self {
            address,
            tag: format!("{test}-{random:x}"),
        }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(&*self.address).await.unwrap()
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        let output = spawn_blocking(move || command.output());
        output.await.unwrap().unwrap().into()
    }

    /// Starts a worker and waits until it is ready.
    pub(crate) async fn worker(&self) -> RunningWorker {
        let mut command = self.command(&["worker"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut worker = RunningWorker {
            child,
            greeting: String::new(),
        };
        let line = spawn_blocking(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).map(|_| line)
        });
        worker.greeting = line.await.unwrap().unwrap();
        worker
    }

    /// Writes an order file.
    pub(crate) fn order_file(&self, text: &str) -> PathBuf {
        let name = format!("{}.json", self.tag);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_order-processing"));
        command.args(arguments);
        command.args(["--address", &self.address, "--task-queue", &self.tag]);
        command
    }
}

impl RunningWorker {
    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let stopped = spawn_blocking(move || self.child.wait());
        stopped.await.unwrap().unwrap()
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
