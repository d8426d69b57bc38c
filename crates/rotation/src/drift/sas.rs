//! Are the recipes for tokens ones that work, for as long as they say?

use crate::drift::Demand;
use crate::finding::{Finding, FindingCode};
use crate::observation::{Enrolment, Renewal, SasSeen, SeenPeriod};

/// The newest signed version that a vault can sign.
const NEWEST_SIGNED_VERSION: &str = "2018-03-28";

/// Says what is wrong with the definitions under a record.
pub(super) fn statements(enrolment: &Enrolment, demand: &Demand) -> Vec<Finding> {
    let about = |sas: &SasSeen| [too_long(enrolment, sas), too_new(enrolment, sas)];
    enrolment
        .sas
        .iter()
        .flat_map(about)
        .flatten()
        .map(|(code, message)| Finding::new(code, demand.profile, message))
        .collect()
}

/// A token that was minted just before a turn stays good for one more period, and no longer.
fn too_long(enrolment: &Enrolment, sas: &SasSeen) -> Option<(FindingCode, String)> {
    let period = enrolment.period.as_ref()?;
    let length = period.length()?;
    let is_longer = sas.validity.length()? > length && enrolment.renewal == Renewal::Automatic;
    is_longer.then(|| {
        let validity: &SeenPeriod = &sas.validity;
        let message = format!(
            "tokens of `{}` in vault `{}` live {validity}, longer than the period {period}",
            place(enrolment, sas),
            enrolment.vault,
        );
        (FindingCode::SasValidityTooLong, message)
    })
}

/// Versions are days, so their texts compare as they do.
fn too_new(enrolment: &Enrolment, sas: &SasSeen) -> Option<(FindingCode, String)> {
    let version = sas.signed_version.as_deref()?;
    (version > NEWEST_SIGNED_VERSION).then(|| {
        let message = format!(
            "tokens of `{}` in vault `{}` say signed version {version}, and a vault signs none \
             after {NEWEST_SIGNED_VERSION}",
            place(enrolment, sas),
            enrolment.vault,
        );
        (FindingCode::SasVersionTooNew, message)
    })
}

fn place(enrolment: &Enrolment, sas: &SasSeen) -> String {
    format!("{}/{}", enrolment.name, sas.name)
}
