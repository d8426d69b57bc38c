//! One outcome with everything in it: all verdicts, two subscriptions, holes, and text that tries to
//! be more than text wherever somebody else can choose it.

use std::sync::Arc;

use engine::check::Outcome;
use engine::check::accounts::{Accounts, Measure};
use engine::check::waivers::Waivers;
use engine::observe::{Hole, HoleCause, SeenAccount};
use jiff::Timestamp;
use rotation::drift::Demand;
use rotation::finding::FindingCode;
use rotation::observation::{Enrolment, Observation, PerSlot, Renewal, SeenPeriod, SharedKey};
use rotation::period::Period;
use rotation::profile::Profile;
use rotation::slot::KeySlot;

/// Text that is markup, a formula, a command to an agent, a terminal's and XML's forbidden letters.
pub(crate) const HOSTILE: &str = "=cmd|' /C calc'!A0 <script>alert(\"x\")</script>\n::error::owned\r\n\
                       ##vso[task.complete result=Succeeded]100% \u{1b}[31m\u{0}\u{202e} & | `@all`,;";

const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";
const YOUNG: Option<&str> = Some("2026-05-20T12:00:00Z");
const OLD: Option<&str> = Some("2026-01-01T00:00:00Z");

pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

pub(crate) fn demand() -> Demand {
    Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
        profile: Profile::Keys,
    }
}

pub(crate) fn account(place: &str, observation: Observation) -> SeenAccount {
    let (subscription, rest) = place.split_once('/').expect("a place in a subscription");
    let (group, name) = rest.split_once('/').expect("a name in a resource group");
    let id = format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/\
         storageAccounts/{name}"
    );
    SeenAccount {
        id: id.parse().expect("an id"),
        location: "westeurope".into(),
        tags: Arc::default(),
        observation,
    }
}

pub(crate) fn seen(
    key1: Option<&str>,
    key2: Option<&str>,
    enrolments: Vec<Enrolment>,
) -> Observation {
    Observation {
        key_times: PerSlot {
            key1: key1.map(moment),
            key2: key2.map(moment),
        },
        shared_key: SharedKey::Allowed,
        key_expiration_days: Some(90),
        enrolments,
        ..Observation::default()
    }
}

pub(crate) fn enrolled(vault: &str, renewal: Renewal, period: Option<&str>) -> Enrolment {
    Enrolment {
        vault: vault.to_owned(),
        name: "logs".to_owned(),
        active: Some(KeySlot::Key2),
        renewal,
        period: period.map(SeenPeriod::new),
        ..Enrolment::default()
    }
}

pub(crate) fn outcome(accounts: Vec<SeenAccount>, holes: Vec<Hole>) -> Outcome {
    let measure = Measure {
        demand: demand(),
        waivers: Waivers::default(),
        now: moment("2026-06-01T12:00:00Z"),
    };
    Outcome {
        as_of: measure.now,
        profile: measure.demand.profile,
        scope: vec!["every readable subscription".to_owned()],
        accounts: Accounts::judged(accounts, measure),
        holes,
        left_to_others: 0,
    }
}

/// Makes the outcome.
pub(crate) fn everything() -> Outcome {
    let at = |subscription: &str, name: &str| format!("{subscription}/rg-prod/{name}");
    let every30 = || enrolled("kv-prod", Renewal::Automatic, Some("P30D"));
    let due = Some("2026-03-10T00:00:00Z");
    let off = Observation {
        shared_key: SharedKey::Refused,
        ..seen(None, None, vec![])
    };
    let hostile = Enrolment {
        name: HOSTILE.to_owned(),
        active: None,
        ..enrolled(HOSTILE, Renewal::Unknown, Some(HOSTILE))
    };
    let waiver = "findings=key-overdue; owner=<b>platform</b>; expires=2026-09-30; \
                  reason=moves to Entra by autumn ##vso[task.complete] <script>alert(1)</script>";
    let tags = [("keyrotation-waiver", waiver), ("=tag", HOSTILE)];
    let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let waived = SeenAccount {
        tags: Arc::new(tags.into()),
        ..account(&at(FIRST, "stwaived"), seen(OLD, YOUNG, vec![]))
    };
    let accounts = vec![
        waived,
        account(&at(FIRST, "stdue"), seen(due, YOUNG, vec![])),
        account(
            &at(FIRST, "stfresh"),
            seen(YOUNG, Some("2026-05-31T12:00:01Z"), vec![every30()]),
        ),
        account(&at(FIRST, "stoff"), off),
        account(&at(FIRST, "stold"), seen(OLD, YOUNG, vec![])),
        account(&at(FIRST, "ststalled"), seen(OLD, OLD, vec![every30()])),
        account(
            &at(SECOND, "sthostile"),
            seen(YOUNG, None, vec![hostile, every30()]),
        ),
    ];
    let hole = |code, scope: &str, reason: &str| Hole {
        code,
        scope: scope.to_owned(),
        cause: HoleCause::Odd {
            reason: reason.to_owned(),
        },
    };
    let vault = format!(
        "/subscriptions/{FIRST}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-locked"
    );
    let holes = vec![
        hole(FindingCode::VaultUnreadable, &vault, "no JSON at line 1"),
        hole(FindingCode::ScopeUnreadable, HOSTILE, HOSTILE),
    ];
    outcome(accounts, holes)
}
