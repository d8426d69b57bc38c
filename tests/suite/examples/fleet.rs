//! The root module for a fleet: every account is treated as its entry says, and none is forgotten.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::cli;
use tests::core::Core;
use tests::emulator::Emulator;
use tests::place;
use tests::terraform::Terraform;

const STRICT: [&str; 6] = [
    "plan",
    "-input=false",
    "-no-color",
    "-detailed-exitcode",
    "-var=verify_keys=false",
    "-var=fail_on_old_keys=true",
];

fn emulator() -> Result<Emulator> {
    let document = fs::read_to_string(place::example("fleet").join("fleet.json"))?;
    Emulator::start(&serde_json::from_str(&document).context("fleet.json is not JSON")?)
}

fn open<'a>(emulator: &'a Emulator, settings: &str) -> Result<Terraform<'a>> {
    let terraform = Terraform::open_copy(&place::terraform()?, emulator, &place::example("fleet"))?;
    terraform.write_file("emulator.auto.tfvars", settings)?;
    Ok(terraform)
}

/// Returns how each account ended up, as `keyrotation check` sees it.
fn verdicts(emulator: &Emulator) -> Result<BTreeMap<String, String>> {
    let (_, report) = cli::check(emulator, &[])?;
    let accounts = report.get("accounts").and_then(Value::as_array);
    let accounts = accounts.context("no accounts")?.iter();
    Ok(accounts
        .filter_map(|account| {
            let text = |name| account.get(name).and_then(Value::as_str);
            Some((text("name")?.to_owned(), text("verdict")?.to_owned()))
        })
        .collect())
}

#[test]
fn each_account_is_treated_as_its_entry_says_and_two_periods_later_all_are_young() -> Result<()> {
    let emulator = emulator()?;
    let terraform = open(&emulator, "verify_keys = false\n")?;
    terraform.apply()?;
    terraform.expect_empty_plan()?;
    let vaults = "https://kvfleet.vault.azure.net/";
    let enrolled = |name: &str| {
        let attributes = terraform.attributes(&format!("keyrotation_policy.by_vault[\"{name}\"]"));
        attributes.map(|found| {
            ["id", "rotation_period", "active_key"]
                .map(|field| found.get(field).and_then(Value::as_str).map(str::to_owned))
        })
    };
    let expect = |name, vault: &str, period: &str, active: &str| -> Result<()> {
        let id = format!("{vault}storage/{name}");
        let expected = [&id, period, active].map(|text| Some(text.to_owned()));
        assert_eq!(enrolled(name)?, expected, "{name}");
        Ok(())
    };
    expect("stfleetlogs", vaults, "P30D", "key1")?;
    expect("stfleetorders", vaults, "P30D", "key1")?;
    expect("stfleetpay", vaults, "P14D", "key1")?;
    let staff = "https://kvfleetstaff.vault.azure.net/";
    expect("stfleetstaff", staff, "P30D", "key2")?;
    assert_eq!(emulator.count("SetStorageAccount")?, 4);
    assert_eq!(emulator.count("SetSasDefinition")?, 3);
    assert_eq!(emulator.count("SetSecret")?, 1);

    let strict = terraform.run(&STRICT)?.expect_code(1)?;
    for name in ["stfleetlogs", "stfleetorders", "stfleetpay", "stfleetstaff"] {
        let said = format!("{name} is overdue");
        ensure!(strict.stderr.contains(&said), "{said}: {}", strict.stderr);
    }
    emulator.advance("P62D")?;
    let now = emulator.now()?;
    let later = format!("verify_keys = false\nas_of = \"{now}\"\n");
    terraform.write_file("emulator.auto.tfvars", &later)?;
    let strict = terraform.run(&STRICT)?.expect_code(0)?;
    for expected in ["Left out", "stfleetscans is overdue", "replaced in spring"] {
        let said = &strict.stdout;
        ensure!(said.contains(expected), "{expected}: {said}");
    }
    let overdue = |verdict: &String| verdict == "overdue";
    let verdicts = verdicts(&emulator)?;
    let old: Vec<_> = verdicts.iter().filter(|(_, one)| overdue(one)).collect();
    assert_eq!(old.len(), 1, "only what was left out: {verdicts:?}");

    terraform.destroy()?;
    assert_eq!(terraform.addresses()?, Vec::<String>::new());
    assert_eq!(emulator.count("DeleteStorageAccount")?, 4);
    assert_eq!(emulator.count("unmodelled")?, 0);
    Ok(())
}

#[test]
fn an_entry_that_means_nothing_or_two_things_fails_the_plan() -> Result<()> {
    let emulator = emulator()?;
    let terraform = open(&emulator, "verify_keys = false\n")?;
    let accounts = fs::read_to_string(place::example("fleet").join("accounts.yaml"))?;
    let check = |old: &str, new: &str, expected: &str| -> Result<()> {
        ensure!(accounts.contains(old), "{old} is not in accounts.yaml");
        terraform.write_file("accounts.yaml", &accounts.replace(old, new))?;
        let plan = ["plan", "-input=false", "-no-color"];
        let said = terraform.run(&plan)?.expect_code(1)?;
        let said = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(said.contains(expected), "{new}: {said}");
        Ok(())
    };
    let period = "    rotation_period: P14D";
    check(
        period,
        "    rotation_perod: P14D",
        "stfleetpay: rotation_perod",
    )?;
    let archive = "    excluded: read by";
    let both = "    direct: {secret_name: a}\n    excluded: read by";
    check(
        archive,
        both,
        "what is left out has neither: stfleetarchive",
    )?;
    let reason = "    excluded: its scanner is replaced in spring, and nobody can type a new key into the old one";
    check(reason, "    excluded: \"\"", "with a reason, or not at all")
}

#[test]
fn the_oldest_core_takes_the_fleet() -> Result<()> {
    let emulator = emulator()?;
    let cores = Core::all()?;
    let oldest = cores.first().context("there is no core")?;
    let folder = place::example("fleet");
    let terraform = Terraform::open_copy(oldest.program(), &emulator, &folder)?;
    terraform.write_file("emulator.auto.tfvars", "verify_keys = false\n")?;
    terraform.succeed(&["validate"])?;
    terraform.apply()?;
    terraform.expect_empty_plan()
}
