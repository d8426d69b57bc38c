//! What the API says when it refuses: a `Status` object.

use serde_json::{Value, json};

/// One refusal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    /// Kubernetes' word for the reason; some refusals have none.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) field: String,
    pub(crate) reason: &'static str,
    pub(crate) text: String,
}

impl Failure {
    /// Makes a refusal without details.
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    /// Adds details.
    pub(crate) fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Refuses what is not there.
    pub(crate) fn not_found(kind: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{kind} \"{name}\" not found"))
            .with(json!({"name": name, "kind": kind}))
    }

    /// Refuses a route that is not there.
    pub(crate) fn no_route() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(404, "NotFound", message).with(json!({}))
    }

    /// Refuses a body that cannot be read.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// Refuses a change of something that others have changed.
    pub(crate) fn modified(name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on secrets \"{name}\": the object has been modified; please apply your changes \
             to the latest version and try again"
        );
        Self::new(409, "Conflict", message).with(json!({"name": name, "kind": "secrets"}))
    }

    /// Refuses a deletion of something else than was meant.
    pub(crate) fn precondition(name: &str, what: &str, wanted: &str, found: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on Secret \"{name}\": the {what} in the precondition ({wanted}) does not match the \
             {what} in record ({found}). The object might have been deleted and then recreated"
        );
        Self::new(409, "Conflict", message).with(json!({"name": name, "kind": "Secret"}))
    }

    /// Refuses an object for all that is wrong with it.
    pub(crate) fn invalid(name: &str, problems: &[Problem]) -> Self {
        let texts: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}: {}", problem.field, problem.text))
            .collect();
        let shown = match texts.as_slice() {
            [one] => one.clone(),
            all => format!("[{}]", all.join(", ")),
        };
        let causes: Vec<Value> = problems
            .iter()
            .map(|one| json!({"reason": one.reason, "message": one.text, "field": one.field}))
            .collect();
        Self::new(
            422,
            "Invalid",
            format!("Secret \"{name}\" is invalid: {shown}"),
        )
        .with(json!({"name": name, "kind": "Secret", "causes": causes}))
    }

    /// Writes it.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if let Some(members) = status.as_object_mut() {
            if !self.reason.is_empty() {
                members.insert("reason".to_owned(), json!(self.reason));
            }
            if let Some(details) = &self.details {
                members.insert("details".to_owned(), details.clone());
            }
        }
        status
    }
}
