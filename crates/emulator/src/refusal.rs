//! What Azure says when it refuses: a status, a code and a text. The world and the routes refuse with this one type;
//! how it is written on the wire belongs to the routes.

/// One answer of Azure that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) inner: Option<&'static str>,
    pub(crate) message: String,
}

impl Refusal {
    /// Makes a refusal.
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            inner: None,
            message: message.into(),
        }
    }

    /// Adds the code that Key Vault puts into `innererror`.
    pub(crate) fn with_inner(mut self, inner: &'static str) -> Self {
        self.inner = Some(inner);
        self
    }

    /// Refuses a request whose content Key Vault does not accept.
    pub(crate) fn bad_parameter(message: impl Into<String>) -> Self {
        Self::new(400, "BadParameter", message)
    }

    /// Refuses with Key Vault's 403.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "Forbidden", message)
    }
}
