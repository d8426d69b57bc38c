//! What stands in the way of an account that is to refuse its keys, and what was not looked at.

use crate::drift::Demand;
use crate::finding::{Finding, FindingCode};
use crate::observation::{AppsSeen, HeldKey, HeldWhat, Observation};

type Said = (FindingCode, String);

/// Says whether something needs the keys.
pub(super) fn statements(observation: &Observation, demand: &Demand) -> Vec<Finding> {
    let (held, unread) = match &observation.apps {
        AppsSeen::Unread => (&[] as &[HeldKey], Some(about_unread())),
        AppsSeen::Read { held } => (held.as_slice(), None),
    };
    let all = held.iter().map(about_held).chain(unread);
    all.chain([about_need(observation, held)])
        .map(|(code, message)| Finding::new(code, demand.profile, message))
        .collect()
}

fn about_held(held: &HeldKey) -> Said {
    let what = match held.what {
        HeldWhat::Key => "a key",
        HeldWhat::Token => "a token that a key has signed",
    };
    (FindingCode::KeyInAppSetting, format!("{held} holds {what}"))
}

fn about_unread() -> Said {
    let message = "whether app settings hold a key was not looked at".to_owned();
    (FindingCode::AppSettingsUnread, message)
}

fn about_need(observation: &Observation, held: &[HeldKey]) -> Said {
    let records = observation.enrolments.iter().map(|one| {
        let tokens = match one.sas.len() {
            0 => String::new(),
            1 => ", with 1 SAS definition".to_owned(),
            many => format!(", with {many} SAS definitions"),
        };
        format!("the record `{}` in vault `{}`{tokens}", one.name, one.vault)
    });
    let secrets = observation.published.iter();
    let secrets = secrets.map(|secret| format!("the vault secret `{secret}`, which holds a key"));
    let held = held.iter().map(HeldKey::to_string);
    let needs: Vec<_> = records.chain(secrets).chain(held).collect();
    if !needs.is_empty() {
        let message = format!("the keys are needed by {}", needs.join(" and "));
        return (FindingCode::SharedKeyNeeded, message);
    }
    let message = match observation.apps {
        AppsSeen::Unread => "no vault record and no published key that was seen needs the keys",
        AppsSeen::Read { .. } => {
            "no vault record, no published key and no app setting that was seen needs the keys"
        }
    };
    (FindingCode::SharedKeyUnneeded, message.to_owned())
}
