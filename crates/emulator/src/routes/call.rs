//! One request as the routes see it: method, host, path, query, headers and body, in memory.

use std::borrow::Cow;

use hyper::body::Bytes;
use hyper::{HeaderMap, Method};

/// A whole request. It may hold secrets, so it has no `Debug`.
pub(crate) struct Call {
    /// The request id that the answer carries.
    pub(crate) id: String,
    pub(crate) method: Method,
    /// The host in lower case, without a port.
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// Gives the decoded parts of the path. Empty parts do not count: clients write `//storage` and `/secrets/x/`.
    pub(crate) fn segments(&self) -> Vec<Cow<'_, str>> {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        parts
            .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy())
            .collect()
    }

    /// Gives a decoded query parameter; names are compared without case.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref().unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }

    /// Gives a header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Gives the bearer token.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Gives the `api-version` parameter, or nothing if it is absent or empty.
    pub(crate) fn api_version(&self) -> Option<String> {
        self.parameter("api-version")
            .filter(|version| !version.is_empty())
    }
}
