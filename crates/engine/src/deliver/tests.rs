//! Tests of what is done about what is found at a destination.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;
use crate::managed::Place;
use crate::managed::sas::DefinitionPlace;

fn source() -> Source {
    let enrolment = Place {
        vault: azure::id::VaultUrl::of_name("kv-emulator", &azure::cloud::Cloud::Public)
            .expect("a name"),
        name: "logs".parse().expect("a name"),
    };
    Source::Definition(DefinitionPlace {
        enrolment,
        name: "read".parse().expect("a name"),
    })
}

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

/// Holds a value with notes that are about it.
fn held(value: Option<&str>, notes: Notes) -> Held {
    let value = value.map(SecretString::from);
    Held {
        notes: Notes {
            fingerprint: value.as_ref().map(fingerprint),
            ..notes
        },
        value,
    }
}

/// Holds a value with notes that are about another one.
fn swapped(value: &str) -> Held {
    Held {
        value: Some(value.into()),
        ..held(Some("another"), notes())
    }
}

fn notes() -> Notes {
    Notes {
        source: Some(source().to_string()),
        minted: Some(at(0)),
        expires: Some(at(99)),
        ..Notes::default()
    }
}

const TERMS: Terms = Terms {
    lead: Lead {
        at_half: true,
        ahead: SignedDuration::ZERO,
    },
    always: false,
};

#[test]
fn a_token_is_judged_by_its_own_end_and_not_by_the_note() {
    let check = |held: Option<&Held>, hours: i64, expected: Verdict| {
        let found = judged(held, &source(), &Signing::default(), TERMS, at(hours));
        assert_eq!(found, expected, "{held:?}");
    };
    let token = "sv=2018-03-28&se=1970-01-01T04:00:00Z&sig=x";
    let good = held(Some(token), notes());
    check(Some(&good), 1, Verdict::Keep(Some(at(2))));
    let due = Verdict::Replace(Why::Token(Reason::Due));
    check(Some(&good), 3, due);
    let expired = Verdict::Replace(Why::Token(Reason::Expired));
    check(Some(&good), 4, expired);
    check(None, 1, Verdict::Replace(Why::Empty));
    check(Some(&held(None, notes())), 1, Verdict::Replace(Why::Empty));
    let other = Verdict::Replace(Why::OtherSource);
    check(Some(&swapped("changeme")), 1, other);
    check(Some(&swapped(token)), 1, other);
    let foreign = held(Some(token), Notes::default());
    check(Some(&foreign), 1, Verdict::Replace(Why::OtherSource));
}

#[test]
fn a_published_secret_is_compared_with_what_is_there() {
    let read = Fresh {
        value: "new".into(),
        notes: held(Some("new"), notes()).notes,
    };
    let check = |held: Option<Held>, expected: Verdict| {
        assert_eq!(compared(held.as_ref(), &read), expected);
    };
    check(None, Verdict::Replace(Why::Empty));
    check(Some(held(None, notes())), Verdict::Replace(Why::Empty));
    check(Some(swapped("new")), Verdict::Keep(None));
    check(Some(swapped("old")), Verdict::Replace(Why::OtherSource));
    check(Some(held(Some("new"), notes())), Verdict::Keep(None));
    check(
        Some(held(Some("old"), notes())),
        Verdict::Replace(Why::Changed),
    );
    let foreign = Some(held(Some("old"), Notes::default()));
    check(foreign, Verdict::Replace(Why::OtherSource));
}

#[test]
fn every_reason_has_words_of_its_own() {
    let reasons = [
        Reason::Unknown,
        Reason::Expired,
        Reason::KeyRenewed,
        Reason::KeyMayBeRenewed,
        Reason::BehindVault,
        Reason::Due,
    ];
    let mut all = vec![Why::Empty, Why::OtherSource, Why::Changed, Why::Asked];
    all.extend(reasons.map(Why::Token));
    let words: BTreeMap<_, _> = all.iter().map(|why| (why.as_str(), ())).collect();
    assert_eq!(words.len(), all.len());
}
