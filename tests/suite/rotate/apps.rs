//! Apps whose settings hold a key: they get the other one before theirs is renewed, or hold the walk.

use std::thread;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::arm;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT};
use tests::process::Said;

use super::through_vault::enrolled;
use super::{DONE, LEFT, apply, expect_both_renewed, journal, rotate};
use crate::apps::write;
use crate::secrets::Secrets;

const APP: &str = "func-logs";
const SLOT: &str = "func-logs/slots/staging";
const OTHER: &str = "web-logs";
const APPS: &str = "--app-settings";
/// How often app settings are written before a walk begins.
const PUT_UP: usize = 2;

fn with_apps(mut fleet: Value) -> Result<Value> {
    let mut app = fleet::app(APP);
    let fields = app.as_object_mut().context("no object")?;
    fields.insert("slots".to_owned(), json!([{ "name": "staging" }]));
    let subscription = fleet.pointer_mut("/subscriptions/0").context("none")?;
    let fields = subscription.as_object_mut().context("no object")?;
    fields.insert("sites".to_owned(), json!([app, fleet::app(OTHER)]));
    Ok(fleet)
}

/// Starts an emulator where an app, a slot of it and another app hold the keys of an old account.
fn start(fleet: Value) -> Result<Emulator> {
    let emulator = Emulator::start(&with_apps(fleet)?)?;
    let [key1, key2] = ["key1", "key2"].map(|slot| emulator.key(ACCOUNT, slot));
    let (key1, key2) = (key1?, key2?);
    let string = format!("AccountName={ACCOUNT};AccountKey={key2};EndpointSuffix=core.windows.net");
    write(
        &emulator,
        APP,
        "appsettings",
        &json!({ "AzureWebJobsStorage": string, "MODE": "fast" }),
    )?;
    let strings = json!({
        "logs": { "value": format!("AccountName={ACCOUNT};AccountKey={key1}"), "type": "Custom" },
        "sql": { "value": "Server=x", "type": "SQLAzure" },
    });
    write(&emulator, SLOT, "connectionstrings", &strings)?;
    let encoded = key2
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    write(
        &emulator,
        OTHER,
        "appsettings",
        &json!({ "QUERY": format!("key={encoded}") }),
    )?;
    Ok(emulator)
}

/// Expects that no key was renewed before the apps that were moved last had their second.
fn expect_time_for_apps(emulator: &Emulator) -> Result<()> {
    let mut moved: Option<Timestamp> = None;
    let mut renewals = 0;
    for line in journal(emulator)?.lines().skip(1) {
        let line: Value = serde_json::from_str(line)?;
        let at = line.get("at").and_then(Value::as_str).context("no time")?;
        let at: Timestamp = at.parse()?;
        match line.get("event").and_then(Value::as_str) {
            Some("moved") => moved = Some(at),
            Some("regenerating") => {
                let last = moved.context("renewed before any app was moved")?;
                let time = at.duration_since(last);
                ensure!(time >= SignedDuration::from_secs(1), "apps had {time}");
                renewals += 1;
            }
            _ => {}
        }
    }
    ensure!(renewals == 2, "{renewals} renewals are noted");
    Ok(())
}

/// Reads a part of the configuration of an app.
fn read(emulator: &Emulator, app: &str, part: &str, pointer: &str) -> Result<String> {
    let path = format!(
        "{}/config/{part}/list?api-version=2023-12-01",
        fleet::app_id(app)
    );
    let config = arm::ask(emulator, "POST", &path, &Value::Null)?;
    let value = config.pointer(&format!("/properties/{pointer}"));
    let value = value.and_then(Value::as_str);
    Ok(value.context("no such entry")?.to_owned())
}

/// Expects that every app holds a key that its account has. A key that is gone never comes back, so
/// one is good if it is there just before or just after the look at the apps.
fn expect_live(emulator: &Emulator, holders: usize) -> Result<()> {
    let before = emulator.accounts()?.to_string();
    let world = emulator.world()?;
    let keys = before + &emulator.accounts()?.to_string();
    let sites = world
        .get("sites")
        .and_then(Value::as_object)
        .context("no sites")?;
    let parts = sites
        .values()
        .flat_map(|site| ["/settings", "/connections"].map(|at| site.pointer(at)));
    let values = parts.flatten().filter_map(Value::as_object).flatten();
    let texts =
        values.filter_map(|(_, value)| value.as_str().or_else(|| value.get("value")?.as_str()));
    let held: Vec<String> = texts
        .filter_map(|text| text.split_once("ey="))
        .map(|(_, rest)| rest.split(';').next().unwrap_or_default())
        .map(|key| {
            key.replace("%2B", "+")
                .replace("%2F", "/")
                .replace("%3D", "=")
        })
        .collect();
    ensure!(held.len() == holders, "{} entries hold a key", held.len());
    ensure!(
        held.iter().all(|key| keys.contains(key)),
        "an app holds a dead key"
    );
    Ok(())
}

/// Looks at the world again and again while a rotation goes on.
fn while_watched(
    emulator: &Emulator,
    holders: usize,
    act: impl FnOnce() -> Result<Said> + Send,
) -> Result<Said> {
    thread::scope(|scope| {
        let acting = scope.spawn(act);
        let mut looks = 0;
        while !acting.is_finished() {
            expect_live(emulator, holders)?;
            looks += 1;
        }
        ensure!(looks > 1, "nobody looked");
        expect_live(emulator, holders)?;
        acting.join().map_err(|_| anyhow::anyhow!("it panicked"))?
    })
}

#[test]
fn apps_get_the_other_key_before_theirs_is_renewed() -> Result<()> {
    let emulator = start(fleet::one_account())?;
    let said = while_watched(&emulator, 3, || apply(&emulator, &[APPS]))?;
    let said = said.expect_code(DONE)?;
    ensure!(said.stdout.contains("AzureWebJobsStorage"), "{said:?}");
    let key1 = emulator.key(ACCOUNT, "key1")?;
    let string = read(&emulator, APP, "appsettings", "AzureWebJobsStorage")?;
    ensure!(string.contains(&key1), "the published key is in no app");
    assert_eq!(read(&emulator, APP, "appsettings", "MODE")?, "fast");
    let others = read(&emulator, SLOT, "connectionstrings", "sql/value")?;
    assert_eq!(others, "Server=x", "what else there is stays");
    expect_time_for_apps(&emulator)?;
    expect_both_renewed(&emulator)
}

#[test]
fn apps_of_an_enrolled_account_get_the_active_key_before_the_vault_renews_the_other() -> Result<()>
{
    let emulator = start(enrolled())?;
    while_watched(&emulator, 3, || apply(&emulator, &[APPS]))?.expect_code(DONE)?;
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 2);
    expect_time_for_apps(&emulator)?;
    expect_both_renewed(&emulator)
}

#[test]
fn an_app_that_cannot_be_seen_into_holds_the_walk_and_resume_goes_on() -> Result<()> {
    let emulator = start(fleet::one_account())?;
    let refusal = json!({ "status": 403, "code": "AuthorizationFailed" });
    emulator.set_fault(&json!({
        "operation": "WebApps_ListConnectionStringsSlot", "count": 1000, "fault": refusal,
    }))?;
    let said = apply(&emulator, &[APPS])?.expect_code(LEFT)?;
    ensure!(said.stdout.contains("Website Contributor"), "{said:?}");
    ensure!(said.stdout.contains("slots/staging"), "{said:?}");
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    assert_eq!(
        emulator.count("WebApps_UpdateApplicationSettings")?,
        PUT_UP,
        "no app was touched"
    );
    emulator.clear_faults()?;
    while_watched(&emulator, 3, || rotate(&emulator, &["resume", "j"]))?.expect_code(DONE)?;
    expect_both_renewed(&emulator)
}

#[test]
fn a_token_in_an_app_holds_the_walk_unless_somebody_answers_for_the_app() -> Result<()> {
    let emulator = Emulator::start(&with_apps(fleet::one_account())?)?;
    let address = format!("https://{ACCOUNT}.blob.core.windows.net/c?sv=2018-03-28&sig=x%3D");
    write(
        &emulator,
        OTHER,
        "appsettings",
        &json!({ "PLACE": address }),
    )?;
    let said = apply(&emulator, &[APPS])?.expect_code(LEFT)?;
    ensure!(said.stdout.contains("--without-app"), "{said:?}");
    assert_eq!(emulator.count("StorageAccounts_RegenerateKey")?, 0);
    let without = format!("--without-app={}", fleet::app_id(OTHER));
    let more = ["--journal=k", APPS, &without];
    rotate(&emulator, &[&["apply"], &super::BOTH[..6], &more].concat())?.expect_code(DONE)?;
    Ok(())
}

#[test]
fn a_write_whose_answer_is_lost_is_not_sent_again() -> Result<()> {
    let emulator = start(fleet::one_account())?;
    emulator.set_fault(&json!({
        "operation": "WebApps_UpdateApplicationSettings", "nth": 1, "fault": { "reset": "after" },
    }))?;
    while_watched(&emulator, 3, || apply(&emulator, &[APPS]))?.expect_code(DONE)?;
    // After each of three publications two apps are moved.
    let writes = emulator.count("WebApps_UpdateApplicationSettings")?;
    assert_eq!(writes, PUT_UP + 6);
    expect_both_renewed(&emulator)
}

#[test]
fn a_vault_turns_no_key_before_it_is_known_which_apps_hold_it() -> Result<()> {
    let emulator = start(enrolled())?;
    // The look that tells which key the apps have to give up; the plan had one of its own.
    emulator.set_fault(&json!({
        "operation": "GetSasDefinitions", "nth": 2, "fault": { "status": 403, "code": "Forbidden" },
    }))?;
    apply(&emulator, &[APPS])?.expect_code(LEFT)?;
    assert_eq!(emulator.seen_by_fault()?, 2, "nobody looked on");
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 0);
    Ok(())
}

#[test]
fn two_accounts_in_one_app_do_not_undo_each_other() -> Result<()> {
    let old = Some("2025-01-01T00:00:00Z");
    let accounts = [fleet::account("stone", old), fleet::account("sttwo", old)];
    let emulator = Emulator::start(&with_apps(fleet::of(&accounts, None))?)?;
    let string = |name: &str| -> Result<String> {
        Ok(format!(
            "AccountName={name};AccountKey={}",
            emulator.key(name, "key2")?
        ))
    };
    let settings = json!({ "ONE": string("stone")?, "TWO": string("sttwo")? });
    write(&emulator, APP, "appsettings", &settings)?;
    // Long enough for each to read before the other has written.
    emulator.set_fault(&json!({
        "operation": "WebApps_UpdateApplicationSettings", "count": 1000,
        "fault": { "delay_ms": 700 },
    }))?;
    while_watched(&emulator, 2, || apply(&emulator, &[APPS]))?.expect_code(DONE)?;
    for (setting, name) in [("ONE", "stone"), ("TWO", "sttwo")] {
        let held = read(&emulator, APP, "appsettings", setting)?;
        let key = emulator.key(name, "key1")?;
        ensure!(
            held.contains(&key),
            "{setting} holds another key than the published one"
        );
    }
    // After each of three publications of each account the app is written once.
    assert_eq!(emulator.count("WebApps_UpdateApplicationSettings")?, 1 + 6);
    Ok(())
}

#[test]
fn a_walk_over_apps_says_and_keeps_no_secret() -> Result<()> {
    let emulator = start(fleet::one_account())?;
    let mut secrets = Secrets::of(&emulator)?;
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command
        .env("RUST_LOG", "trace")
        .args(["rotate", "apply", APPS])
        .args(super::BOTH);
    let said = tests::process::run(&mut command)?.expect_code(DONE)?;
    secrets.learn_keys(&emulator)?;
    secrets.expect_none_said("rotate apply --app-settings", &said)?;
    let journal = std::fs::read(emulator.scratch().path().join("j"))?;
    ensure!(
        String::from_utf8_lossy(&journal).contains("QUERY"),
        "no app was noted"
    );
    secrets.expect_none_in("the journal", &journal)
}
