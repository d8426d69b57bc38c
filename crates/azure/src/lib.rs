//! Typed operations of Azure Resource Manager, Key Vault and Microsoft Graph.
//!
//! Operations are functions that return [`Request`] or [`List`] values; a [`Client`] sends them. A
//! request carries its access class and whether it may be repeated; everything that waits, repeats
//! or signs is in the pipeline below the client. This room knows nothing of rotation policy and
//! nothing of Terraform.
//!
//! ```
//! use azure::{KeyName, StorageAccountId, arm};
//!
//! let account: StorageAccountId = "/subscriptions/00000000-0000-0000-0000-000000000001\
//!     /resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/stlogs".parse()?;
//! let read = arm::storage::get(&account);
//! let regenerate = arm::storage::regenerate_key(&account, KeyName::Key2);
//! assert_eq!(regenerate.idempotency(), azure::Idempotency::Never);
//! # drop(read);
//! # Ok::<(), azure::IdError>(())
//! ```

pub mod arm;
pub mod blob;
pub mod client;
pub mod clock;
pub mod cloud;
pub mod env;
pub mod error;
#[cfg(test)]
mod fixtures;
pub mod graph;
pub mod id;
pub mod identity;
pub mod memory;
pub mod request;
pub mod sas;
pub mod secret;
mod stage;
pub mod transport;
pub mod vault;
mod wire;

pub use crate::{
    client::{Caller, Client, ReadClient, Settings, SetupError, search::SettingsSearch},
    clock::{Clock, ManualClock, SystemClock},
    cloud::{Cloud, CloudEndpoints, CloudError, UnknownCloud},
    env::Env,
    error::{Error, ForbiddenCause, Kind},
    id::{
        ClusterId, IdError, KeyName, ManagedStorageName, ManagementGroupName, PrincipalId,
        ResourceGroupId, RoleAssignmentId, SasDefinitionName, SecretName, StorageAccountId,
        SubscriptionId, VaultId, VaultUrl,
    },
    identity::{
        Application, SignIn, SignInError, SignInSettings,
        certificate::{CertificateError, ClientCertificate},
        job::{JobService, JobToken},
    },
    request::{Access, Change, Disclose, Endpoint, Idempotency, List, Listed, Read, Request},
    sas::{SasTemplate, SasTemplateError},
    secret::{KeyMaterial, SasToken, VaultBackup},
    stage::retry::RetrySettings,
};
