//! The servers that each test runs on.

use std::fmt;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use outlast::Client;
use outlast_testing::{Server, ServerOptions, TimeMode};
use tokio::runtime;
use tokio::time::{Instant, timeout};

use crate::real_server;
use crate::scene::Scene;

/// A kind of server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// The in-memory server, called as a service.
    InProcess,
    /// The in-memory server behind a port.
    Tcp,
    /// The server at an address.
    Real(String),
}

/// Runs a test on every server that there is, each in a thread of its own.
pub(crate) fn on_each_backend<F>(test: F)
where
    F: AsyncFn(&Scene) + Sync,
{
    on_each(&[Backend::InProcess, Backend::Tcp], &test);
}

/// Runs a test on every server that has a port.
pub(crate) fn on_each_port<F>(test: F)
where
    F: AsyncFn(&Scene) + Sync,
{
    on_each(&[Backend::Tcp], &test);
}

fn on_each<F>(in_memory: &[Backend], test: &F)
where
    F: AsyncFn(&Scene) + Sync,
{
    let name = name_of::<F>();
    let mut backends = in_memory.to_vec();
    backends.extend(real_server::address().map(Backend::Real));
    let outcomes = thread::scope(|scope| {
        let threads: Vec<_> = backends
            .into_iter()
            .map(|backend| {
                thread::Builder::new()
                    .name(format!("{name} on {backend}"))
                    .spawn_scoped(scope, move || run(&backend, name, test))
                    .expect("the system gives a thread")
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join())
            .collect::<Vec<_>>()
    });
    // The panic was reported already, by the thread with the server's name.
    outcomes.into_iter().for_each(|outcome| {
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
    });
}

fn run<F>(backend: &Backend, name: &str, test: &F)
where
    F: AsyncFn(&Scene),
{
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("the system gives a runtime");
    let took = runtime.block_on(async {
        let began = Instant::now();
        let scene = backend.set_up(name).await;
        if timeout(DEADLINE, test(&scene)).await.is_err() {
            panic!("it takes too long; {}", scene.diagnostics().await);
        }
        scene.replay_all().await;
        began.elapsed()
    });
    // Bodies that wait forever are part of some tests.
    runtime.shutdown_background();
    if matches!(backend, Backend::Real(_)) {
        real_server::report(&format!("{name} {took:.1?}"));
    }
}

impl Backend {
    async fn set_up(&self, name: &str) -> Scene {
        if let Self::Real(address) = self {
            let client = Client::connect(address).await.expect("the server is there");
            return Scene::new(name, client, None, Some(address.clone()));
        }
        let server = Server::new(ServerOptions {
            time: TimeMode::Flowing,
            ..ServerOptions::default()
        });
        if *self == Self::InProcess {
            let clock = server.clone();
            spawn(async move { clock.run_clock().await });
            return Scene::new(name, server.client(), Some(server), None);
        }
        let bound = server
            .bind(([127, 0, 0, 1], 0).into())
            .expect("there is a free port");
        let address = bound
            .local_address()
            .expect("the port is bound")
            .to_string();
        spawn(async move { bound.serve(std::future::pending()).await });
        let client = Client::connect(&address)
            .await
            .expect("the server is there");
        Scene::new(name, client, Some(server), Some(address))
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InProcess => f.write_str("the server in process"),
            Self::Tcp => f.write_str("the server over TCP"),
            Self::Real(address) => write!(f, "the real server at {address}"),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it ends with the runtime of its test"
)]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) {
    tokio::spawn(task);
}

/// `activities::a_claim` of the closure in that test.
fn name_of<F>() -> &'static str {
    let name = std::any::type_name::<F>();
    let name = name.split_once("::").map_or(name, |(_, path)| path);
    name.split_once("::{{").map_or(name, |(test, _)| test)
}

const DEADLINE: Duration = Duration::from_secs(120);
