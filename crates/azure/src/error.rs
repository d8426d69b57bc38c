//! What can go wrong on the way to Azure and back, and what Azure's own words mean.
//!
//! Azure's envelopes are read leniently and by ourselves: the pipeline loses the code of an error
//! whose message holds an escape. What a user can do about an error is left to the callers.

mod envelope;
mod forbidden;

use std::{error::Error as StdError, fmt, time::Duration};

use azure_core::error::ErrorKind;

use self::envelope::Envelope;
use crate::stage::throttle::NotYet;

/// Says at which point of a call something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Azure answered, and the answer was not a success.
    Answer,
    /// The answer was a success that could not be read.
    Unreadable,
    /// No connection was made, so the request was never sent.
    NeverSent,
    /// The connection broke or timed out after the request may have been sent.
    AnswerLost,
    /// The other side showed a certificate that is not trusted.
    Certificate,
    /// No token could be had.
    SignIn,
    /// This room refused to go on, for instance to another host.
    Refused,
}

/// Says whose missing right made Azure answer 403.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForbiddenCause {
    /// The caller lacks a right of Azure Resource Manager, also when a vault asked on its behalf.
    CallerLacksArmAction {
        /// The action as Azure names it, if it did.
        action: Option<String>,
    },
    /// Key Vault's own principal has no role on the storage account.
    KeyVaultLacksRole,
    /// The vault's access policies give the caller no right to the operation.
    VaultPolicyLacks {
        /// The permission as Azure names it, if it did.
        operation: Option<String>,
    },
    /// The vault goes by roles, and none gives the caller the right.
    VaultRbac,
    /// The vault's firewall does not let the caller in.
    Firewall,
    /// Azure gave another reason, or none.
    Other,
}

/// Is the failure of one call to Azure.
pub struct Error(Box<Details>);

struct Details {
    kind: Kind,
    status: Option<u16>,
    envelope: Envelope,
    request_id: Option<String>,
    text: String,
    unclear: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Tells at which point of the call it went wrong.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Gives the HTTP status, if Azure answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Borrows Azure's error code, such as `AuthorizationFailed`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.envelope.code.as_deref()
    }

    /// Borrows the more exact codes nested in the answer, the outer first.
    #[must_use]
    pub fn inner_codes(&self) -> &[String] {
        &self.0.envelope.inner_codes
    }

    /// Borrows Azure's message, cut to a bound and in one line.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.envelope.message.as_deref()
    }

    /// Borrows the id by which Azure's support finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Tells whether the object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.status == Some(404)
    }

    /// Tells whether the object is in a state that forbids the operation.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.0.status == Some(409)
    }

    /// Tells whether Azure asked us to come back later, or would have: then nothing was sent.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.0.status == Some(429) || self.turn_in().is_some()
    }

    /// Says how long it is until the request can be sent without breaking a limit of Azure; `None`
    /// unless that is why it was not sent.
    #[must_use]
    pub fn turn_in(&self) -> Option<Duration> {
        let mut cause = self.source();
        while let Some(current) = cause {
            if let Some(late) = current.downcast_ref::<NotYet>() {
                return Some(late.wait);
            }
            cause = current.source();
        }
        None
    }

    /// Tells whether Azure may have done what was asked, in this try or an earlier one.
    ///
    /// Only reading the object back can say more.
    #[must_use]
    pub fn may_have_executed(&self) -> bool {
        self.0.unclear
            || match self.0.kind {
                Kind::AnswerLost | Kind::Unreadable => true,
                Kind::Answer => self.0.status.is_some_and(may_follow_execution),
                Kind::NeverSent | Kind::Certificate | Kind::SignIn | Kind::Refused => false,
            }
    }

    /// Says whose missing right it was; `None` unless Azure answered 403.
    #[must_use]
    pub fn forbidden_cause(&self) -> Option<ForbiddenCause> {
        (self.0.status == Some(403)).then(|| forbidden::cause(&self.0.envelope))
    }
}

/// Tells whether an answer of this status may come after the work was done.
pub(crate) fn may_follow_execution(status: u16) -> bool {
    status == 408 || (500..600).contains(&status)
}

impl Error {
    fn new(kind: Kind, text: String) -> Self {
        Self(Box::new(Details {
            kind,
            status: None,
            envelope: Envelope::default(),
            request_id: None,
            text,
            unclear: false,
            source: None,
        }))
    }

    /// Reads an answer that is not a success.
    pub(crate) fn from_answer(status: u16, request_id: Option<String>, body: &[u8]) -> Self {
        let envelope = Envelope::read(body);
        let mut text = format!("Azure answered {status}");
        if let Some(code) = &envelope.code {
            text.push_str(&format!(" {code}"));
        }
        if let Some(message) = &envelope.message {
            text.push_str(&format!(": {message}"));
        } else if (300..400).contains(&status) {
            text.push_str(", a redirect, which is never followed");
        }
        let mut error = Self::new(Kind::Answer, text);
        error.0.status = Some(status);
        error.0.envelope = envelope;
        error.0.request_id = request_id;
        error
    }

    /// Wraps a success whose body is not what it should be.
    pub(crate) fn unreadable(
        status: u16,
        request_id: Option<String>,
        source: impl StdError + Send + Sync + 'static,
    ) -> Self {
        let text = format!("cannot read Azure's answer {status}");
        let mut error = Self::new(Kind::Unreadable, text);
        error.0.status = Some(status);
        error.0.request_id = request_id;
        error.0.source = Some(Box::new(source));
        error
    }

    /// Says that this room will not go on.
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::new(Kind::Refused, text.into())
    }

    /// Says that a token cannot be had or read.
    pub(crate) fn sign_in(text: impl Into<String>) -> Self {
        Self::new(Kind::SignIn, text.into())
    }

    /// Sorts what the pipeline failed with.
    pub(crate) fn from_pipeline(host: &str, source: azure_core::Error) -> Self {
        let (kind, text) = match source.kind() {
            _ if is_certificate_error(&source) => (
                Kind::Certificate,
                format!("cannot trust the certificate of {host}"),
            ),
            ErrorKind::Connection => (Kind::NeverSent, format!("cannot connect to {host}")),
            ErrorKind::Credential => (Kind::SignIn, format!("cannot sign in for {host}")),
            ErrorKind::Other => (Kind::Refused, format!("cannot send a request to {host}")),
            _ => (Kind::AnswerLost, format!("the answer of {host} was lost")),
        };
        let mut error = Self::new(kind, text);
        error.0.source = Some(Box::new(source));
        error
    }

    /// Remembers that an earlier try of the same call may have been executed.
    pub(crate) fn after_unclear_try(mut self, unclear: bool) -> Self {
        self.0.unclear |= unclear;
        self
    }
}

/// Looks for a refused certificate among the causes; reconnecting would not help.
pub(crate) fn is_certificate_error(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if is_certificate_cause(current) {
            return true;
        }
        // An io::Error skips the error inside it when asked for its source.
        if let Some(inner) = current
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref())
            && is_certificate_error(inner)
        {
            return true;
        }
        cause = current.source();
    }
    false
}

fn is_certificate_cause(error: &(dyn StdError + 'static)) -> bool {
    matches!(
        error.downcast_ref::<rustls::Error>(),
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
    )
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The cause may print whole responses, so it is left to the chain of `Display`s.
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("text", &self.0.text)
            .field("request_id", &self.0.request_id)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests;
