//! What the judges of a soak have found: how much they looked at, and what was wrong.

use std::collections::BTreeMap;

/// How many findings of a kind are told in words; all are counted.
const TOLD: u64 = 10;

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrong {
    /// A reader found no token, or one that Storage refuses.
    LapsedToken,
    /// A published key is none of the account's, or the one before it went too early.
    LostKey,
    /// A key was regenerated twice, or before its time.
    NeedlessRegeneration,
    /// `check` said that something is in order, or that it had seen all, and that was not so.
    FalsePass,
    /// `check` said that something is proven wrong that is in order.
    FalseAlarm,
    /// An account that somebody cares for has a key that is too old.
    Overdue,
    /// A run ended in a way that no manual knows, or the emulator did not know a request.
    Broken,
    /// A run has shown a key or a token.
    ShownSecret,
    /// Memory has grown with time.
    Memory,
}

impl Wrong {
    /// All of them.
    pub(super) const ALL: [Self; 9] = [
        Self::LapsedToken,
        Self::LostKey,
        Self::NeedlessRegeneration,
        Self::FalsePass,
        Self::FalseAlarm,
        Self::Overdue,
        Self::Broken,
        Self::ShownSecret,
        Self::Memory,
    ];

    /// Names it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::LapsedToken => "lapsed tokens",
            Self::LostKey => "lost keys",
            Self::NeedlessRegeneration => "needless regenerations",
            Self::FalsePass => "false passes",
            Self::FalseAlarm => "false alarms",
            Self::Overdue => "overdue in care",
            Self::Broken => "broken runs",
            Self::ShownSecret => "shown secrets",
            Self::Memory => "grown memory",
        }
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    counts: BTreeMap<Wrong, u64>,
    told: Vec<String>,
    when: String,
}

impl Verdicts {
    /// Says when what is found from now on is found.
    pub(super) fn begin(&mut self, when: String) {
        self.when = when;
    }

    /// Takes note of something wrong; the text names the object and holds no secret.
    pub(super) fn find(&mut self, wrong: Wrong, text: &str) {
        let count = self.counts.entry(wrong).or_default();
        *count += 1;
        if *count <= TOLD {
            let told = format!("{}: {}: {text}", self.when, wrong.as_str());
            crate::screen::say(&told);
            self.told.push(told);
        }
    }

    /// Gives how often something was wrong.
    pub(super) fn count(&self, wrong: Wrong) -> u64 {
        self.counts.get(&wrong).copied().unwrap_or_default()
    }

    /// Gives the first findings in words.
    pub(super) fn told(&self) -> &[String] {
        &self.told
    }

    /// Tells whether nothing was wrong.
    pub(super) fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }
}
