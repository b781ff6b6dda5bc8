//! [`DevServer`]: a real server for tests.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use outlast::Client;
use outlast::client::RequestError;

/// Temporal's development server, for tests that are to run on a real one as well. Dropping it ends
/// it, and what it held is gone.
///
/// It is part of the [Temporal CLI](https://docs.temporal.io/cli), which has to be installed. The
/// program is the one that [`program`](DevServerBuilder::program) names, or else the environment
/// variable `OUTLAST_TEMPORAL`, or else `temporal` in one of the folders of `PATH`.
///
/// # Examples
/// ```no_run
/// use outlast_testing::{DevServer, TestEnv};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::start().await?;
/// let env = TestEnv::attach(server.client().await?);
/// # drop(env);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DevServer {
    child: Child,
    port: u16,
}

/// Sets up a [`DevServer`].
#[derive(Clone, Debug, Default)]
#[must_use = "a server is started by `.start()`"]
pub struct DevServerBuilder {
    program: Option<PathBuf>,
    arguments: Vec<OsString>,
}

/// Why there is no development server.
#[derive(Debug)]
#[non_exhaustive]
pub enum DevServerError {
    /// The program ended before it served.
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// What it had to say.
        output: String,
    },
    /// The program cannot be started, or its port cannot be found.
    Io(io::Error),
    /// There is no such program.
    NotInstalled {
        /// What was looked for.
        program: PathBuf,
    },
    /// It does not answer.
    NotReady {
        /// For how long it was given time.
        waited: Duration,
    },
}

impl DevServer {
    /// Starts a server on a free port, and waits until it serves.
    ///
    /// # Errors
    /// When the program is not installed, or does not come to serve.
    pub async fn start() -> Result<Self, DevServerError> {
        Self::builder().start().await
    }

    /// Sets up a server that differs from the default.
    pub fn builder() -> DevServerBuilder {
        DevServerBuilder::default()
    }

    /// Where it listens, as clients take it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A client of its namespace `default`.
    ///
    /// # Errors
    /// When the server does not answer any more.
    pub async fn client(&self) -> Result<Client, outlast::client::ConnectError> {
        Client::connect(self.address()).await
    }

    /// Waits until the server answers for its namespace.
    async fn ready(&mut self) -> Result<(), DevServerError> {
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                let mut output = String::new();
                if let Some(mut stderr) = self.child.stderr.take() {
                    // What cannot be read is not told.
                    let _ = stderr.read_to_string(&mut output);
                }
                return Err(DevServerError::Ended { status, output });
            }
            if self.answers().await {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
            waited += PAUSE;
        }
        Err(DevServerError::NotReady { waited })
    }

    /// Whether it finds a workflow missing, rather than its namespace or itself.
    async fn answers(&self) -> bool {
        let Ok(Ok(client)) = tokio::time::timeout(PATIENCE, self.client()).await else {
            return false;
        };
        let nobody = client.workflow_by_id("outlast-testing-is-there-anybody");
        let refused = tokio::time::timeout(PATIENCE, nobody.describe()).await;
        matches!(refused, Ok(Err(RequestError::NotFound { .. })))
    }
}

impl DevServerBuilder {
    /// The program to run.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// Adds an argument for `temporal server start-dev`, such as
    /// `--search-attribute=CustomerId=Keyword`.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Starts the server, and waits until it serves.
    ///
    /// # Errors
    /// When the program is not installed, or does not come to serve.
    pub async fn start(self) -> Result<DevServer, DevServerError> {
        let program = self.program.unwrap_or_else(installed);
        let port = free_port()?;
        let child = Command::new(&program)
            .args(["server", "start-dev", "--headless", "--ip", "127.0.0.1"])
            .args(["--log-level", "error", "--port", &port.to_string()])
            .args(self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let child = child.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => DevServerError::NotInstalled { program },
            _ => DevServerError::Io(error),
        })?;
        let mut server = DevServer { child, port };
        server.ready().await?;
        Ok(server)
    }
}

impl Drop for DevServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program that the environment names, or that is installed.
fn installed() -> PathBuf {
    std::env::var_os("OUTLAST_TEMPORAL").map_or_else(|| PathBuf::from("temporal"), PathBuf::from)
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

impl From<io::Error> for DevServerError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for DevServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { status, output } => {
                write!(
                    f,
                    "the development server ended ({status}): {}",
                    output.trim()
                )
            }
            Self::Io(_) => f.write_str("cannot start the development server"),
            Self::NotInstalled { program } => write!(
                f,
                "there is no program {}: install the Temporal CLI (https://docs.temporal.io/cli), \
                 or name its program in the environment variable OUTLAST_TEMPORAL",
                shown(program)
            ),
            Self::NotReady { waited } => {
                write!(f, "the development server does not answer after {waited:?}")
            }
        }
    }
}

impl Error for DevServerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Ended { .. } | Self::NotInstalled { .. } | Self::NotReady { .. } => None,
        }
    }
}

fn shown(program: &Path) -> String {
    format!("`{}`", AsRef::<OsStr>::as_ref(program).display())
}

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
