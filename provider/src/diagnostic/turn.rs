//! Why a turn on request was not made, worded.

use engine::managed::turn::TurnError;
use plugin::{Diagnostic, Path};

use super::{request_id, sentence, step};

/// Words a turn that was not made, or of which that cannot be told.
pub(crate) fn turn(error: &TurnError) -> Diagnostic {
    let said = sentence(error);
    let (summary, way_out) = match error {
        TurnError::Step(error) => return step(error),
        TurnError::Unclear { last, .. } => return unclear(&said, &request_id(last)),
        TurnError::NotEnrolled { .. } => (
            "Not an enrolment",
            "Only enrolled accounts can be rotated this way; enrol it with `keyrotation_policy`.",
        ),
        TurnError::NoAccount { .. } => (
            "Storage account not found",
            "The account was deleted, or the caller may not see it: it needs the role `Reader` on \
             it. If it is gone, end the enrolment.",
        ),
        TurnError::NoActiveKey { .. } | TurnError::OddDefinition { .. } => (
            "The vault's record is not understood",
            "Without it nobody can tell which tokens would die. Look at the record in the vault, \
             and correct it.",
        ),
        TurnError::TooEarly { .. } => (
            "Too early to rotate",
            "The idle key signed tokens until it stopped being the active one, and they would die \
             with it. Rotate again after that time.",
        ),
        TurnError::Overtaken { .. } => (
            "Somebody else was there first",
            "Another run, a person or the vault itself may have rotated the keys: look at their \
             creation times, and rotate again if it is still needed.",
        ),
        TurnError::IdleSinceUnknown { .. } => (
            "Unknown which tokens would die",
            "Change the enrolment in any way, such as by a tag, wait for the longest validity \
             period of its SAS definitions, and rotate again.",
        ),
    };
    let detail = format!("{said} Nothing was changed.\n\n{way_out}");
    Diagnostic::error(summary, detail).at(Path::attribute("policy_id"))
}

fn unclear(said: &str, request_id: &str) -> Diagnostic {
    let detail = format!(
        "{said}{request_id}\n\nThe request was sent once and will not be repeated. Wait some \
         minutes and look at the creation times of the account's keys: if the key is new, the \
         rotation is done. Rotate again only if it is not."
    );
    Diagnostic::error("Unclear whether the key was regenerated", detail)
        .at(Path::attribute("policy_id"))
}
