//! What every request says about its sender, as HTTP headers.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

const CLIENT_NAME: HeaderName = HeaderName::from_static("client-name");
const CLIENT_VERSION: HeaderName = HeaderName::from_static("client-version");
const NAMESPACE: HeaderName = HeaderName::from_static("temporal-namespace");
const FEATURES: HeaderName = HeaderName::from_static("supported-features");

/// Without this feature the server shows a run that was retried or scheduled anew as one that
/// continued as new, and hides how it really ended.
const FOLLOWS_NEXT_RUN: HeaderValue = HeaderValue::from_static("follows-next-run-id");

/// Calls that concern no namespace.
const WITHOUT_NAMESPACE: [&str; 3] = ["GetSystemInfo", "GetClusterInfo", "ListNamespaces"];

/// The headers that a client adds to its requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata(HeaderMap);

impl Metadata {
    /// Names the SDK and its version; what the user sets later replaces it.
    pub(super) fn new() -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_NAME, HeaderValue::from_static("outlast"));
        headers.insert(
            CLIENT_VERSION,
            HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
        );
        headers.insert(FEATURES, FOLLOWS_NEXT_RUN);
        Self(headers)
    }

    /// Names the namespace, by which proxies route. False if no header can hold the name.
    #[must_use]
    pub(super) fn set_namespace(&mut self, namespace: &str) -> bool {
        let value = HeaderValue::from_str(namespace);
        value.map(|value| self.0.insert(NAMESPACE, value)).is_ok()
    }

    /// Authorizes by a key, unless the user authorizes in another way. False if no header can
    /// hold the key.
    #[must_use]
    pub(super) fn set_api_key(&mut self, key: &str) -> bool {
        let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {key}")) else {
            return false;
        };
        value.set_sensitive(true);
        self.0.entry(AUTHORIZATION).or_insert(value);
        true
    }

    /// Adds a header of the user's.
    pub(super) fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.insert(name, value);
    }

    /// Adds to a request what it does not say yet.
    pub(super) fn apply(&self, path: &str, headers: &mut HeaderMap) {
        let method = path.rsplit('/').next().unwrap_or(path);
        let namespaced = !WITHOUT_NAMESPACE.contains(&method);
        for (name, value) in &self.0 {
            if (namespaced || name != NAMESPACE) && !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_the_user_is_never_replaced() {
        let mut metadata = Metadata::new();
        metadata.set(AUTHORIZATION, HeaderValue::from_static("Basic abc"));
        assert!(metadata.set_api_key("secret"));
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_NAME, HeaderValue::from_static("mine"));
        metadata.apply("/service/StartWorkflowExecution", &mut headers);
        assert_eq!(headers[AUTHORIZATION], "Basic abc");
        assert_eq!(headers[CLIENT_NAME], "mine");
    }

    #[test]
    fn only_calls_that_concern_a_namespace_name_one() {
        let mut metadata = Metadata::new();
        assert!(metadata.set_namespace("orders"));
        for (path, want) in [("/s/GetSystemInfo", None), ("/s/Describe", Some("orders"))] {
            let mut headers = HeaderMap::new();
            metadata.apply(path, &mut headers);
            let found = headers.get(NAMESPACE).map(|value| value.to_str().unwrap());
            assert_eq!(found, want, "{path}");
        }
    }

    #[test]
    fn a_key_that_no_header_can_hold_is_refused_and_a_good_one_is_not_shown() {
        let mut metadata = Metadata::new();
        assert!(!metadata.set_api_key("two\nlines"));
        assert!(metadata.set_api_key("secret"));
        assert!(!format!("{metadata:?}").contains("secret"));
    }
}
