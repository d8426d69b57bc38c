//! The first line of a checkpoint: which scan it is of.
//!
//! What is looked at, and how closely, has to be the same for notes to be of use. How old a key may be
//! is not among it: that is judged anew, whatever it was when the notes were taken.

use engine::check::{Evidence, Question};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan_file::Text;

const FORMAT: &str = "keyrotation-checkpoint";
const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Head {
    format: String,
    version: u32,
    /// The version of the tool: another one may read more.
    tool: String,
    pub(super) begun_at: Text<Timestamp>,
    #[serde(flatten)]
    pub(crate) scan: Scan,
}

/// What a scan looks at, and how closely.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Scan {
    scope: Vec<String>,
    profile: String,
    evidence: String,
    compares_with_state: bool,
    reads_app_settings: bool,
    cloud: String,
}

impl Scan {
    /// Describes the scan that answers a question.
    pub(crate) fn new(question: &Question, reads_app_settings: bool, cloud: &str) -> Self {
        Self {
            scope: question.scope.words(),
            profile: question.demand.profile.to_string(),
            evidence: match question.evidence {
                Evidence::Needed => "needed".to_owned(),
                Evidence::Log => "log".to_owned(),
            },
            compares_with_state: question.declared.is_some(),
            reads_app_settings,
            cloud: cloud.to_owned(),
        }
    }
}

impl Head {
    pub(super) fn new(scan: Scan, begun_at: Timestamp) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            begun_at: Text(begun_at),
            scan,
        }
    }

    /// Tells whether the first line is that of some checkpoint, of this version or another.
    pub(super) fn is_ours(line: &[u8]) -> bool {
        let begin = beginning();
        let length = line.len().min(begin.len());
        line.get(..length) == begin.as_bytes().get(..length)
    }

    /// Says what makes a checkpoint of another scan than this one; nothing if it is of the same.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let (ours, theirs) = (&self.scan, &other.scan);
        let differs = |what: &str, ours: &str, theirs: &str| {
            (ours != theirs).then(|| format!("its {what} is `{theirs}`, not `{ours}`"))
        };
        let version = |head: &Self| format!("{}, form {}", head.tool, head.version);
        None.or_else(|| differs("version", &version(self), &version(other)))
            .or_else(|| differs("scope", &ours.scope.join("; "), &theirs.scope.join("; ")))
            .or_else(|| differs("profile", &ours.profile, &theirs.profile))
            .or_else(|| differs("evidence", &ours.evidence, &theirs.evidence))
            .or_else(|| differs("cloud", &ours.cloud, &theirs.cloud))
            .or_else(|| {
                let differs = "only one of the two compares with a state or reads app settings";
                (ours != theirs).then(|| differs.to_owned())
            })
    }
}

fn beginning() -> String {
    format!(r#"{{"format":"{FORMAT}","#)
}
