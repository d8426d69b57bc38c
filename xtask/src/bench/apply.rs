//! The provider under a real core, against the same count of the core's own `terraform_data` in the
//! same shape: each definition refers to a policy, which a core resolves anew for each of them.
//!
//! # The least requests
//! What no client can leave out, in requests for each object; sign-in, surroundings and pages of
//! lists come on top, a few for all. Key Vault has no batch, and none of its lists holds a period, an
//! active key or a template. So each object is read by itself (`plan`); before an object is made or
//! removed it is looked at, for it may be somebody else's; and each change is a request: an enrolment,
//! the role of Key Vault and the account's own expiration policy for a policy, one for a definition.

use std::path::{Path, PathBuf};
use std::time::Duration;

use std::ffi::OsStr;

use anyhow::Result;
use serde_json::{Value, json};

use super::bound;
use super::core::Core;
use super::fleet::{self, Fleet};
use super::measure::{self, Ended};
use super::section::{Section, Table, median, megabytes, milliseconds, ratio, seconds, shown};
use crate::emulator::Emulator;
use crate::process::Supervisor;
use crate::workspace::Programs;
use crate::{mirror, screen, tools};

/// How often a schema is asked for.
const SCHEMAS: usize = 7;

/// So many objects.
#[derive(Clone, Copy, Debug)]
struct Case {
    policies: u64,
    definitions: u64,
    throttled: bool,
}

const CASES: [Case; 6] = [
    Case::free(1, 0),
    Case::free(1, 1),
    Case::free(100, 0),
    Case::free(100, 100),
    Case::free(500, 500),
    Case {
        throttled: true,
        ..Case::free(500, 500)
    },
];

/// What a core is told to do, one after the other.
const OPERATIONS: [(&str, &[&str]); 4] = [
    ("plan of new ones", &["plan", "-input=false", "-out=made"]),
    ("apply", &["apply", "-input=false", "made"]),
    (
        "plan of old ones",
        &["plan", "-input=false", "-detailed-exitcode"],
    ),
    ("destroy", &["destroy", "-input=false", "-auto-approve"]),
];

/// What was measured of one operation.
struct Row {
    case: Case,
    operation: usize,
    ours: Ended,
    base: Duration,
    requests: usize,
    refused: usize,
}

impl Case {
    const fn free(policies: u64, definitions: u64) -> Self {
        Self {
            policies,
            definitions,
            throttled: false,
        }
    }

    fn words(&self) -> String {
        let limits = if self.throttled {
            ", published limits"
        } else {
            ""
        };
        format!(
            "{} policies + {} definitions{limits}",
            self.policies, self.definitions
        )
    }

    /// The least requests of an operation.
    fn least(&self, operation: usize) -> u64 {
        let (policies, definitions) = (self.policies, self.definitions);
        match operation {
            1 => 4 * policies + 2 * definitions,
            2 => policies + definitions,
            3 => 4 * policies + 2 * definitions,
            _ => 0,
        }
    }

    /// How long the limits make an operation wait, all policies being in one subscription: a role and
    /// an expiration policy are written for each, a role is deleted. The provider keeps to them whether
    /// anybody refuses or not, so they count without limits too.
    fn bound(&self, operation: usize) -> Duration {
        match operation {
            1 => bound::changes(2 * self.policies).max(bound::key_calls(self.policies)),
            3 => bound::changes(self.policies),
            _ => Duration::ZERO,
        }
    }

    fn configuration(&self) -> String {
        let Self {
            policies,
            definitions,
            ..
        } = self;
        let (subscription, group) = (fleet::subscription(0), fleet::GROUP);
        let vault = fleet::vault_uri(0);
        let account = fleet::account(0, 0);
        let stem = account.strip_suffix("0000").unwrap_or_default();
        format!(
            r#"terraform {{
  required_providers {{
    keyrotation = {{ source = "azure-keyrotation/keyrotation" }}
  }}
}}
provider "keyrotation" {{}}
resource "keyrotation_policy" "p" {{
  count              = {policies}
  storage_account_id = format("/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{stem}%04d", count.index)
  rotation_period    = "P30D"
  key_vault          = {{ vault_uri = "{vault}/" }}
}}
resource "keyrotation_sas_definition" "d" {{
  count           = {definitions}
  policy_id       = keyrotation_policy.p[count.index].id
  name            = "blobread4hours"
  services        = "b"
  resource_types  = "co"
  permissions     = "rl"
  validity_period = "PT4H"
}}
"#
        )
    }

    fn base(&self) -> String {
        let Self {
            policies,
            definitions,
            ..
        } = self;
        format!(
            r#"resource "terraform_data" "p" {{
  count = {policies}
  input = format("%04d", count.index)
}}
resource "terraform_data" "d" {{
  count = {definitions}
  input = terraform_data.p[count.index].id
}}
"#
        )
    }
}

/// Plans, applies, plans again and destroys so many objects.
pub(super) fn measure(supervisor: &Supervisor, programs: &Programs) -> Result<Section> {
    let terraform = tools::terraform(supervisor)?;
    let heads = [
        "resources",
        "operation",
        "ours",
        "`terraform_data`",
        "bound",
        "ours / (`terraform_data` + bound)",
        "requests",
        "least",
        "429",
        "peak",
    ];
    let (mut table, mut figures) = (Table::new(&heads, 2), Vec::new());
    for case in CASES {
        screen::say(&format!("  {}", case.words()));
        for row in rows(supervisor, programs, &terraform, case)? {
            screen::say(&format!("    {}", row.cells().join(" | ")));
            table.row(&row.cells());
            figures.push(row.figures());
        }
    }
    let schema = schema(supervisor, programs, &terraform)?;
    let text = format!(
        "{}\n\n`providers schema` with ours beyond that without, medians of {SCHEMAS}: {:.1} ms",
        table.text(),
        milliseconds(schema)
    );
    Ok(Section {
        name: "provider",
        text,
        figures: json!({"operations": figures, "schema_ms": milliseconds(schema)}),
    })
}

fn rows(
    supervisor: &Supervisor,
    programs: &Programs,
    terraform: &Path,
    case: Case,
) -> Result<Vec<Row>> {
    let sizes = Fleet {
        subscriptions: 1,
        accounts: case.policies,
    };
    let emulator = start(supervisor, programs, sizes, case.throttled)?;
    let settings = mirror::built::lay_out(emulator.folder(), &programs.provider)?;
    let core =
        |name, text: String| Core::open(supervisor, &emulator, (terraform, &settings), name, &text);
    let (base, ours) = (
        core("base", case.base())?,
        core("ours", case.configuration())?,
    );
    let mut rows = Vec::new();
    let mut before = emulator.journal()?.len();
    for (operation, (_, words)) in OPERATIONS.iter().enumerate() {
        let base = base.run(words)?.wall;
        let ours = ours.run(words)?;
        let journal = emulator.journal()?;
        let new = journal.get(before..).unwrap_or_default();
        rows.push(Row {
            case,
            operation,
            ours,
            base,
            requests: new.len(),
            refused: measure::refused(new),
        });
        before = journal.len();
    }
    Ok(rows)
}

fn start(
    supervisor: &Supervisor,
    programs: &Programs,
    fleet: Fleet,
    throttled: bool,
) -> Result<Emulator> {
    let file: PathBuf = fleet.write("provider")?;
    let throttle = if throttled {
        "--throttle=published"
    } else {
        "--throttle=off"
    };
    let options = [
        OsStr::new("--fleet"),
        file.as_os_str(),
        OsStr::new(throttle),
    ];
    Emulator::start(supervisor, &programs.keyrotation, &options)
}

/// Measures how long a core takes to ask for the schema of ours, its start included.
fn schema(supervisor: &Supervisor, programs: &Programs, terraform: &Path) -> Result<Duration> {
    let sizes = Fleet {
        subscriptions: 1,
        accounts: 1,
    };
    let emulator = start(supervisor, programs, sizes, false)?;
    let settings = mirror::built::lay_out(emulator.folder(), &programs.provider)?;
    let case = Case::free(1, 1);
    let with = |name, text: String| {
        let core = Core::open(supervisor, &emulator, (terraform, &settings), name, &text)?;
        let asked = (0..SCHEMAS).map(|_| core.run(&["providers", "schema", "-json"]));
        let walls = asked.map(|ended| ended.map(|ended| ended.wall));
        Ok::<_, anyhow::Error>(median(walls.collect::<Result<Vec<_>>>()?))
    };
    let base = with("base", case.base())?;
    Ok(with("ours", case.configuration())?.saturating_sub(base))
}

impl Row {
    fn compared(&self) -> Option<f64> {
        let bound = self.case.bound(self.operation);
        ratio(self.ours.wall, self.base + bound)
    }

    fn name(&self) -> &'static str {
        OPERATIONS.get(self.operation).map_or("", |(name, _)| name)
    }

    fn cells(&self) -> [String; 10] {
        [
            self.case.words(),
            self.name().to_owned(),
            seconds(self.ours.wall),
            seconds(self.base),
            seconds(self.case.bound(self.operation)),
            shown(self.compared()),
            self.requests.to_string(),
            self.case.least(self.operation).to_string(),
            self.refused.to_string(),
            megabytes(self.ours.child_peak),
        ]
    }

    fn figures(&self) -> Value {
        json!({
            "policies": self.case.policies,
            "definitions": self.case.definitions,
            "throttled": self.case.throttled,
            "operation": self.name(),
            "wall_ms": milliseconds(self.ours.wall),
            "terraform_data_ms": milliseconds(self.base),
            "bound_ms": milliseconds(self.case.bound(self.operation)),
            "ratio": self.compared(),
            "requests": self.requests,
            "least": self.case.least(self.operation),
            "refused_429": self.refused,
            "provider_peak_bytes": self.ours.child_peak,
        })
    }
}
