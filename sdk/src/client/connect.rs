//! [`ClientBuilder`]: how a connection comes about.

use std::error::Error;
use std::fs;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use thiserror::Error;
use tokio::runtime::Handle;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Channel, Endpoint};

use super::address::{Address, Scheme};
use super::metadata::Metadata;
use super::rpc::RpcError;
use super::transport::Transport;
use super::{Client, TlsOptions};

/// Says how to connect, and then connects.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), outlast::client::ConnectError> {
/// let client = outlast::Client::builder("localhost:7233")
///     .namespace("orders")
///     .identity("checkout")
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is connected until `connect` or `connect_lazy` is called"]
pub struct ClientBuilder {
    url: String,
    namespace: String,
    identity: Option<String>,
    api_key: Option<ApiKey>,
    tls: Option<TlsOptions>,
    headers: Vec<(String, String)>,
    compresses_requests: bool,
}

/// A key that no debug output shows.
#[derive(Clone)]
struct ApiKey(String);

/// Why there is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// An option cannot be sent.
    #[error("{option} cannot be sent in a header")]
    InvalidOption {
        /// Which one.
        option: String,
    },
    /// The address of the server makes no sense.
    #[error("`{url}` is not the address of a server: {reason}")]
    InvalidUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no tokio runtime to run the connection on.
    #[error("a client is connected within a tokio runtime")]
    NoRuntime,
    /// The server was reached and refused.
    #[error("the server at `{url}` refused")]
    Refused {
        /// The server.
        url: String,
        /// What it said.
        source: RpcError,
    },
    /// The TLS options make no sense.
    #[error("the TLS options cannot be used")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// The server was not reached.
    #[error("cannot reach the server at `{url}`")]
    Unreachable {
        /// The server.
        url: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl ClientBuilder {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            namespace: "default".to_owned(),
            identity: None,
            api_key: None,
            tls: None,
            headers: Vec::new(),
            compresses_requests: false,
        }
    }

    /// The namespace to work in. Default: `default`.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = name.into();
        self
    }

    /// How this process names itself to people who read histories. Default: `pid@hostname`.
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// Authorizes by a key, sent with each request.
    ///
    /// The connection is then encrypted, unless the address begins with `http://`.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(ApiKey(key.into()));
        self
    }

    /// Encrypts the connection, with the given certificates.
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    /// Adds a header to each request; it comes before whatever Outlast would send by that name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Compresses requests by gzip. Default: they go as they are, and only responses may come
    /// compressed.
    ///
    /// That costs CPU time on both sides; it pays where traffic is billed, or payloads are large
    /// and the network is slow.
    pub fn compress_requests(mut self) -> Self {
        self.compresses_requests = true;
        self
    }

    /// Connects, and asks the server what it can do.
    ///
    /// # Errors
    /// When the options make no sense, or the server is not reached or refuses.
    pub async fn connect(self) -> Result<Client, ConnectError> {
        let endpoint = self.endpoint()?;
        let url = self.url.clone();
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| ConnectError::Unreachable {
                url: url.clone(),
                source: error.into(),
            })?;
        let client = self.over(channel)?;
        match client.capabilities().await {
            Ok(_) => Ok(client),
            Err(status) => Err(ConnectError::Refused {
                url,
                source: status.into(),
            }),
        }
    }

    /// Makes a client that connects with its first request.
    ///
    /// # Errors
    /// When the options make no sense, or there is no tokio runtime.
    pub fn connect_lazy(self) -> Result<Client, ConnectError> {
        let endpoint = self.endpoint()?;
        if Handle::try_current().is_err() {
            return Err(ConnectError::NoRuntime);
        }
        self.over(endpoint.connect_lazy())
    }

    fn over(self, channel: Channel) -> Result<Client, ConnectError> {
        let metadata = self.metadata()?;
        let identity = self.identity.unwrap_or_else(default_identity);
        let transport = Transport::new(channel, metadata);
        let compression = self
            .compresses_requests
            .then_some(CompressionEncoding::Gzip);
        Ok(Client::over(
            transport,
            self.namespace,
            identity,
            compression,
        ))
    }

    fn metadata(&self) -> Result<Metadata, ConnectError> {
        let invalid = |option: &str| ConnectError::InvalidOption {
            option: option.to_owned(),
        };
        let mut metadata = Metadata::new();
        if !metadata.set_namespace(&self.namespace) {
            return Err(invalid("the name of the namespace"));
        }
        for (name, value) in &self.headers {
            let header = (HeaderName::try_from(name), HeaderValue::try_from(value));
            let (Ok(name), Ok(value)) = header else {
                return Err(invalid(&format!("the header `{name}`")));
            };
            metadata.set(name, value);
        }
        match &self.api_key {
            Some(ApiKey(key)) if !metadata.set_api_key(key) => Err(invalid("the API key")),
            _ => Ok(metadata),
        }
    }

    fn endpoint(&self) -> Result<Endpoint, ConnectError> {
        let invalid = |reason: String| ConnectError::InvalidUrl {
            url: self.url.clone(),
            reason,
        };
        let address = Address::parse(&self.url).map_err(invalid)?;
        let encrypted = match address.scheme {
            Some(Scheme::Plain) if self.tls.is_some() => {
                let reason = "TLS options are given, so it must begin with `https://`";
                return Err(invalid(reason.to_owned()));
            }
            Some(scheme) => scheme == Scheme::Encrypted,
            None => self.tls.is_some() || self.api_key.is_some(),
        };
        let scheme = if encrypted { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{}", address.authority))
            .map_err(|error| invalid(error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        if encrypted {
            return self.tls.clone().unwrap_or_default().apply(endpoint);
        }
        if self.api_key.is_some() {
            tracing::warn!(
                url = self.url,
                "the API key is sent over an unencrypted connection"
            );
        }
        Ok(endpoint)
    }
}

/// `pid@hostname`.
fn default_identity() -> String {
    let hostname = fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| fs::read_to_string("/etc/hostname"))
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok());
    let hostname = hostname.as_deref().map_or("", str::trim);
    let hostname = if hostname.is_empty() {
        "localhost"
    } else {
        hostname
    };
    format!("{}@{hostname}", std::process::id())
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests;
