//! `keyrotation check` on the emulator: where it looks, what is waived, and shards put together.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, SUBSCRIPTION};

const NOW: &str = "2026-06-01T00:00:00Z";
const YOUNG: Option<&str> = Some("2026-05-01T00:00:00Z");
const OLD: Option<&str> = Some("2025-11-01T00:00:00Z");

fn names(report: &Value) -> Vec<&str> {
    let accounts = report.get("accounts").and_then(Value::as_array);
    let names = accounts.into_iter().flatten();
    names
        .filter_map(|account| account.get("name").and_then(Value::as_str))
        .collect()
}

fn three() -> Result<Emulator> {
    let accounts = [
        fleet::account("stalpha", YOUNG),
        fleet::account("stbeta", YOUNG),
        fleet::account("stgamma", OLD),
    ];
    Emulator::start(&fleet::of(&accounts, Some(NOW)))
}

#[test]
fn every_kind_of_area_and_filter_is_looked_at() -> Result<()> {
    let emulator = three()?;
    let check = |words: &[&str], code: i32, expected: &[&str]| -> Result<()> {
        let (found, report) = cli::check(&emulator, words)?;
        assert_eq!(
            (found, names(&report)),
            (Some(code), expected.to_vec()),
            "{words:?}"
        );
        Ok(())
    };
    let all = ["stalpha", "stbeta", "stgamma"];
    let group = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{}",
        fleet::GROUP
    );
    let tenant = "22222222-2222-4222-8222-222222222222";
    check(&["--subscription", SUBSCRIPTION], 2, &all)?;
    check(&["--management-group", tenant], 2, &all)?;
    check(&["--resource-group", &group], 2, &all)?;
    check(&["--account", &fleet::account_id("stbeta")], 0, &["stbeta"])?;
    check(&["--include", "st*ta"], 0, &["stbeta"])?;
    check(&["--exclude", "*gamma"], 0, &["stalpha", "stbeta"])?;
    check(&["--account", &fleet::account_id("stgone")], 1, &[])?;
    check(&["--management-group", "elsewhere"], 1, &[])?;
    check(&["--tag", "env=prod"], 1, &[])
}

#[test]
fn a_state_says_where_to_look_and_who_should_be_enrolled() -> Result<()> {
    let emulator = three()?;
    let state = json!({
        "format_version": "1.0",
        "values": {"root_module": {"resources": [{
            "address": "keyrotation_policy.alpha", "mode": "managed", "type": "keyrotation_policy",
            "values": {"storage_account_id": fleet::account_id("stalpha")},
        }]}},
    });
    let file = emulator.scratch().path().join("state.json");
    fs::write(&file, state.to_string()).context("cannot write the state")?;
    let file = file.to_str().context("an odd path")?;
    let (code, report) = cli::check(&emulator, &["--state", file])?;
    assert_eq!(
        (code, names(&report)),
        (Some(2), vec!["stalpha"]),
        "{report}"
    );
    let found = report.pointer("/accounts/0/findings/0/code");
    assert_eq!(found, Some(&json!("declared-not-enrolled")), "{report}");
    Ok(())
}

#[test]
fn a_waived_finding_is_shown_and_does_not_count() -> Result<()> {
    let emulator = three()?;
    let check = |expires: &str, code: i32| -> Result<Value> {
        let file = emulator.scratch().path().join("waivers.toml");
        let text = format!(
            "[[waiver]]\naccounts = \"stgamma\"\nfindings = [\"key-overdue\"]\nowner = \"ops\"\n\
             reason = \"moves to Entra ID\"\nexpires = {expires}\n"
        );
        fs::write(&file, text).context("cannot write the settings")?;
        let file = file.to_str().context("an odd path")?;
        let (found, report) = cli::check(&emulator, &["--config", file])?;
        assert_eq!(found, Some(code), "{expires}: {report}");
        Ok(report)
    };
    let report = check("2026-06-01", 0)?;
    let waiver = report.pointer("/accounts/2/findings/0/waiver/owner");
    assert_eq!(waiver, Some(&json!("ops")), "{report}");
    assert_eq!(report.pointer("/summary/overdue"), Some(&json!(1)));
    check("2026-05-31", 2)?;
    Ok(())
}

#[test]
fn shards_put_together_are_the_whole_and_a_missing_one_is_a_hole() -> Result<()> {
    let emulator = three()?;
    let mut files = Vec::new();
    for number in 1..=2 {
        let (_, report) = cli::check(&emulator, &["--shard", &format!("{number}/2")])?;
        let file = emulator
            .scratch()
            .path()
            .join(format!("shard{number}.json"));
        fs::write(&file, report.to_string()).context("cannot write a shard")?;
        files.push(file.to_str().context("an odd path")?.to_owned());
    }
    let merge = |files: &[String]| -> Result<(Option<i32>, Value)> {
        let mut words = vec!["merge", "--format", "json"];
        words.extend(files.iter().map(String::as_str));
        let said = cli::keyrotation(&emulator, &words)?;
        let report = serde_json::from_str(&said.stdout).context("no report")?;
        Ok((said.code, report))
    };
    let (code, whole) = merge(&files)?;
    assert_eq!(
        (code, names(&whole)),
        (Some(2), vec!["stalpha", "stbeta", "stgamma"])
    );
    let first = files.get(..1).context("two shards")?;
    let (_, part) = merge(first)?;
    assert_eq!(part.get("complete"), Some(&json!(false)), "{part}");
    Ok(())
}

#[test]
fn nothing_is_refused_for_its_number_and_only_reads_are_sent() -> Result<()> {
    let emulator = three()?;
    let words = ["--profile", "entra", "--evidence", "log"];
    let (code, report) = cli::check(&emulator, &words)?;
    assert_eq!(code, Some(2), "{report}");
    for request in emulator.journal()? {
        let signs_in = request.operation == "Token";
        ensure!(
            signs_in || request.method == "GET",
            "check has sent {request:?}"
        );
        ensure!(request.status != 429, "{request:?}");
        ensure!(
            request.operation != "unmodelled",
            "the emulator does not know {request:?}"
        );
    }
    Ok(())
}
