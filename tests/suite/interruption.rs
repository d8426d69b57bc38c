//! A run that is cut short leaves a state that the next run completes.

use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet;
use tests::process::{Said, wait_for};
use tests::terraform::Terraform;

use crate::configuration::Configuration;

const REQUEST_LIMIT: Duration = Duration::from_secs(60);

/// Where an apply is interrupted: while Azure takes its time over `during`.
struct Moment {
    /// The operation that Azure delays.
    during: &'static str,
    /// Whether the delay comes `before` or `after` the operation takes effect.
    when: &'static str,
    /// The last answer before it, which tells that the moment has come.
    behind: (&'static str, u64),
}

/// Interrupts an apply, applies again, and looks for anything done twice or left out.
///
/// The signal goes to the whole process group, as a terminal or a pipeline sends it: the provider
/// gets it too, and must live on to answer.
fn check_completed_by_the_next_apply(signal: Signal, moment: &Moment) -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    let said = interrupt(&emulator, &terraform, signal, moment)?;
    ensure!(
        said.code == Some(1),
        "an interrupted apply ended with {:?}",
        said.code
    );
    let crashed = "Plugin did not respond";
    ensure!(
        !said.stderr.contains(crashed),
        "the provider died: {}",
        said.stderr
    );

    terraform.apply()?;
    terraform.expect_empty_plan()?;
    expect_everything_once(&emulator)
}

/// Starts an apply and sends it a signal at the moment.
fn interrupt(
    emulator: &Emulator,
    terraform: &Terraform<'_>,
    signal: Signal,
    moment: &Moment,
) -> Result<Said> {
    emulator.set_fault(&json!({
        "operation": moment.during,
        "fault": { "delay_ms": 1500, "when": moment.when },
    }))?;
    let apply = terraform.start(&["apply", "-input=false", "-auto-approve", "-no-color"])?;
    wait_for(moment.during, REQUEST_LIMIT, || {
        let (operation, status) = moment.behind;
        let mut requests = emulator.journal()?.into_iter();
        let come = requests.any(|seen| seen.operation == operation && seen.status == status);
        Ok(come.then_some(()))
    })?;
    apply.signal(signal)?;
    apply.finish()
}

fn expect_everything_once(emulator: &Emulator) -> Result<()> {
    for operation in [
        "RoleAssignments_Create",
        "SetStorageAccount",
        "SetSasDefinition",
    ] {
        assert_eq!(emulator.count(operation)?, 1, "{operation}");
    }
    assert_eq!(emulator.count("RegenerateStorageAccountKey")?, 0);
    assert_eq!(
        emulator.count("DeleteStorageAccount")?,
        0,
        "nothing was thrown away"
    );
    let (_, report) = cli::check(emulator, &[])?;
    let enrolment = report.pointer("/accounts/0/enrolment");
    ensure!(
        enrolment.is_some_and(Value::is_object),
        "not enrolled: {report}"
    );
    Ok(())
}

#[test]
fn an_interrupt_between_grant_and_enrolment() -> Result<()> {
    let moment = Moment {
        during: "Vaults_ListBySubscription",
        when: "before",
        behind: ("RoleAssignments_Create", 201),
    };
    check_completed_by_the_next_apply(Signal::INT, &moment)
}

#[test]
fn an_interrupt_before_the_enrolment_is_made() -> Result<()> {
    let moment = Moment {
        during: "SetStorageAccount",
        when: "before",
        behind: ("GetStorageAccount", 404),
    };
    check_completed_by_the_next_apply(Signal::INT, &moment)
}

#[test]
fn an_interrupt_after_the_enrolment_is_made() -> Result<()> {
    let moment = Moment {
        during: "SetStorageAccount",
        when: "after",
        behind: ("GetStorageAccount", 404),
    };
    check_completed_by_the_next_apply(Signal::INT, &moment)
}

#[test]
fn a_request_to_end_as_pipelines_send_it() -> Result<()> {
    let moment = Moment {
        during: "SetStorageAccount",
        when: "after",
        behind: ("GetStorageAccount", 404),
    };
    check_completed_by_the_next_apply(Signal::TERM, &moment)
}

#[test]
fn an_interrupt_while_the_sas_definition_is_made() -> Result<()> {
    let moment = Moment {
        during: "SetSasDefinition",
        when: "after",
        behind: ("GetSasDefinition", 404),
    };
    check_completed_by_the_next_apply(Signal::INT, &moment)
}

/// Core and provider die at once, so the core has no state of what was made: the next run has to
/// recognise it in Azure.
#[test]
fn a_kill_while_the_enrolment_is_made_is_finished_by_the_next_apply() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
    let moment = Moment {
        during: "SetStorageAccount",
        when: "after",
        behind: ("GetStorageAccount", 404),
    };
    let said = interrupt(&emulator, &terraform, Signal::KILL, &moment)?;
    assert_eq!(said.code, None, "a killed core has no exit code");

    terraform.apply()?;
    terraform.expect_empty_plan()?;
    assert_eq!(emulator.count("RoleAssignments_Create")?, 1);
    // The answer to a request whose sender is dead may be missing from the journal.
    ensure!(emulator.count("SetStorageAccount")? <= 1, "enrolled twice");
    terraform.destroy()?;
    assert_eq!(
        emulator.count("RoleAssignments_Delete")?,
        1,
        "the role of the killed run is known as ours"
    );
    Ok(())
}

/// The enrolment is gone when the signal comes, and what was granted for it is not: the state stays,
/// so that the next destroy knows of it.
#[test]
fn an_interrupted_destroy_takes_back_the_next_time_what_was_granted() -> Result<()> {
    for signal in [Signal::INT, Signal::TERM] {
        let emulator = Emulator::start(&fleet::one_account())?;
        let terraform = Terraform::open(&emulator, "one", &Configuration::default().text())?;
        terraform.apply()?;
        emulator.set_fault(&json!({
            "operation": "DeleteStorageAccount",
            "fault": { "delay_ms": 1500, "when": "after" },
        }))?;
        let destroy =
            terraform.start(&["destroy", "-input=false", "-auto-approve", "-no-color"])?;
        wait_for("the deletion", REQUEST_LIMIT, || {
            Ok((emulator.seen_by_fault()? == 1).then_some(()))
        })?;
        destroy.signal(signal)?;
        let said = destroy.finish()?.expect_code(1)?;
        assert_eq!(emulator.count("RoleAssignments_Delete")?, 0, "{said:?}");
        terraform.destroy()?;
        assert_eq!(emulator.count("RoleAssignments_Delete")?, 1, "{said:?}");
        assert_eq!(emulator.count("DeleteStorageAccount")?, 1);
    }
    Ok(())
}
