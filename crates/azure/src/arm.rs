//! Operations of Azure Resource Manager, one module per resource type.

pub mod activity_log;
pub mod apps;
pub mod authorization;
pub mod clusters;
pub mod locks;
pub mod management_groups;
pub mod permissions;
pub mod storage;
pub mod subscriptions;
pub mod vaults;

use crate::request::{Endpoint, Target};

/// Addresses something below a resource id.
///
/// The id is cut into segments here and checked segment by segment when the address is made.
fn target(resource_id: &str, below: &[&str], api_version: &'static str) -> Target {
    let id = resource_id.strip_prefix('/').unwrap_or(resource_id);
    let id = id.split('/').filter(|_| !id.is_empty());
    Target::new(
        Endpoint::Arm,
        id.chain(below.iter().copied()),
        Some(api_version),
    )
}

/// Addresses the list of a provider's resources in a subscription.
fn in_subscription(
    subscription: &crate::id::SubscriptionId,
    provider: [&str; 2],
    api_version: &'static str,
) -> Target {
    let [namespace, kind] = provider;
    let scope = format!("/subscriptions/{subscription}");
    target(&scope, &["providers", namespace, kind], api_version)
}

/// Addresses something that Microsoft.Authorization keeps about a scope.
fn authorization_of(scope: &str, kind: &str, api_version: &'static str) -> Target {
    let below = ["providers", "Microsoft.Authorization", kind];
    target(scope, &below, api_version)
}

#[cfg(test)]
mod tests;
