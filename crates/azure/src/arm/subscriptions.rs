//! Subscriptions the caller can see.

use serde::Deserialize;

use crate::{
    id::SubscriptionId,
    request::{Endpoint, List, Odd, Target},
};

const API_VERSION: &str = "2022-12-01";

/// Is a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// The name people gave it.
    pub name: String,
    /// Its state, such as `Enabled`.
    pub state: String,
    /// The tenant it trusts.
    pub tenant_id: Option<String>,
}

/// Lists the subscriptions the caller can see.
pub fn list() -> List<Subscription> {
    let target = Target::new(Endpoint::Arm, ["subscriptions"], Some(API_VERSION));
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_subscription()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    subscription_id: String,
    display_name: Option<String>,
    state: Option<String>,
    tenant_id: Option<String>,
}

impl Wire {
    fn into_subscription(self) -> Result<Subscription, Odd> {
        Ok(Subscription {
            id: self.subscription_id.parse()?,
            name: self.display_name.unwrap_or_default(),
            state: self.state.unwrap_or_default(),
            tenant_id: self.tenant_id,
        })
    }
}
