//! The module with tests: they pass on the emulator, and a module that does another thing fails them.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::core::Core;
use tests::emulator::Emulator;
use tests::place;
use tests::terraform::Terraform;

/// The tests that the module has.
const RUNS: &str = "7 passed, 0 failed";

fn emulator() -> Result<Emulator> {
    let document = fs::read_to_string(place::example("module").join("tests/fleet.json"))?;
    Emulator::start(&serde_json::from_str(&document).context("fleet.json is not JSON")?)
}

#[test]
fn its_tests_pass_on_the_oldest_core_and_the_newest() -> Result<()> {
    let cores = Core::all()?;
    for core in cores.first().into_iter().chain(cores.last()) {
        let emulator = emulator()?;
        let folder = place::example("module");
        let terraform = Terraform::open_copy(core.program(), &emulator, &folder)?;
        terraform.succeed(&["validate"])?;
        let said = terraform.run(&["test", "-no-color"])?.expect_code(0)?;
        ensure!(said.stdout.contains(RUNS), "on {core}: {}", said.stdout);
        let [made, ended] = ["SetStorageAccount", "DeleteStorageAccount"]
            .map(|operation| emulator.count(operation));
        assert_eq!((made?, ended?), (1, 1), "on {core}");
        assert_eq!(emulator.count("unmodelled")?, 0, "on {core}");
    }
    Ok(())
}

#[test]
fn a_module_that_does_another_thing_fails_them() -> Result<()> {
    let emulator = emulator()?;
    let folder = place::example("module");
    let terraform = Terraform::open_copy(&place::terraform()?, &emulator, &folder)?;
    let check = |file: &str, old: &str, new: &str, run: &str| -> Result<()> {
        let text = fs::read_to_string(folder.join(file))?;
        ensure!(text.contains(old), "{old} is not in {file}");
        terraform.write_file(file, &text.replace(old, new))?;
        let said = terraform.run(&["test", "-no-color"])?.expect_code(1)?;
        let failed = format!("run \"{run}\"... fail");
        ensure!(said.stdout.contains(&failed), "{new}: {}", said.stdout);
        terraform.write_file(file, &text)
    };
    check(
        "main.tf",
        "\"P${var.rotation_days}D\"",
        "\"P31D\"",
        "azure_says_the_same",
    )?;
    check(
        "main.tf",
        "\"PT${each.value.hours}H\"",
        "\"PT4H\"",
        "enrols",
    )?;
    check(
        "main.tf",
        "= var.initial_active_key",
        "= \"key1\"",
        "enrols",
    )?;
    check(
        "main.tf",
        "2 * var.rotation_days <=",
        "var.rotation_days <=",
        "keys_may_not_outgrow_the_rule",
    )?;
    check(
        "variables.tf",
        "token.hours <= 24",
        "token.hours <= 99",
        "tokens_do_not_live_for_days",
    )
}
