//! One answer as the routes make it: status, headers and a JSON body, if any.

use serde_json::{Value, json};

use crate::refusal::Refusal;

/// What every answer with a body is.
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// A whole answer. It may hold secrets, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    /// A body of several values, one a line, in the place of the one.
    pub(crate) lines: Option<String>,
}

impl Reply {
    /// Makes an answer with a body.
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body),
            lines: None,
        }
    }

    /// Makes an answer of status 200.
    pub(crate) fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    /// Makes an answer of several values, one a line.
    pub(crate) fn lines(values: &[Value]) -> Self {
        let lines = values.iter().map(|value| format!("{value}\n"));
        Self {
            lines: Some(lines.collect()),
            ..Self::empty(200)
        }
    }

    /// Makes an answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
            lines: None,
        }
    }

    /// Makes the usual answer of a refusal.
    pub(crate) fn error(refusal: &Refusal) -> Self {
        let mut error = json!({"code": refusal.code, "message": refusal.message});
        if let (Some(inner), Some(error)) = (refusal.inner, error.as_object_mut()) {
            error.insert("innererror".to_owned(), json!({"code": inner}));
        }
        Self::new(refusal.status, json!({"error": error}))
    }

    /// Adds a header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a header in the place of one of the same name.
    pub(crate) fn with_header_instead(
        mut self,
        name: &'static str,
        value: impl Into<String>,
    ) -> Self {
        self.headers.retain(|(present, _)| *present != name);
        self.with_header(name, value)
    }
}
