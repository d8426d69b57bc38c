//! What to do about an account's enrolment in a vault, given what the vault holds under its name.
//!
//! An enrolment is Key Vault's record that it manages the keys of one account. Which key is active
//! is the vault's business once the record exists, so no decision here ever looks at it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::period::RotationPeriod;

/// The settings of an enrolment that an owner can declare and change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether the vault renews keys by itself.
    pub auto_regenerate: bool,
    /// How often it does; `None` where the vault holds a text that is no usable period.
    pub period: Option<RotationPeriod>,
    /// Whether the record is in use at all.
    pub enabled: bool,
    /// The tags on the vault's record.
    pub tags: BTreeMap<String, String>,
}

/// What the vault holds under the wanted name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing: the name is free.
    Nothing,
    /// A living record.
    Living {
        /// Whose account it manages.
        account: Whose,
        /// Its settings.
        terms: Terms,
    },
    /// A deleted record that still holds the name and can be brought back.
    Deleted {
        /// Whose account it managed.
        account: Whose,
    },
}

/// Whether a record is about the account in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It is about the wanted account.
    Wanted,
    /// It is about some other account.
    Another,
}

/// What creating an enrolment comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// Make the record.
    Enrol,
    /// Bring the deleted record back, then bring its settings up to date.
    Recover,
    /// Take the record as it is: it is what an interrupted creation leaves behind.
    Adopt,
    /// Refuse: somebody else made a record that differs; it has to be imported instead.
    RefuseExisting,
    /// Refuse: the name belongs to the record of another account.
    RefuseForeign,
}

/// Decides how to come to an enrolment with the wanted terms.
///
/// A living record is only adopted when it already is exactly what was asked for. Then it cannot
/// be told from the trace of an earlier run that was killed after its request, and taking it
/// changes nothing for whoever else might have made it.
pub fn decide_creation(found: &Found, wanted: &Terms) -> Creation {
    match found {
        Found::Nothing => Creation::Enrol,
        Found::Living {
            account: Whose::Another,
            ..
        }
        | Found::Deleted {
            account: Whose::Another,
        } => Creation::RefuseForeign,
        Found::Deleted {
            account: Whose::Wanted,
        } => Creation::Recover,
        Found::Living {
            account: Whose::Wanted,
            terms,
        } if terms == wanted => Creation::Adopt,
        Found::Living {
            account: Whose::Wanted,
            ..
        } => Creation::RefuseExisting,
    }
}

/// The settings that have to be sent to turn one set of terms into another; the rest stays unsaid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermsChange {
    /// The new switch, if it changes.
    pub auto_regenerate: Option<bool>,
    /// The new state of use, if it changes.
    pub enabled: Option<bool>,
    /// The new period, if it changes.
    pub period: Option<RotationPeriod>,
    /// All tags, if any of them changes.
    pub tags: Option<BTreeMap<String, String>>,
}

impl TermsChange {
    /// Finds what differs between the terms in force and the wanted ones.
    pub fn between(present: &Terms, wanted: &Terms) -> Self {
        Self {
            auto_regenerate: (present.auto_regenerate != wanted.auto_regenerate)
                .then_some(wanted.auto_regenerate),
            enabled: (present.enabled != wanted.enabled).then_some(wanted.enabled),
            period: wanted
                .period
                .filter(|period| present.period != Some(*period)),
            tags: (present.tags != wanted.tags).then(|| wanted.tags.clone()),
        }
    }

    /// Tells whether nothing has to be sent.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// When a record was made, and when it was changed last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordTimes {
    /// Made, or last reset by a regeneration through the vault.
    pub created: Option<Timestamp>,
    /// Changed in any way.
    pub updated: Option<Timestamp>,
}

/// Says when the vault is next expected to renew a key.
///
/// The vault publishes no such date. A turn comes one period after the last one, and the last one
/// left its mark as the younger key's creation time, or, before the first turn, as the creation of
/// the record itself. If the terms were changed when that date had already passed, the period can
/// only have begun with the change. `None` if the vault does not renew by itself, or if nothing is
/// known of the keys.
pub fn next_turn(
    terms: &Terms,
    record: RecordTimes,
    key_times: [Option<Timestamp>; 2],
) -> Option<Timestamp> {
    let period = terms.period.filter(|_| terms.auto_regenerate)?.period();
    let youngest_key = key_times.into_iter().flatten().max()?;
    let due = period.after(
        record
            .created
            .map_or(youngest_key, |made| made.max(youngest_key)),
    );
    match record.updated {
        Some(updated) if due < updated => Some(period.after(updated)),
        _ => Some(due),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(auto_regenerate: bool, period: &str, tags: &[(&str, &str)]) -> Terms {
        Terms {
            auto_regenerate,
            period: period.parse().ok(),
            enabled: true,
            tags: tags
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect(),
        }
    }

    fn living(account: Whose, terms: Terms) -> Found {
        Found::Living { account, terms }
    }

    #[test]
    fn creation_never_overwrites_what_it_did_not_make() {
        let wanted = terms(true, "P30D", &[("team", "a")]);
        let check = |found: Found, expected| {
            assert_eq!(decide_creation(&found, &wanted), expected, "{found:?}");
        };
        check(Found::Nothing, Creation::Enrol);
        check(living(Whose::Wanted, wanted.clone()), Creation::Adopt);
        check(
            living(Whose::Wanted, terms(true, "P31D", &[("team", "a")])),
            Creation::RefuseExisting,
        );
        check(
            living(Whose::Wanted, terms(true, "P30D", &[])),
            Creation::RefuseExisting,
        );
        check(
            living(Whose::Another, wanted.clone()),
            Creation::RefuseForeign,
        );
        check(
            Found::Deleted {
                account: Whose::Wanted,
            },
            Creation::Recover,
        );
        check(
            Found::Deleted {
                account: Whose::Another,
            },
            Creation::RefuseForeign,
        );
    }

    #[test]
    fn a_change_names_only_what_differs() {
        let present = terms(true, "P30D", &[("a", "1")]);
        let check = |wanted: Terms, expected: TermsChange| {
            assert_eq!(TermsChange::between(&present, &wanted), expected);
        };
        check(present.clone(), TermsChange::default());
        check(
            terms(true, "P15D", &[("a", "1")]),
            TermsChange {
                period: "P15D".parse().ok(),
                ..TermsChange::default()
            },
        );
        check(
            terms(false, "P30D", &[]),
            TermsChange {
                auto_regenerate: Some(false),
                tags: Some(BTreeMap::new()),
                ..TermsChange::default()
            },
        );
    }

    #[test]
    fn a_period_the_vault_holds_in_unusable_form_is_replaced() {
        let change = TermsChange::between(&terms(true, "P1M", &[]), &terms(true, "P30D", &[]));
        assert_eq!(change.period, "P30D".parse().ok());
    }

    fn check_turn(auto: bool, record: [&str; 2], keys: [&str; 2], expected: &str) {
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let [created, updated] = record.map(at);
        let times = RecordTimes { created, updated };
        let found = next_turn(&terms(auto, "P30D", &[]), times, keys.map(at));
        assert_eq!(found, at(expected), "{record:?} {keys:?}");
    }

    #[test]
    fn the_next_turn_counts_from_the_last_trace_of_one() {
        let (january, february) = ("2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z");
        let march = "2026-03-02T00:00:00Z";
        check_turn(true, [january, ""], ["2025-06-01T00:00:00Z", ""], february);
        check_turn(
            true,
            [january, ""],
            [march, february],
            "2026-04-01T00:00:00Z",
        );
        check_turn(true, ["", ""], [march, ""], "2026-04-01T00:00:00Z");
    }

    #[test]
    fn terms_that_were_changed_after_the_turn_was_due_begin_a_period() {
        let (january, march) = ("2026-01-01T00:00:00Z", "2026-03-02T00:00:00Z");
        check_turn(
            true,
            [january, march],
            [january, january],
            "2026-04-01T00:00:00Z",
        );
        let tagged = "2026-01-20T00:00:00Z";
        check_turn(
            true,
            [january, tagged],
            [january, january],
            "2026-01-31T00:00:00Z",
        );
    }

    #[test]
    fn there_is_no_next_turn_without_renewal_or_key_times() {
        let january = "2026-01-01T00:00:00Z";
        check_turn(false, [january, ""], [january, january], "");
        check_turn(true, [january, ""], ["", ""], "");
    }
}
