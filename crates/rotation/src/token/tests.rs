//! Tests of how long a token is kept.

use proptest::prelude::{any, prop_assert, proptest};

use super::*;
use crate::enrolment::RecordTimes;
use crate::origin::Turns;

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000 + hours)
}

fn placed(slot: Option<KeySlot>) -> Placed {
    Placed {
        minted: Some(at(0)),
        expires: Some(at(4)),
        slot,
        key_made: None,
    }
}

const HALF: Lead = Lead {
    at_half: true,
    ahead: SignedDuration::ZERO,
};

fn check(placed: Placed, signing: Signing, hours: i64, expected: Judgement) {
    let found = judge(&placed, &signing, HALF, at(hours));
    assert_eq!(found, expected, "{placed:?} {signing:?} at {hours}");
}

fn keys(key1: i64, key2: i64) -> Signing {
    Signing {
        key_times: KeyTimes {
            key1: Some(at(key1)),
            key2: Some(at(key2)),
        },
        next: None,
        record: None,
    }
}

#[test]
fn a_token_is_replaced_at_half_of_its_life() {
    let token = placed(Some(KeySlot::Key1));
    let keep = Judgement::Keep { until: at(2) };
    check(token, Signing::default(), 0, keep);
    check(token, Signing::default(), 1, keep);
    check(
        token,
        Signing::default(),
        2,
        Judgement::Replace(Reason::Due),
    );
    check(
        token,
        Signing::default(),
        4,
        Judgement::Replace(Reason::Expired),
    );
}

#[test]
fn a_token_dies_with_the_key_that_signed_it() {
    let token = placed(Some(KeySlot::Key1));
    let keep = Judgement::Keep { until: at(2) };
    check(token, keys(-9, 1), 1, keep);
    check(
        token,
        keys(1, -9),
        1,
        Judgement::Replace(Reason::KeyRenewed),
    );
    check(
        token,
        keys(0, -9),
        1,
        Judgement::Replace(Reason::KeyRenewed),
    );
    check(
        placed(None),
        keys(-9, 1),
        1,
        Judgement::Replace(Reason::KeyMayBeRenewed),
    );
    check(placed(None), keys(-9, -9), 1, keep);
}

#[test]
fn the_time_of_the_key_is_compared_exactly_where_it_was_noted() {
    let token = Placed {
        key_made: Some(at(0)),
        ..placed(Some(KeySlot::Key1))
    };
    let keep = Judgement::Keep { until: at(2) };
    check(token, keys(0, -9), 1, keep);
    check(token, keys(0, 1), 1, keep);
    let renewed = Judgement::Replace(Reason::KeyRenewed);
    check(token, keys(1, -9), 1, renewed);
}

#[test]
fn what_is_not_known_never_keeps_a_token() {
    for token in [
        Placed::default(),
        Placed {
            minted: None,
            ..placed(None)
        },
        Placed {
            expires: None,
            ..placed(None)
        },
    ] {
        check(token, keys(-9, -9), 0, Judgement::Replace(Reason::Unknown));
    }
}

#[test]
fn the_turn_that_renews_its_key_is_waited_for_by_no_token() {
    let token = Placed {
        expires: Some(at(100)),
        ..placed(Some(KeySlot::Key1))
    };
    let signing = |active| Signing {
        next: Some(NextTurn {
            at: at(10),
            active,
            period: Period::days(1),
        }),
        ..keys(-9, -9)
    };
    let keep = |hours| Judgement::Keep { until: at(hours) };
    check(token, signing(KeySlot::Key2), 0, keep(5));
    check(token, signing(KeySlot::Key1), 0, keep(17));
    check(
        Placed {
            slot: None,
            ..token
        },
        signing(KeySlot::Key1),
        0,
        keep(5),
    );
}

#[test]
fn a_turn_that_is_late_shortens_no_life() {
    let next = NextTurn {
        at: at(-100),
        active: KeySlot::Key1,
        period: Period::days(1),
    };
    let signing = Signing {
        next: Some(next),
        ..keys(-200, -200)
    };
    let keep = Judgement::Keep { until: at(2) };
    check(placed(Some(KeySlot::Key1)), signing, 0, keep);
}

#[test]
fn a_run_that_comes_seldom_replaces_early() {
    let check = |at_half, hours, expected| {
        let ahead = SignedDuration::from_hours(hours);
        let lead = Lead { at_half, ahead };
        let token = placed(Some(KeySlot::Key1));
        let found = judge(&token, &Signing::default(), lead, at(0));
        assert_eq!(
            found,
            Judgement::Keep {
                until: at(expected)
            }
        );
        let told = refresh_at(&token, &Signing::default(), lead);
        assert_eq!(told, Some(at(expected)));
    };
    check(true, 3, 1);
    check(true, 1, 2);
    check(false, 1, 3);
}

#[test]
fn a_lead_longer_than_a_life_leaves_a_quarter_of_it() {
    let lead = Lead {
        at_half: true,
        ahead: SignedDuration::from_hours(24),
    };
    let token = placed(Some(KeySlot::Key1));
    let found = judge(&token, &Signing::default(), lead, at(0));
    assert_eq!(found, Judgement::Keep { until: at(1) });
}

#[test]
fn a_token_of_the_future_is_not_believed() {
    let unknown = Judgement::Replace(Reason::Unknown);
    check(placed(Some(KeySlot::Key1)), Signing::default(), -1, unknown);
}

#[test]
fn a_token_of_a_key_that_the_vault_does_not_know_is_dead_from_birth() {
    let record = Record {
        active: KeySlot::Key1,
        times: RecordTimes {
            created: Some(at(-50)),
            updated: Some(at(-50)),
        },
        turns: Turns::Never,
    };
    let signing = Signing {
        record: Some(record),
        ..keys(-9, -90)
    };
    let made_with = |slot, key_made| Placed {
        key_made: Some(at(key_made)),
        ..placed(slot)
    };
    let dead = Judgement::Replace(Reason::BehindVault);
    check(made_with(Some(KeySlot::Key1), -9), signing, 1, dead);
    check(placed(None), signing, 1, dead);
    let keep = Judgement::Keep { until: at(2) };
    check(made_with(Some(KeySlot::Key2), -90), signing, 1, keep);
    assert_eq!(signing.origin(&Placed::default()), Some(Origin::Elsewhere));
}

proptest! {
    #[test]
    fn no_kept_token_is_dead_or_outlives_its_moment(
        expires in -50_i64..50, key1 in -50_i64..50, key2 in -50_i64..50, now in -50_i64..50,
        slot in any::<Option<bool>>(), ahead in 0_i64..20,
    ) {
        let slot = slot.map(|one| if one { KeySlot::Key1 } else { KeySlot::Key2 });
        let token = Placed { minted: Some(at(0)), expires: Some(at(expires)), slot, key_made: None };
        let lead = Lead { at_half: true, ahead: SignedDuration::from_hours(ahead) };
        let found = judge(&token, &keys(key1, key2), lead, at(now));
        if let Judgement::Keep { until } = found {
            prop_assert!(now < expires && until > at(now) && until <= at(expires));
            let signer_is_older = match slot {
                Some(KeySlot::Key1) => key1 < 0,
                Some(KeySlot::Key2) => key2 < 0,
                None => key1 < 0 && key2 < 0,
            };
            prop_assert!(signer_is_older);
        }
    }
}
