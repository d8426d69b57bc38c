//! What there is to say about the vault records of an account, and about who declared them.

use jiff::Timestamp;

use crate::drift::{Demand, sas};
use crate::enrolment::RecordTimes;
use crate::finding::{Finding, FindingCode};
use crate::observation::{
    Declared, DeletedEnrolment, Enrolment, Observation, Renewal, RoleSeen, SeenPeriod,
};
use crate::origin::{self, Origin, Record, Turns};
use crate::period::{Period, RotationPeriod};

type Said = (FindingCode, String);

/// Says everything about the records.
pub(super) fn statements(observation: &Observation, demand: &Demand) -> Vec<Finding> {
    let enrolments = &observation.enrolments;
    let of_each = enrolments.iter().flat_map(|one| {
        let own = [
            about_terms(one, demand),
            about_role(one),
            about_others(one, observation),
        ];
        own.into_iter().flatten()
    });
    about_many(enrolments)
        .into_iter()
        .chain(about_declaration(observation))
        .chain(of_each)
        .chain(observation.deleted_enrolments.iter().map(about_deleted))
        .map(|(code, message)| Finding::new(code, demand.profile, message))
        .chain(
            enrolments
                .iter()
                .flat_map(|one| sas::statements(one, demand)),
        )
        .collect()
}

fn about_many(enrolments: &[Enrolment]) -> Option<Said> {
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
    Some((FindingCode::EnrolledTwice, message))
}

fn about_declaration(observation: &Observation) -> Option<Said> {
    match (&observation.declared, observation.enrolments.first()) {
        (Declared::Enrolled { address }, None) => {
            let message = format!("`{address}` says that a vault manages it, and no vault does");
            Some((FindingCode::DeclaredNotEnrolled, message))
        }
        (Declared::Not, Some(Enrolment { vault, name, .. })) => {
            let message = format!(
                "vault `{vault}` (`{name}`) manages it, and the configuration does not say so"
            );
            Some((FindingCode::EnrolledNotDeclared, message))
        }
        (Declared::Unasked | Declared::Not | Declared::Enrolled { .. }, _) => None,
    }
}

fn about_terms(enrolment: &Enrolment, demand: &Demand) -> Option<Said> {
    let Enrolment { vault, name, .. } = enrolment;
    let unclear = |what: &str| {
        let message = format!("the record `{name}` in vault `{vault}` {what}");
        Some((FindingCode::EnrolmentUnclear, message))
    };
    match (enrolment.renewal, &enrolment.period) {
        (Renewal::OnRequest, _) => {
            let message = format!("vault `{vault}` (`{name}`) renews no key by itself");
            Some((FindingCode::AutoRegenerationOff, message))
        }
        (Renewal::Unknown, _) => unclear("does not say whether the vault renews the keys"),
        (Renewal::Automatic, None) => unclear("does not say how often the vault renews a key"),
        (Renewal::Automatic, Some(period)) => match period.length() {
            None => unclear(&format!("has a period without an exact length, `{period}`")),
            Some(length) => about_period(enrolment, length, demand),
        },
    }
}

fn about_period(enrolment: &Enrolment, period: Period, demand: &Demand) -> Option<Said> {
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
    Some((FindingCode::PeriodTooLong, message))
}

fn about_role(enrolment: &Enrolment) -> Option<Said> {
    let Enrolment { vault, name, .. } = enrolment;
    (enrolment.role == RoleSeen::Missing).then(|| {
        let message = format!(
            "vault `{vault}` (`{name}`) is to renew the keys, and Key Vault has no role on the \
             account that lets it"
        );
        (FindingCode::VaultRoleMissing, message)
    })
}

/// A key that somebody else regenerated is one that the vault does not know.
fn about_others(enrolment: &Enrolment, observation: &Observation) -> Option<Said> {
    let record = record(enrolment)?;
    let times = &observation.key_times;
    let is_foreign = origin::of_active(&record, times, None) == Some(Origin::Elsewhere);
    let (slot, what) = if is_foreign {
        let what = "signs its tokens with the key that it remembers, so they are refused";
        (record.active, what)
    } else if origin::idle_is_foreign(&record, times) {
        (record.active.other(), "has it as the idle key")
    } else {
        return None;
    };
    let made = (*times.of(slot))?;
    let message = format!(
        "{slot}, made at {made}, was regenerated without vault `{}` (`{}`), which {what}",
        enrolment.vault, enrolment.name
    );
    Some((FindingCode::RegeneratedBehindVault, message))
}

fn record(enrolment: &Enrolment) -> Option<Record> {
    let period = enrolment.period.as_ref().and_then(SeenPeriod::length);
    Some(Record {
        active: enrolment.active?,
        times: RecordTimes {
            created: enrolment.enrolled_at,
            updated: None,
        },
        turns: match (enrolment.renewal, period) {
            (Renewal::OnRequest, _) => Turns::Never,
            (Renewal::Automatic, Some(period)) => Turns::Every(period),
            (Renewal::Automatic, None) | (Renewal::Unknown, _) => Turns::Untold,
        },
    })
}

fn about_deleted(deleted: &DeletedEnrolment) -> Said {
    let DeletedEnrolment { vault, name, .. } = deleted;
    let until = deleted
        .purged_at
        .map(|moment: Timestamp| format!(" until {moment}"))
        .unwrap_or_default();
    let message =
        format!("the record `{name}` in vault `{vault}` is deleted and can be recovered{until}");
    (FindingCode::EnrolmentSoftDeleted, message)
}
