//! The trait an ephemeral resource implements: a value for the length of one run, in neither plan nor state.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::diagnostic::Diagnostics;
use crate::resource::Context;
use crate::schema::Schema;
use crate::value::Value;

/// One type of ephemeral resource.
///
/// A core opens it while it plans and again while it applies, so opening is free of side effects. Private data
/// stays in the core's memory.
#[async_trait]
pub trait EphemeralResource: Send + Sync + 'static {
    /// Returns the name of the type, beginning with the provider's.
    fn type_name(&self) -> &str;

    /// Returns the schema; it must always be the same.
    fn schema(&self) -> Schema;

    /// Judges a configuration beyond what the schema says; parts of it may be unknown.
    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Makes the value; what was configured comes back as it was.
    async fn open(&self, context: &Context, config: Value) -> Opened;

    /// Keeps the value good for longer. It is asked at the time that was named before.
    async fn renew(&self, _context: &Context, private: Vec<u8>) -> Renewed {
        Renewed {
            renew_at: None,
            private,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Gives back what opening took, also after a stop.
    async fn close(&self, _context: &Context, _private: Vec<u8>) -> Diagnostics {
        Diagnostics::new()
    }
}

/// What [`EphemeralResource::open`] answers.
#[derive(Clone)]
pub struct Opened {
    /// The configuration with the computed attributes filled in; none beside an error.
    pub result: Option<Value>,
    /// When the value must be renewed; never if absent.
    pub renew_at: Option<SystemTime>,
    /// What renewing and closing will be handed.
    pub private: Vec<u8>,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

/// What [`EphemeralResource::renew`] answers.
#[derive(Clone)]
pub struct Renewed {
    /// When the value must be renewed again; never if absent.
    pub renew_at: Option<SystemTime>,
    /// What the next renewal and closing will be handed.
    pub private: Vec<u8>,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

impl Opened {
    /// Answers with a value that needs neither renewal nor closing.
    #[must_use]
    pub fn with(result: Value) -> Opened {
        Opened {
            result: Some(result),
            renew_at: None,
            private: Vec::new(),
            diagnostics: Diagnostics::new(),
        }
    }

    /// Says why there is no value.
    pub fn failed(diagnostics: impl Into<Diagnostics>) -> Opened {
        Opened {
            result: None,
            renew_at: None,
            private: Vec::new(),
            diagnostics: diagnostics.into(),
        }
    }
}

/// Shows no private data: unlike a resource's, it is in memory only and may hold a secret.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("result", &self.result)
            .field("renew_at", &self.renew_at)
            .field("diagnostics", &self.diagnostics)
            .finish_non_exhaustive()
    }
}

/// Shows no private data, for the same reason.
impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewed")
            .field("renew_at", &self.renew_at)
            .field("diagnostics", &self.diagnostics)
            .finish_non_exhaustive()
    }
}
