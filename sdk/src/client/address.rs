//! Where the server is: from what people write to what the transport takes.

use http::uri::Authority;

/// The port of a server that is named without a scheme and a port.
const DEFAULT_PORT: u16 = 7233;

/// The place of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) authority: Authority,
    /// What the scheme says about encryption, if there is one.
    pub(super) scheme: Option<Scheme>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Encrypted,
    Plain,
}

impl Address {
    /// Reads `host:port`, `http://host:port` or `https://host:port`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            None => (None, text),
            Some((scheme, rest)) => (Some(Scheme::parse(scheme)?), rest),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() {
            return Err("it names no host".to_owned());
        }
        if rest.contains(['/', '?', '#']) {
            return Err("it has a path, and a server has none".to_owned());
        }
        if rest.contains('@') {
            return Err("it holds credentials: use an API key or TLS options".to_owned());
        }
        let authority: Authority = rest
            .parse()
            .map_err(|_| format!("`{rest}` is not `host:port`"))?;
        if authority.host().is_empty() {
            return Err("it names no host".to_owned());
        }
        let after_host = &authority.as_str()[authority.host().len()..];
        if !after_host.is_empty() && authority.port_u16().is_none() {
            return Err(format!("`{after_host}` is not a port"));
        }
        let authority = match (authority.port_u16(), scheme) {
            (None, None) => format!("{authority}:{DEFAULT_PORT}")
                .parse()
                .map_err(|_| format!("`{rest}` is not `host:port`"))?,
            _ => authority,
        };
        Ok(Self { authority, scheme })
    }
}

impl Scheme {
    fn parse(scheme: &str) -> Result<Self, String> {
        match scheme {
            "http" => Ok(Self::Plain),
            "https" => Ok(Self::Encrypted),
            other => Err(format!(
                "the scheme `{other}` is unknown; known are `http` and `https`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        for (text, authority, scheme) in [
            ("localhost:7233", "localhost:7233", None),
            ("localhost", "localhost:7233", None),
            ("127.0.0.1:80", "127.0.0.1:80", None),
            ("[::1]:7233", "[::1]:7233", None),
            ("http://a:1/", "a:1", Some(Scheme::Plain)),
            ("https://a.b", "a.b", Some(Scheme::Encrypted)),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.authority.as_str(), authority, "{text}");
            assert_eq!(address.scheme, scheme, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, complaint) in [
            ("", "names no host"),
            ("http://", "names no host"),
            ("http://:7233", "names no host"),
            ("grpc://a:1", "the scheme `grpc` is unknown"),
            ("a:1/path", "has a path"),
            ("a:port", "`:port` is not a port"),
            ("a b", "not `host:port`"),
            ("a:99999", "`:99999` is not a port"),
            ("me:secret@a:1", "credentials"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }
}
