//! [`TlsOptions`]: how a connection is encrypted.

use std::fmt;

use tonic::transport::Endpoint;

use super::connect::ConnectError;

/// How a connection is encrypted and who is trusted.
///
/// By default the server must hold a certificate that the system trusts. Certificates and keys
/// are given as PEM.
///
/// # Examples
/// ```no_run
/// use outlast::client::TlsOptions;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tls = TlsOptions::new()
///     .client_certificate(std::fs::read("client.pem")?, std::fs::read("client.key")?);
/// let client = outlast::Client::builder("orders.example.net:7233").tls(tls).connect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[cfg_attr(
    not(feature = "tls"),
    allow(dead_code, reason = "without the feature, all encryption is refused")
)]
pub struct TlsOptions {
    server_ca: Option<Vec<u8>>,
    server_name: Option<String>,
    client: Option<(Vec<u8>, Vec<u8>)>,
}

impl TlsOptions {
    /// Trusts what the system trusts, and shows no certificate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts only servers whose certificate is signed by this one.
    #[must_use]
    pub fn server_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.server_ca = Some(pem.into());
        self
    }

    /// The name that the server's certificate must hold. Default: the host of the address.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Shows the server a certificate (mutual TLS).
    #[must_use]
    pub fn client_certificate(mut self, pem: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.client = Some((pem.into(), key.into()));
        self
    }

    #[cfg(feature = "tls")]
    pub(super) fn apply(self, endpoint: Endpoint) -> Result<Endpoint, ConnectError> {
        use tonic::transport::{Certificate, ClientTlsConfig, Identity};

        let mut config = match self.server_ca {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let Some(name) = self.server_name {
            config = config.domain_name(name);
        }
        if let Some((pem, key)) = self.client {
            config = config.identity(Identity::from_pem(pem, key));
        }
        endpoint
            .tls_config(config)
            .map_err(|error| ConnectError::Tls(error.into()))
    }

    #[cfg(not(feature = "tls"))]
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unused_self,
        reason = "as with the feature"
    )]
    pub(super) fn apply(self, _: Endpoint) -> Result<Endpoint, ConnectError> {
        Err(ConnectError::Tls(
            "this build of `outlast` lacks the feature `tls`".into(),
        ))
    }
}

/// Shows no key.
impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("server_ca", &self.server_ca.is_some())
            .field("server_name", &self.server_name)
            .field("client_certificate", &self.client.is_some())
            .finish()
    }
}
