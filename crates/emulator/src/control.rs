//! The control interface for those who hold the emulator in their own process.

use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use crate::clock::AdvanceError;
use crate::events::subscribers::SubscriberError;
use crate::fault::{ChanceRule, FaultRule, Rule};
use crate::journal::JournalEntry;
use crate::period::{Period, PeriodError};
use crate::shared::Shared;
use crate::world::settings::Settings;

/// Steers a running emulator.
#[derive(Clone, Debug)]
pub struct Control(pub(crate) Arc<Shared>);

/// Something the emulator cannot be steered to.
#[derive(Debug, Error)]
#[error("cannot advance the emulator's clock")]
pub struct ControlError {
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl From<PeriodError> for ControlError {
    fn from(source: PeriodError) -> Self {
        Self {
            source: Box::new(source),
        }
    }
}

impl From<AdvanceError> for ControlError {
    fn from(source: AdvanceError) -> Self {
        Self {
            source: Box::new(source),
        }
    }
}

impl Control {
    /// Gives the virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.world().1
    }

    /// Puts the clock forward by an ISO 8601 duration and does all that becomes due. Gives the new time.
    ///
    /// # Errors
    ///
    /// Fails if the text is no duration or the step is longer than the clock takes.
    pub fn advance(&self, period: &str) -> Result<Timestamp, ControlError> {
        let period: Period = period.parse()?;
        self.0.clock.advance(&period)?;
        let now = self.now();
        self.0.follow_up();
        Ok(now)
    }

    /// Gives every request since the start or the last clearing.
    #[must_use]
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.0.journal().entries()
    }

    /// Empties the journal.
    pub fn clear_journal(&self) {
        self.0.journal().clear();
    }

    /// Adds a fault.
    pub fn set_fault(&self, rule: FaultRule) {
        self.0.add_fault(Rule::Counted(rule));
    }

    /// Adds a fault that strikes now and then.
    pub fn set_chance_fault(&self, rule: ChanceRule) {
        self.0.add_fault(Rule::Chance(rule));
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.0.clear_faults();
    }

    /// Sets how many uses by Key Vault every later role assignment still fails.
    pub fn set_role_propagation(&self, requests: u32) {
        self.0.world().0.settings.role_propagation_requests = requests;
    }

    /// Adds an address to which events about secrets are posted, once it has answered Event Grid's question whether it
    /// wants them.
    ///
    /// # Errors
    ///
    /// Fails if the address is not http or not on loopback.
    pub fn subscribe(&self, url: &str) -> Result<(), SubscriberError> {
        self.0.subscribe(url)
    }

    /// Gives the settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.0.world().0.settings.clone()
    }

    /// Changes the settings.
    pub fn set_settings(&self, settings: Settings) {
        self.0.world().0.settings = settings;
    }

    /// Gives the object id of Key Vault's own service principal.
    #[must_use]
    pub fn key_vault_principal(&self) -> String {
        self.0.world().0.directory.key_vault.object_id.clone()
    }
}
