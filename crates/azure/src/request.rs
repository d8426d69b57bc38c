//! Requests as values: what to send, whether it may be repeated, and how to read the answer.
//!
//! Nothing here moves bytes. A request carries its access class in its type, so that a client can
//! be built that is unable to send more than it should.

use std::{fmt, marker::PhantomData};

use azure_core::http::{Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{cloud::Cloud, error::Error, id::VaultUrl};

/// Is an access class: [`Read`], [`Disclose`] or [`Change`].
pub trait Access: sealed::Sealed + Send + Sync + 'static {}

/// Marks a request that only reads, and whose answer holds no secret.
#[derive(Debug, Clone, Copy)]
pub enum Read {}

/// Marks a request whose answer holds a secret.
#[derive(Debug, Clone, Copy)]
pub enum Disclose {}

/// Marks a request that changes something.
#[derive(Debug, Clone, Copy)]
pub enum Change {}

impl Access for Read {}
impl Access for Disclose {}
impl Access for Change {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Read {}
    impl Sealed for super::Disclose {}
    impl Sealed for super::Change {}
}

/// Says whether a request may be sent again when nobody knows if it was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Executing it twice is executing it once.
    Repeatable,
    /// A second execution does harm, such as a second new key.
    Never,
}

/// Says which service a request goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// Azure Resource Manager.
    Arm,
    /// The data plane of one vault.
    Vault(VaultUrl),
    /// Microsoft Graph.
    Graph,
    /// The blobs of one storage account, at this address. Such a request signs itself.
    Blob(String),
}

impl Endpoint {
    pub(crate) fn address<'a>(&'a self, cloud: &'a Cloud) -> &'a str {
        match self {
            Self::Arm => cloud.arm_endpoint(),
            Self::Vault(vault) => vault.as_str(),
            Self::Graph => cloud.graph_endpoint(),
            Self::Blob(address) => address,
        }
    }
}

/// Is one request of access class `A` whose answer is a `T`.
#[must_use = "a request does nothing until a client sends it"]
pub struct Request<T, A: Access> {
    pub(crate) target: Target,
    pub(crate) method: Method,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) idempotency: Idempotency,
    pub(crate) absent: Absent<T>,
    pub(crate) decode: fn(&[u8]) -> Result<T, Odd>,
    access: PhantomData<fn() -> A>,
}

/// Is a request for a list, page by page; its access class is [`Read`].
#[must_use = "a list does nothing until a client asks for it"]
pub struct List<T> {
    pub(crate) target: Target,
    pub(crate) decode: fn(Value) -> Result<T, Odd>,
}

/// Is one element of a list: read, or too odd to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed<T> {
    /// An element that was read.
    Item(T),
    /// An element that could not be read; the rest of the list is not affected.
    Odd {
        /// The element's id, if it has one.
        id: Option<String>,
        /// Why it could not be read.
        reason: String,
    },
}

impl<T> Listed<T> {
    /// Gives the element if it could be read.
    pub fn item(self) -> Option<T> {
        match self {
            Self::Item(item) => Some(item),
            Self::Odd { .. } => None,
        }
    }
}

/// Says what a 404 means for a request.
pub(crate) enum Absent<T> {
    /// An error.
    Failure,
    /// Done by an earlier try whose answer was lost; an error for the first.
    DoneEarlier(fn() -> T),
}

/// Says why an answer is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Odd(String);

impl Odd {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl From<serde_json::Error> for Odd {
    fn from(error: serde_json::Error) -> Self {
        // The text of a data error quotes the value, and the value may be a key.
        let place = format!("line {} column {}", error.line(), error.column());
        Self(match error.classify() {
            serde_json::error::Category::Data => format!("a field of another type at {place}"),
            _ => format!("no valid JSON at {place}"),
        })
    }
}

impl From<crate::id::IdError> for Odd {
    fn from(error: crate::id::IdError) -> Self {
        Self::new(error)
    }
}

/// Is an address that is still in parts: nothing in it can leave its place.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
}

impl Target {
    pub(crate) fn new<'a>(
        endpoint: Endpoint,
        segments: impl IntoIterator<Item = &'a str>,
        api_version: Option<&str>,
    ) -> Self {
        let segments = segments.into_iter().map(str::to_owned).collect();
        let query = api_version.map(|version| ("api-version", version.to_owned()));
        Self {
            endpoint,
            segments,
            query: query.into_iter().collect(),
        }
    }

    pub(crate) fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Puts the address together, each part encoded.
    ///
    /// The last defence of paths: a URL parser drops `.` and `..` without a word and would turn the
    /// request into another operation on another object.
    pub(crate) fn url(&self, cloud: &Cloud) -> Result<Url, Error> {
        if let Some(odd) = self.segments.iter().find(|segment| !is_segment(segment)) {
            return Err(Error::refused(format!(
                "`{odd}` cannot be a part of an address"
            )));
        }
        let address = self.endpoint.address(cloud);
        let mut url = Url::parse(address)
            .map_err(|_| Error::refused(format!("`{address}` is not an address")))?;
        url.path_segments_mut()
            .map_err(|()| Error::refused(format!("`{address}` has no path")))?
            .pop_if_empty()
            .extend(&self.segments);
        for (name, value) in &self.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        Ok(url)
    }
}

fn is_segment(text: &str) -> bool {
    let plain = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    !plain.is_empty()
        && plain != "."
        && plain != ".."
        && !plain.contains(['/', '\\', '?', '#'])
        && !plain.chars().any(char::is_control)
}

impl<T, A: Access> Request<T, A> {
    pub(crate) fn new(
        method: Method,
        target: Target,
        idempotency: Idempotency,
        decode: fn(&[u8]) -> Result<T, Odd>,
    ) -> Self {
        let absent = Absent::Failure;
        Self {
            target,
            method,
            body: None,
            headers: Vec::new(),
            idempotency,
            absent,
            decode,
            access: PhantomData,
        }
    }

    pub(crate) fn with_body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn done_if_absent_after_unclear_try(mut self, done: fn() -> T) -> Self {
        self.absent = Absent::DoneEarlier(done);
        self
    }

    /// Tells whether the request may be sent again after an unclear answer.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        self.idempotency
    }
}

impl<T> Request<T, Read> {
    pub(crate) fn read(target: Target, decode: fn(&[u8]) -> Result<T, Odd>) -> Self {
        Self::new(Method::Get, target, Idempotency::Repeatable, decode)
    }
}

impl Request<(), Change> {
    /// Deletes something: gone is gone, whichever try did it.
    pub(crate) fn delete(target: Target) -> Self {
        Self::new(Method::Delete, target, Idempotency::Repeatable, |_| Ok(()))
            .done_if_absent_after_unclear_try(|| ())
    }
}

impl<T> List<T> {
    pub(crate) fn new(target: Target, decode: fn(Value) -> Result<T, Odd>) -> Self {
        Self { target, decode }
    }
}

impl<T, A: Access> fmt::Debug for Request<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither body nor query: both may hold what must not be seen.
        f.debug_struct("Request")
            .field("method", &self.method.as_str())
            .field("endpoint", &self.target.endpoint)
            .field("path", &self.target.segments)
            .field("idempotency", &self.idempotency)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("endpoint", &self.target.endpoint)
            .field("path", &self.target.segments)
            .finish_non_exhaustive()
    }
}

/// Decodes JSON into a wire type and turns that into the domain's.
pub(crate) fn decode_as<W: DeserializeOwned, T>(
    body: &[u8],
    convert: impl FnOnce(W) -> Result<T, Odd>,
) -> Result<T, Odd> {
    convert(serde_json::from_slice::<W>(body)?)
}

#[cfg(test)]
mod tests;
