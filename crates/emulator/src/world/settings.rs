//! How the emulated Azure behaves where the real one varies.

use serde::{Deserialize, Serialize};

use crate::latency::Latency;

/// What a caller of an enrolment or of a regeneration through the vault needs on the account. Azure's documents and the
/// roles seen in use differ.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerCheck {
    /// Both `listkeys` and `regeneratekey`, as the documents say.
    #[default]
    ListAndRegenerate,
    /// `listkeys` for an enrolment, `regeneratekey` for a regeneration.
    Least,
}

/// Whether requests are counted against Azure's limits.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Throttling {
    /// Nothing is ever refused for its number.
    #[default]
    Off,
    /// The limits that Microsoft has published.
    Published,
}

/// What can be set at the start and while the emulator runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How many uses by Key Vault a new role assignment still fails.
    pub role_propagation_requests: u32,
    /// How many readings of an account after a regeneration still show the old creation times of its keys.
    pub stale_key_time_requests: u32,
    /// How many items a page of Resource Manager holds.
    pub page_size: usize,
    /// Whether Resource Manager puts an empty page before every page of vaults, as it has been seen to do.
    pub empty_pages: bool,
    /// What a caller needs on the account, besides Key Vault's own role.
    pub caller_check: CallerCheck,
    /// How many seconds pass until an entry of the activity log can be read.
    pub activity_log_delay_seconds: u32,
    /// How long answers take.
    pub latency: Latency,
    /// Whether requests are counted against Azure's limits.
    pub throttle: Throttling,
}

impl Settings {
    /// Gives the settings if they can be lived with, else what is wrong with them.
    pub(crate) fn checked(self) -> Result<Self, String> {
        if self.page_size == 0 {
            return Err("page_size is at least 1".to_owned());
        }
        Ok(self)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            role_propagation_requests: 0,
            stale_key_time_requests: 0,
            page_size: 100,
            empty_pages: false,
            caller_check: CallerCheck::default(),
            activity_log_delay_seconds: 0,
            latency: Latency::default(),
            throttle: Throttling::default(),
        }
    }
}
