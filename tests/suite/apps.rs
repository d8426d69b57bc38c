//! `check --profile entra --app-settings` on the emulator: keys in the settings of apps.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::arm;
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT};

const NOW: &str = "2026-06-01T00:00:00Z";
const YOUNG: Option<&str> = Some("2026-05-20T00:00:00Z");
const ENTRA: [&str; 2] = ["--profile", "entra"];
const SEARCH: [&str; 3] = ["--profile", "entra", "--app-settings"];

/// One young account and two function apps, and an application that may only read.
fn start() -> Result<Emulator> {
    let mut fleet = fleet::of(&[fleet::account(ACCOUNT, YOUNG)], Some(NOW));
    let subscription = fleet.pointer_mut("/subscriptions/0").context("none")?;
    let fields = subscription.as_object_mut().context("no object")?;
    let apps = json!([fleet::app("func-logs"), fleet::app("web-logs")]);
    fields.insert("sites".to_owned(), apps);
    let fields = fleet.as_object_mut().context("no object")?;
    let scope = format!("/subscriptions/{}", fleet::SUBSCRIPTION);
    fields.insert(
        "applications".to_owned(),
        json!([{
            "client_id": READER, "object_id": "33333333-3333-4333-8333-333333333334",
            "client_secret": "known", "roles": [{ "role": "Reader", "scope": scope }],
        }]),
    );
    Emulator::start(&fleet)
}

const READER: &str = "33333333-3333-4333-8333-333333333333";

/// Writes a part of the configuration of an app.
pub fn write(emulator: &Emulator, app: &str, part: &str, properties: &Value) -> Result<()> {
    let path = format!(
        "{}/config/{part}?api-version=2023-12-01",
        fleet::app_id(app)
    );
    arm::ask(emulator, "PUT", &path, &json!({ "properties": properties })).map(drop)
}

/// Returns a connection string with a key of the account.
pub fn connection_string(emulator: &Emulator) -> Result<String> {
    let key = emulator.key(ACCOUNT, "key1")?;
    Ok(format!(
        "DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={key};\
         EndpointSuffix=core.windows.net"
    ))
}

/// Starts an emulator where two apps hold a key.
pub fn with_a_key_in_settings() -> Result<Emulator> {
    let emulator = start()?;
    let string = connection_string(&emulator)?;
    let settings = json!({ "AzureWebJobsStorage": string, "MODE": "fast" });
    write(&emulator, "func-logs", "appsettings", &settings)?;
    write(&emulator, "web-logs", "appsettings", &settings)?;
    let strings = json!({ "logs": { "value": string, "type": "Custom" } });
    write(&emulator, "func-logs", "connectionstrings", &strings)?;
    Ok(emulator)
}

/// Returns the messages of the findings with a code.
fn messages<'a>(report: &'a Value, code: &str) -> Vec<&'a str> {
    let findings = report
        .pointer("/accounts/0/findings")
        .and_then(Value::as_array);
    let text = |one: &'a Value, name: &str| one.get(name).and_then(Value::as_str);
    let all = findings.into_iter().flatten();
    all.filter(|one| text(one, "code") == Some(code))
        .filter_map(|one| text(one, "message"))
        .collect()
}

#[test]
fn app_settings_that_nobody_looked_at_are_told_and_are_no_pass() -> Result<()> {
    let emulator = with_a_key_in_settings()?;
    let (code, report) = cli::check(&emulator, &ENTRA)?;
    assert_eq!(code, Some(3), "{report}");
    let said = messages(&report, "app-settings-unread");
    assert_eq!(said, ["whether app settings hold a key was not looked at"]);
    assert_eq!(emulator.count("WebApps_ListApplicationSettings")?, 0);
    let (code, _) = cli::check(&emulator, &[])?;
    assert_eq!(code, Some(0), "another profile does not ask");
    Ok(())
}

#[test]
fn a_key_in_an_app_is_found_by_its_place_and_no_key_is_listed() -> Result<()> {
    let emulator = with_a_key_in_settings()?;
    let since = emulator.journal()?.len();
    let (code, report) = cli::check(&emulator, &SEARCH)?;
    assert_eq!(code, Some(0), "{report}");
    let app = fleet::app_id;
    let expected = [
        format!(
            "the app setting `AzureWebJobsStorage` of `{}` holds a key",
            app("func-logs")
        ),
        format!(
            "the connection string `logs` of `{}` holds a key",
            app("func-logs")
        ),
        format!(
            "the app setting `AzureWebJobsStorage` of `{}` holds a key",
            app("web-logs")
        ),
    ];
    assert_eq!(messages(&report, "key-in-app-setting"), expected);
    assert_eq!(messages(&report, "shared-key-needed").len(), 1, "{report}");
    let sent = emulator.journal()?;
    for request in sent.get(since..).context("a shorter journal")? {
        let discloses = request.operation.starts_with("WebApps_List");
        let reads = request.method == "GET" || request.operation == "Token";
        ensure!(reads || discloses, "check has sent {request:?}");
        ensure!(request.operation != "unmodelled", "{request:?}");
    }
    Ok(())
}

#[test]
fn a_reference_to_a_vault_holds_nothing() -> Result<()> {
    let emulator = start()?;
    let reference = "@Microsoft.KeyVault(SecretUri=https://kvsuite.vault.azure.net/secrets/st)";
    let settings = json!({
        "AzureWebJobsStorage": reference,
        "Logs__accountName": ACCOUNT,
    });
    write(&emulator, "func-logs", "appsettings", &settings)?;
    let (code, report) = cli::check(&emulator, &SEARCH)?;
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(messages(&report, "key-in-app-setting"), Vec::<&str>::new());
    assert_eq!(
        messages(&report, "shared-key-unneeded").len(),
        1,
        "{report}"
    );
    Ok(())
}

#[test]
fn a_key_that_does_not_say_whose_it_is_leaves_the_report_incomplete() -> Result<()> {
    let emulator = start()?;
    let key = emulator.key(ACCOUNT, "key2")?;
    write(&emulator, "web-logs", "appsettings", &json!({ "KEY": key }))?;
    let (code, report) = cli::check(&emulator, &SEARCH)?;
    assert_eq!(code, Some(3), "{report}");
    let hole = report.pointer("/unscanned/0/code");
    assert_eq!(hole, Some(&json!("app-settings-unreadable")), "{report}");
    Ok(())
}

#[test]
fn who_may_only_read_is_told_what_is_missing() -> Result<()> {
    let emulator = with_a_key_in_settings()?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    for prefix in ["ARM", "AZURE"] {
        command.env(format!("{prefix}_CLIENT_ID"), READER);
        command.env(format!("{prefix}_CLIENT_SECRET"), "known");
    }
    command
        .args(["check", "--format=json", "--as-of", NOW])
        .args(SEARCH);
    let said = tests::process::run(&mut command)?.expect_code(3)?;
    let report: Value = serde_json::from_str(&said.stdout).context("no report")?;
    let holes = report.get("unscanned").and_then(Value::as_array);
    let scopes = holes.into_iter().flatten();
    let of_apps = scopes.filter(|hole| hole.get("code") == Some(&json!("app-settings-unreadable")));
    assert_eq!(of_apps.count(), 4, "two lists of two apps: {report}");
    Ok(())
}

#[test]
fn the_option_needs_the_profile() -> Result<()> {
    let emulator = start()?;
    let said = cli::keyrotation(&emulator, &["check", "--app-settings"])?.expect_code(1)?;
    let expected = "--app-settings is of use with the profile entra only, and this is keys";
    ensure!(said.stderr.contains(expected), "{}", said.stderr);
    Ok(())
}
