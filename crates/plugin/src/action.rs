//! The trait an action implements: something that is done on demand and leaves no state.

use async_trait::async_trait;

use crate::diagnostic::Diagnostics;
use crate::resource::Context;
use crate::schema::Schema;
use crate::value::Value;

/// One type of action.
///
/// Only Terraform 1.14 and later have actions, so there is another way to whatever one does.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// Returns the name of the type, beginning with the provider's.
    fn type_name(&self) -> &str;

    /// Returns the schema; it must always be the same. Nothing in it is computed.
    fn schema(&self) -> Schema;

    /// Judges a configuration beyond what the schema says; parts of it may be unknown.
    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Says while planning what speaks against the action; parts of the configuration may be unknown.
    async fn plan(&self, _context: &Context, _config: Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Does it. An error in the answer is the only sign of failure.
    ///
    /// # Cancellation
    /// The layer lets it run to its end, also when the core has gone; it should end at the next safe point once
    /// the context is stopped.
    async fn invoke(
        &self,
        context: &Context,
        config: Value,
        progress: &mut Progress,
    ) -> Diagnostics;
}

/// Tells the person who waits how far an action is.
pub struct Progress(Box<dyn FnMut(String) + Send>);

impl Progress {
    /// Hands every message to a listener.
    pub fn to(listener: impl FnMut(String) + Send + 'static) -> Progress {
        Progress(Box::new(listener))
    }

    /// Shows one line; no secret goes into it.
    pub fn report(&mut self, message: impl Into<String>) {
        (self.0)(message.into());
    }
}
