//! The findings of one account and their wording, the most pressing first.
//!
//! A verdict says how bad it is; a finding says why, so one account can have many.

use jiff::Timestamp;

use crate::drift::stall::{Owed, Stall};
use crate::drift::{Demand, is_from_the_future};
use crate::finding::{Finding, FindingCode};
use crate::observation::{Enrolment, Observation, Renewal, SharedKey};
use crate::period::{Period, RotationPeriod};
use crate::slot::KeySlot;

/// Says everything there is to say about the account.
pub(super) fn all(
    observation: &Observation,
    stall: &Stall<'_>,
    demand: &Demand,
    now: Timestamp,
) -> Vec<Finding> {
    if observation.shared_key == SharedKey::Refused {
        let message = "the account refuses requests signed with its keys".to_owned();
        return vec![Finding {
            code: FindingCode::SharedKeyOff,
            message,
        }];
    }
    let mut findings: Vec<Finding> = KeySlot::ALL
        .into_iter()
        .filter_map(|slot| about_key(slot, *observation.key_times.of(slot), demand, now))
        .chain(stall.owed().iter().map(about_stall))
        .chain(about_many(&observation.enrolments))
        .chain(
            observation
                .enrolments
                .iter()
                .filter_map(|one| about_enrolment(one, demand)),
        )
        .chain(about_expiry_policy(observation.key_expiration_days, demand))
        .collect();
    findings.sort_by_key(|finding| finding.code);
    findings
}

fn about_key(
    slot: KeySlot,
    created_at: Option<Timestamp>,
    demand: &Demand,
    now: Timestamp,
) -> Option<Finding> {
    let limit = demand.max_key_age;
    let Some(made) = created_at else {
        let message = format!("Azure does not say when {slot} was made");
        return Some(Finding {
            code: FindingCode::KeyAgeUnknown,
            message,
        });
    };
    if is_from_the_future(made, now) {
        let message = format!("{slot} was made at {made}, after the moment of this check");
        return Some(Finding {
            code: FindingCode::ClockSkew,
            message,
        });
    }
    let due_at = limit.after(made);
    if now > due_at {
        let message = format!("{slot}, made at {made}, outgrew the limit of {limit} at {due_at}");
        Some(Finding {
            code: FindingCode::KeyOverdue,
            message,
        })
    } else if demand.due_soon.after(now) >= due_at {
        let message = format!("{slot}, made at {made}, reaches the limit of {limit} at {due_at}");
        Some(Finding {
            code: FindingCode::KeyDueSoon,
            message,
        })
    } else {
        None
    }
}

fn about_stall(owed: &Owed<'_>) -> Finding {
    let slots: Vec<_> = owed.slots().map(KeySlot::as_str).collect();
    let Enrolment { vault, name, .. } = owed.enrolment;
    let message = format!(
        "vault `{vault}` (`{name}`) is to renew a key every {}, and has not renewed {} in time",
        owed.period,
        slots.join(" and "),
    );
    Finding {
        code: FindingCode::RotationStalled,
        message,
    }
}

fn about_many(enrolments: &[Enrolment]) -> Option<Finding> {
    if enrolments.len() < 2 {
        return None;
    }
    let names: Vec<_> = enrolments
        .iter()
        .map(|one| format!("`{}` in vault `{}`", one.name, one.vault))
        .collect();
    let message = format!(
        "the account is managed more than once: {}",
        names.join(", ")
    );
    Some(Finding {
        code: FindingCode::EnrolledTwice,
        message,
    })
}

fn about_enrolment(enrolment: &Enrolment, demand: &Demand) -> Option<Finding> {
    let Enrolment { vault, name, .. } = enrolment;
    let unclear = |what: &str| {
        let message = format!("the record `{name}` in vault `{vault}` {what}");
        Some(Finding {
            code: FindingCode::EnrolmentUnclear,
            message,
        })
    };
    match (enrolment.renewal, &enrolment.period) {
        (Renewal::OnRequest, _) => {
            let message = format!("vault `{vault}` (`{name}`) renews no key by itself");
            Some(Finding {
                code: FindingCode::AutoRegenerationOff,
                message,
            })
        }
        (Renewal::Unknown, _) => unclear("does not say whether the vault renews the keys"),
        (Renewal::Automatic, None) => unclear("does not say how often the vault renews a key"),
        (Renewal::Automatic, Some(period)) => match period.length() {
            None => unclear(&format!("has a period without an exact length, `{period}`")),
            Some(length) => about_period(enrolment, length, demand),
        },
    }
}

fn about_period(enrolment: &Enrolment, period: Period, demand: &Demand) -> Option<Finding> {
    let (key_life, limit) = (period.doubled(), demand.max_key_age);
    if key_life <= limit {
        return None;
    }
    let advice = match RotationPeriod::longest_for(limit) {
        Some(longest) => format!("at most {longest} keeps it"),
        None => "no period is short enough".to_owned(),
    };
    let vault = &enrolment.vault;
    let message = format!(
        "vault `{vault}` renews a key every {period}, so each lives {key_life}, beyond the limit \
         of {limit}; {advice}"
    );
    Some(Finding {
        code: FindingCode::PeriodTooLong,
        message,
    })
}

fn about_expiry_policy(days: Option<u32>, demand: &Demand) -> Option<Finding> {
    let limit = demand.max_key_age;
    let Some(days) = days else {
        let message = "the account has no key expiration period".to_owned();
        return Some(Finding {
            code: FindingCode::KeyExpiryPolicyMissing,
            message,
        });
    };
    (days > limit.days_rounded_up()).then(|| {
        let message = format!("the account's key expiration period is {days} days, over {limit}");
        Finding {
            code: FindingCode::KeyExpiryPolicyLooser,
            message,
        }
    })
}
