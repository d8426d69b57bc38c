//! The Terraform and OpenTofu provider `azure-keyrotation/keyrotation`.
//!
//! Schema, wording and the way between Terraform values and domain types live here. What may not
//! enter: HTTP, retries, waiting, and any request that changes a key, which are the engine's and
//! the Azure room's; printing, because stdout belongs to the protocol.

mod action;
mod adopt;
mod config;
mod convert;
mod data_source;
mod diagnostic;
mod ephemeral;
mod function;
mod list;
mod private;
mod provider;
mod resource;

pub use provider::KeyRotation;

/// The address under which registries offer the provider.
pub const ADDRESS: &str = "registry.terraform.io/azure-keyrotation/keyrotation";

/// The name of the provider in the log of a core.
pub const NAME: &str = "keyrotation";
