//! The control interface for those who hold the emulator in their own process.

use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use crate::clock::AdvanceError;
use crate::fault::FaultRule;
use crate::journal::JournalEntry;
use crate::period::{Period, PeriodError};
use crate::shared::Shared;

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
        Ok(self.now())
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
        self.0.faults().add(rule);
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.0.faults().clear();
    }

    /// Sets how many uses by Key Vault every later role assignment still fails.
    pub fn set_role_propagation(&self, requests: u32) {
        self.0.world().0.settings.role_propagation_requests = requests;
    }

    /// Gives the object id of Key Vault's own service principal.
    #[must_use]
    pub fn key_vault_principal(&self) -> String {
        self.0.world().0.directory.key_vault.object_id.clone()
    }
}
