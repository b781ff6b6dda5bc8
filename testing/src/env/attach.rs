//! Environments on real servers.

use std::sync::Arc;

use outlast::Client;

use super::TestEnv;
use super::backend::{Backend, wall_time};
use super::shared::Shared;

impl TestEnv {
    /// An environment on the server that the client is connected to, for tests that are to run on
    /// a real one as well.
    ///
    /// Mocks, calls, expectations and handles work as in memory; task queues and the ids of
    /// workflows have names that no other test uses. Time is real there: what skips, holds or
    /// looks at virtual time panics and says so, delays of mocks are waited for, and a test fails
    /// when it waits for longer than the [`real_time_limit`](Self::real_time_limit), not when a
    /// workflow task fails.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::Client;
    /// # use outlast_testing::TestEnv;
    /// /// In memory, or on the server that the environment variable names.
    /// async fn env() -> TestEnv {
    ///     match std::env::var("TEST_SERVER") {
    ///         Ok(address) => TestEnv::attach(Client::connect(address).await.unwrap()),
    ///         Err(_) => TestEnv::new(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn attach(client: Client) -> Self {
        let shared = Arc::new(Shared::new(Backend::Real, client));
        let now = wall_time().duration_since(std::time::UNIX_EPOCH);
        let unique = now.unwrap_or_default().as_nanos();
        shared.workers().suffix = format!("-{}-{unique:x}", std::process::id());
        Self { shared }
    }
}
