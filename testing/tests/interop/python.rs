//! Programs in Python, beside the tests.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::servers::Served;

/// An interpreter that has the Python SDK.
pub(crate) struct Python {
    path: String,
}

/// A worker in Python. It is killed when dropped.
pub(crate) struct PythonWorker {
    child: Child,
}

impl Python {
    pub(crate) fn find() -> Option<Self> {
        let path = std::env::var("OUTLAST_TEST_PYTHON").ok()?;
        Some(Self { path })
    }

    /// Starts a worker, and waits until it polls.
    pub(crate) async fn worker(&self, server: &Served) -> PythonWorker {
        let queues = [server.python_queue(), server.rust_queue()];
        let mut child = self
            .command("worker.py")
            .arg(&server.address)
            .args(queues)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("OUTLAST_TEST_PYTHON is an interpreter");
        let output = child.stdout.take().expect("it is piped");
        let line = BufReader::new(output).lines().next_line().await.unwrap();
        assert_eq!(line.as_deref(), Some("ready"), "the worker starts");
        PythonWorker { child }
    }

    /// Runs a client to its end.
    pub(crate) async fn client(&self, script: &str, server: &Served) {
        let (rust, python) = (server.rust_queue(), server.python_queue());
        let clock = if server.skips { "skipping" } else { "flowing" };
        self.run(script, &[&server.address, &rust, &python, clock])
            .await;
    }

    pub(crate) async fn run(&self, script: &str, arguments: &[&str]) {
        let status = self.command(script).args(arguments).status().await;
        let status = status.expect("OUTLAST_TEST_PYTHON is an interpreter");
        assert!(status.success(), "{script} failed");
    }

    fn command(&self, script: &str) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
        let mut command = Command::new(&self.path);
        command
            .arg("-B")
            .arg(folder.join(script))
            .kill_on_drop(true);
        command
    }
}

impl PythonWorker {
    /// Lets the worker shut down.
    pub(crate) async fn stop(&mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().await.unwrap();
        assert!(status.success(), "the worker ends well");
    }
}
