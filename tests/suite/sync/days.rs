//! The whole picture: a role, a policy, an enrolment whose keys change every day, a SAS definition, a
//! token in a secret of a cluster, and a pod that shows a picture with it for ten days.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::place;
use tests::process::{Running, wait_for};
use tests::terraform::{REQUIRED, Terraform};

use super::{DEFINITION, into_cluster, text};

const POD: &str = include_str!("pod.py");
/// A picture of one grey dot.
pub(super) const PICTURE: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8M\
CgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=";
const CLUSTER_TOKEN: &str = "the-token-of-the-pod";
const DAYS: usize = 10;

fn configuration() -> String {
    let account = fleet::account_id(ACCOUNT);
    format!(
        r#"
{REQUIRED}
resource "keyrotation_policy" "logs" {{
  storage_account_id = "{account}"
  rotation_period    = "P1D"
  key_vault = {{
    vault_uri    = "https://{VAULT}.vault.azure.net/"
    name         = "logs"
    grant_access = true
  }}
}}

resource "keyrotation_sas_definition" "picture" {{
  policy_id       = keyrotation_policy.logs.id
  name            = "{DEFINITION}"
  services        = "b"
  resource_types  = "sco"
  permissions     = "rwu"
  validity_period = "PT4H"
}}
"#
    )
}

/// The pod, and what it has counted.
struct Pod {
    running: Running,
    stop: PathBuf,
    counts: PathBuf,
}

impl Pod {
    fn start(emulator: &Emulator) -> Result<Self> {
        let folder = emulator.scratch().folder("pod")?;
        let program = folder.join("pod.py");
        fs::write(&program, POD).context("cannot write the pod")?;
        let (stop, counts) = (folder.join("stop"), folder.join("counts.json"));
        let mut command = emulator.command(&place::python()?);
        command.arg(&program);
        command.arg(format!(
            "{}/api/v1/namespaces/team/secrets/storage",
            fleet::CLUSTER_API
        ));
        command.arg(format!("https://{ACCOUNT}.blob.core.windows.net/pictures"));
        command.arg(&stop).arg(&counts);
        command
            .env("CLUSTER_TOKEN", CLUSTER_TOKEN)
            .env("PICTURE", PICTURE);
        let running = Running::start(&mut command)?;
        Ok(Self {
            running,
            stop,
            counts,
        })
    }

    fn count(&self, name: &str) -> u64 {
        let text = fs::read_to_string(&self.counts).unwrap_or_default();
        let counts: Value = serde_json::from_str(&text).unwrap_or_default();
        counts.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    /// Waits until the pod has read the token anew and looked at the picture with it.
    fn look(&mut self) -> Result<()> {
        let wanted = self.count("reads") + 3;
        let found = wait_for("the pod to look", Duration::from_secs(20), || {
            ensure!(!self.running.has_ended()?, "the pod has ended");
            Ok((self.count("reads") >= wanted).then_some(()))
        });
        found.with_context(|| self.running.stderr())
    }

    fn finish(self) -> Result<Value> {
        fs::write(&self.stop, "").context("cannot stop the pod")?;
        let said = self.running.finish()?;
        said.expect_code(0)?;
        let text = fs::read_to_string(&self.counts).context("the pod has counted nothing")?;
        serde_json::from_str(&text).context("the counts are no JSON")
    }
}

#[test]
fn a_pod_shows_its_picture_for_ten_days_of_daily_rotation() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[]);
    let fleet = fleet::with_cluster(fleet::with_vaults(&accounts, &[vault]), CLUSTER_TOKEN);
    let emulator = Emulator::start_with_storage(&fleet)?;
    let terraform = Terraform::open(&emulator, "picture", &configuration())?;
    terraform.apply()?;
    terraform.expect_empty_plan()?;

    let (code, row) = into_cluster(&emulator, &["--restart", "deployment/web"])?;
    ensure!(
        code == Some(0) && text(&row, "outcome") == "replaced",
        "{row}"
    );
    let mut pod = Pod::start(&emulator)?;
    pod.look()?;
    let mut signers = vec![text(&row, "key").to_owned()];
    for _ in 0..DAYS * 8 {
        emulator.advance("PT3H")?;
        pod.look()?;
        let (code, row) = into_cluster(&emulator, &[])?;
        ensure!(
            code == Some(0) && text(&row, "outcome") == "replaced",
            "{row}"
        );
        signers.push(text(&row, "key").to_owned());
        pod.look()?;
    }
    let counts = pod.finish()?;
    assert_eq!(counts.get("failed"), Some(&json!(0)), "{counts}");
    assert_eq!(counts.get("tokens"), Some(&json!(DAYS * 8 + 1)), "{counts}");

    // The signing key changed with every rotation, and each was known by name.
    let turns = signers
        .windows(2)
        .filter(|two| two.first() != two.last())
        .count();
    assert_eq!(turns, DAYS, "{signers:?}");
    let (code, report) = cli::check(&emulator, &[])?;
    assert_eq!(code, Some(0), "{report}");
    terraform.expect_empty_plan()?;
    expect_one_apply_each(&emulator)
}

/// The secret was never deleted, and changed by applies alone.
fn expect_one_apply_each(emulator: &Emulator) -> Result<()> {
    for never in [
        "deleteCoreV1NamespacedSecret",
        "replaceCoreV1NamespacedSecret",
        "unmodelled",
    ] {
        assert_eq!(emulator.count(never)?, 0, "{never}");
    }
    let applied = emulator.count("patchCoreV1NamespacedSecret")?;
    assert_eq!(applied, DAYS * 8 + 1);
    assert_eq!(emulator.count("patchAppsV1NamespacedDeployment")?, 1);
    Ok(())
}
