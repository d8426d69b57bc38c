//! The trait a list implements: finds the objects of a resource type that exist, managed or not.

use std::ops::ControlFlow;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::diagnostic::Diagnostics;
use crate::resource::Context;
use crate::schema::Schema;
use crate::value::Value;

/// A list of the objects of one resource type, for `terraform query` of Terraform 1.14 and later.
///
/// The resource type must be among the provider's resources, and must have an identity.
#[async_trait]
pub trait ListResource: Send + Sync + 'static {
    /// Returns the name of the resource type.
    fn type_name(&self) -> &str;

    /// Returns the schema of the `config` block; it must always be the same. Nothing in it is computed.
    fn schema(&self) -> Schema;

    /// Judges a configuration beyond what the schema says; parts of it may be unknown.
    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::new()
    }

    /// Hands over the objects one by one, until there are no more or no more are wanted; answers what there is to
    /// tell about the search as a whole.
    async fn list(
        &self,
        context: &Context,
        request: ListRequest,
        listing: &mut Listing,
    ) -> Diagnostics;
}

/// What [`ListResource::list`] is asked.
#[derive(Clone, Debug)]
pub struct ListRequest {
    /// The `config` block.
    pub config: Value,
    /// Whether the objects themselves are wanted beside their identities.
    pub include_resource: bool,
    /// How many are wanted; all if absent.
    pub limit: Option<usize>,
}

/// One object that was found.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its identity, by which it can be imported.
    pub identity: Value,
    /// What a person calls it.
    pub display_name: String,
    /// The object, if it was asked for.
    pub resource: Option<Value>,
    /// What to tell about it; an error ends the search.
    pub diagnostics: Diagnostics,
}

/// Takes what a search finds.
#[derive(Debug)]
pub struct Listing {
    sender: mpsc::Sender<Listed>,
    left: Option<usize>,
}

impl Listed {
    /// Makes an object of which only the identity is told.
    pub fn new(identity: Value, display_name: impl Into<String>) -> Listed {
        Listed {
            identity,
            display_name: display_name.into(),
            resource: None,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Adds the object itself.
    #[must_use]
    pub fn resource(mut self, resource: Value) -> Listed {
        self.resource = Some(resource);
        self
    }
}

impl Listing {
    /// Takes up to `limit` objects. So far as they are not received, the search waits.
    pub(crate) fn new(limit: Option<usize>, sender: mpsc::Sender<Listed>) -> Listing {
        Listing {
            sender,
            left: limit,
        }
    }

    /// Hands over an object; breaks if it was the last one that is wanted, or nobody listens any more.
    ///
    /// # Cancellation
    /// Dropping the future hands over nothing.
    pub async fn push(&mut self, listed: Listed) -> ControlFlow<()> {
        if self.left == Some(0) || self.sender.send(listed).await.is_err() {
            return ControlFlow::Break(());
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        match self.left {
            Some(0) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listing_ends_at_its_limit_or_with_its_listener() {
        let one = || Listed::new(Value::Null, "x");
        let (sender, mut receiver) = mpsc::channel(8);
        let mut limited = Listing::new(Some(2), sender.clone());
        assert!(limited.push(one()).await.is_continue());
        assert!(limited.push(one()).await.is_break());
        assert!(limited.push(one()).await.is_break());
        let mut unlimited = Listing::new(None, sender);
        assert!(unlimited.push(one()).await.is_continue());
        receiver.close();
        assert!(unlimited.push(one()).await.is_break());
        drop((limited, unlimited));
        let mut received = 0;
        while receiver.recv().await.is_some() {
            received += 1;
        }
        assert_eq!(received, 3);
    }
}
