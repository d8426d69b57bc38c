//! What a configuration says about who is enrolled, held against what was seen.

use azure::id::StorageAccountId;

use super::rows::Rows;

/// Accounts of which a configuration says that a vault manages them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    declared: Vec<(StorageAccountId, String)>,
}

impl Declarations {
    /// Takes the accounts, each with the place in the configuration that says so.
    pub fn new(declared: Vec<(StorageAccountId, String)>) -> Self {
        Self { declared }
    }

    /// Notes at each account what the configuration says about it.
    pub(super) fn note(&self, rows: &mut Rows) {
        rows.ask_for_declarations();
        for (account, address) in &self.declared {
            let more = rows.find(account).and_then(|place| rows.more(place));
            if let Some(more) = more {
                more.declared_at = Some(address.clone());
            }
        }
    }
}
