//! The trait a provider implements.

use std::sync::Arc;

use async_trait::async_trait;

use crate::diagnostic::Diagnostics;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::Value;

/// A provider: its own block of configuration and the resources it offers.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Returns the schema of the provider block; it must always be the same.
    fn schema(&self) -> Schema;

    /// Returns the resources on offer; they must always be the same.
    fn resources(&self) -> Vec<Arc<dyn Resource>>;

    /// Judges a provider block beyond what the schema says; parts of it may be unknown.
    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Takes over the provider block, of which parts may be unknown while a core plans.
    async fn configure(&self, request: ConfigureRequest) -> Diagnostics;
}

/// What a provider is configured with.
#[derive(Clone, Debug)]
pub struct ConfigureRequest {
    /// The provider block.
    pub config: Value,
    /// The version of the core, for a user agent.
    pub core_version: String,
}
