//! Which waivers an account has: those of the settings that describe it, and its own tag.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure::id::StorageAccountId;
use rotation::waiver::{Claimed, Waiver};

use super::scope::Pattern;

/// The tag that holds a waiver: `findings=..; owner=..; reason=..; expires=2026-12-31`.
pub const TAG: &str = "keyrotation-waiver";

/// Where waivers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waivers {
    /// Those of the settings.
    pub rules: Vec<Rule>,
    /// Whether accounts can waive by a tag. Whoever may write tags can then silence findings.
    pub tags: TagWaivers,
}

/// Whether accounts can waive by a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagWaivers {
    /// They can.
    Obeyed,
    /// Their tags say nothing.
    Ignored,
}

/// A waiver and the accounts that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The accounts.
    pub accounts: Pattern,
    /// The waiver.
    pub waiver: Arc<Waiver>,
}

impl Default for Waivers {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            tags: TagWaivers::Obeyed,
        }
    }
}

impl Waivers {
    /// Lists the waivers of one account.
    pub(super) fn of(
        &self,
        id: &StorageAccountId,
        tags: &BTreeMap<String, String>,
    ) -> Vec<Claimed> {
        let mut claimed: Vec<Claimed> = self
            .rules
            .iter()
            .filter(|rule| rule.accounts.describes(id))
            .map(|rule| Ok(Arc::clone(&rule.waiver)))
            .collect();
        if self.tags == TagWaivers::Obeyed {
            let texts = tags
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(TAG));
            claimed.extend(texts.map(|(_, text)| text.parse().map(Arc::new)));
        }
        claimed
    }
}
