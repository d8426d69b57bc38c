//! The trait a data source implements: a question with an answer, and nothing that is kept.

use async_trait::async_trait;

use crate::diagnostic::Diagnostics;
use crate::resource::Context;
use crate::schema::Schema;
use crate::value::Value;

/// One type of data source.
///
/// A core asks while it plans, or while it applies if the configuration is only known then.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// Returns the name of the type, beginning with the provider's.
    fn type_name(&self) -> &str;

    /// Returns the schema; it must always be the same.
    fn schema(&self) -> Schema;

    /// Judges a configuration beyond what the schema says; parts of it may be unknown.
    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Answers a configuration, all of which is known.
    ///
    /// # Cancellation
    /// The layer lets it run to its end; it should change nothing.
    async fn read(&self, context: &Context, config: Value) -> ReadData;
}

/// What [`DataSource::read`] answers.
#[derive(Clone, Debug)]
pub struct ReadData {
    /// The configuration with the computed attributes filled in; none beside an error.
    pub state: Option<Value>,
    /// What to tell.
    pub diagnostics: Diagnostics,
}

impl ReadData {
    /// Answers with what was found.
    #[must_use]
    pub fn found(state: Value) -> ReadData {
        ReadData {
            state: Some(state),
            diagnostics: Diagnostics::new(),
        }
    }

    /// Says why there is no answer.
    pub fn failed(diagnostics: impl Into<Diagnostics>) -> ReadData {
        ReadData {
            state: None,
            diagnostics: diagnostics.into(),
        }
    }
}
