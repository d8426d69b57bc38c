//! What a look into the settings of apps says and keeps.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{FORMS, Secrets};

#[test]
fn a_look_into_app_settings_says_and_keeps_no_secret() -> Result<()> {
    let emulator = crate::apps::with_a_key_in_settings()?;
    let secrets = Secrets::of(&emulator)?;
    // A hole, so that the checkpoint is kept.
    let refusal = json!({ "status": 403, "code": "AuthorizationFailed" });
    emulator.set_fault(&json!({
        "operation": "WebApps_ListApplicationSettings", "nth": 2, "fault": refusal,
    }))?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command.env("RUST_LOG", "trace").args([
        "--verbose",
        "check",
        "--profile=entra",
        "--app-settings",
        "--checkpoint=scan",
    ]);
    for form in FORMS {
        command.arg(format!("--output={form}={form}.report"));
    }
    let said = tests::process::run(&mut command)?;
    secrets.expect_none_said("check --app-settings", &said)?;
    let files = FORMS.iter().map(|form| format!("{form}.report"));
    for name in files.chain(["scan".to_owned()]) {
        let content = std::fs::read(emulator.scratch().path().join(&name))?;
        let says = String::from_utf8_lossy(&content).contains("AzureWebJobsStorage");
        ensure!(
            says || name == "prometheus.report",
            "{name} does not name the setting"
        );
        secrets.expect_none_in(&name, &content)?;
    }
    Ok(())
}
