//! The trait a provider implements.

use std::sync::Arc;

use async_trait::async_trait;

use crate::action::Action;
use crate::data_source::DataSource;
use crate::diagnostic::Diagnostics;
use crate::ephemeral::EphemeralResource;
use crate::function::Function;
use crate::list::ListResource;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::Value;

/// A provider: its own block of configuration and what it offers.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Returns the schema of the provider block; it must always be the same.
    fn schema(&self) -> Schema;

    /// Returns the resources on offer; they must always be the same.
    fn resources(&self) -> Vec<Arc<dyn Resource>>;

    /// Returns the data sources on offer; they must always be the same.
    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        Vec::new()
    }

    /// Returns the ephemeral resources on offer; they must always be the same.
    fn ephemeral_resources(&self) -> Vec<Arc<dyn EphemeralResource>> {
        Vec::new()
    }

    /// Returns the functions on offer; they must always be the same.
    fn functions(&self) -> Vec<Arc<dyn Function>> {
        Vec::new()
    }

    /// Returns the actions on offer; they must always be the same.
    fn actions(&self) -> Vec<Arc<dyn Action>> {
        Vec::new()
    }

    /// Returns the lists on offer; they must always be the same.
    fn list_resources(&self) -> Vec<Arc<dyn ListResource>> {
        Vec::new()
    }

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
