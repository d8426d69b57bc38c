//! `cargo xtask demo`: the product's main job from end to end, told in plain words.
//!
//! A real Terraform core, the provider, the command line tool, the emulator and a real storage
//! server beside it. Nothing outside this machine is touched, and nothing stays behind.

mod consumer;
mod core;
mod direct;
mod stage;
mod story;

use anyhow::{Context, Result, ensure};

use self::consumer::{Consumer, SasToken};
use self::core::Core;
use self::stage::Stage;
use self::story::Story;
use crate::process::{Supervisor, describe};
use crate::{tools, workspace};

const ACCOUNT: &str = "stquickstart";
const ENROLMENTS: &str = "https://kvquickstart.vault.azure.net/storage?api-version=7.4";
/// A day longer than the rotation period of the example.
const PAST_A_ROTATION: &str = "P31D";
/// The enrolment's period is thirty days; a token lives four hours.
const TO_THE_EVE: &str = "P29DT23H";
const OVER_NIGHT: &str = "PT2H";

const CHECK_SAYS_COMPLIANT: i32 = 0;
const CHECK_SAYS_DRIFT: i32 = 2;

/// Plays the whole demo with the core that the user has chosen, or the first one found.
pub fn run(supervisor: &Supervisor, core: Option<&str>) -> Result<()> {
    let mut story = Story::new();
    build(&mut story, supervisor)?;
    let stage = open_stage(&mut story, supervisor)?;
    let core = choose_core(&mut story, &stage, core)?;
    let consumer = Consumer::new(&stage)?;

    check_before(&mut story, &stage)?;
    // The clock of the core's provider is the real one, so this comes before time is moved.
    direct::play(&mut story, &stage, &core)?;
    enrol(&mut story, &core)?;
    let secret = core.output("secret_id")?;
    let token = first_token(&mut story, &consumer, &secret)?;
    use_token(&mut story, &consumer, &token)?;
    let token = first_rotation(&mut story, &stage, &core, &consumer, &secret)?;
    second_rotation(&mut story, &stage, &consumer, &token)?;
    new_token(&mut story, &core, &consumer, &secret)?;
    check_after(&mut story, &stage)?;
    withdraw(&mut story, &stage, &core)?;
    nothing_left(&mut story, &stage, &consumer)?;

    story.step("Clean up");
    drop(stage);
    story.tell("The emulator and the storage server are ended, the temporary folder is removed.");
    story.end("Done: every step above happened as it should.");
    Ok(())
}

fn build(story: &mut Story, supervisor: &Supervisor) -> Result<()> {
    story.step("Build the provider and the command line tool");
    let mut build = workspace::build_programs();
    story.command(&describe(&build));
    supervisor.run(&mut build)
}

fn open_stage(story: &mut Story, supervisor: &Supervisor) -> Result<Stage> {
    story.step("Start a small Azure on this machine, with a real storage server beside it");
    let azurite = tools::azurite(supervisor)?;
    let stage = Stage::open(supervisor, &azurite)?;
    story.command("keyrotation emulator start --fleet examples/quickstart/fleet.json --azurite ..");
    story.tell(&format!(
        "The emulator answers for Azure's host names at {}.",
        stage.proxy()
    ));
    story.tell(&format!(
        "Azurite keeps the blobs at {}, with the same keys.",
        stage.blobs()
    ));
    story.tell("Everything below talks to these two alone.");
    Ok(stage)
}

fn choose_core<'a>(story: &mut Story, stage: &'a Stage, wanted: Option<&str>) -> Result<Core<'a>> {
    story.step("Find Terraform or OpenTofu, and install the provider for it");
    let core = Core::choose(stage, wanted)?;
    story.tell(&format!(
        "{} ({})",
        core.version(),
        core.program().display()
    ));
    story.tell("The provider lies in a mirror of its own; your Terraform settings stay untouched.");
    Ok(core)
}

fn check_before(story: &mut Story, stage: &Stage) -> Result<()> {
    story.step("Check the subscription: the keys are far too old");
    let check = stage.keyrotation(&["check"])?;
    story.command("keyrotation check");
    story.quote(&check.text);
    ensure!(
        check.code == CHECK_SAYS_DRIFT,
        "check ended with {}, not 2 (drift)",
        check.code
    );
    story.tell("Exit code 2: at least one account is proven out of policy.");
    Ok(())
}

fn enrol(story: &mut Story, core: &Core) -> Result<()> {
    story.step("Apply examples/quickstart: Key Vault takes over the keys and rotates them monthly");
    core.run(story, &["init", "-input=false"])?;
    core.run(story, &["apply", "-input=false", "-auto-approve"])
}

fn first_token(story: &mut Story, consumer: &Consumer<'_>, secret: &str) -> Result<SasToken> {
    story.step("Be a consumer: read a token through the vault");
    story.command(&format!("GET {secret}"));
    let token = consumer.read_token(secret)?;
    story.tell(&format!("Got {token}. It is not printed."));
    Ok(token)
}

fn use_token(story: &mut Story, consumer: &Consumer<'_>, token: &SasToken) -> Result<()> {
    story.step("Use the token: create a container, upload a blob, read it back");
    for (act, status) in [
        ("create the container", consumer.create_container(token)?),
        ("upload the blob", consumer.upload(token)?),
    ] {
        story.tell(&format!("{act}: {status}"));
        ensure!(
            status == 201,
            "the storage server answered {status} to: {act}"
        );
    }
    expect_read(story, consumer, token, 200)
}

fn first_rotation(
    story: &mut Story,
    stage: &Stage,
    core: &Core,
    consumer: &Consumer<'_>,
    secret: &str,
) -> Result<SasToken> {
    story.step("Move the clock past a rotation: the idle key is regenerated and takes over");
    advance(story, stage, TO_THE_EVE)?;
    story.command(&format!("GET {secret}"));
    let token = consumer.read_token(secret)?;
    story.tell(&format!("Got {token}."));
    let now = advance(story, stage, OVER_NIGHT)?;
    story.tell(&format!(
        "It is now {now}. The token's key is the idle one, but still valid:"
    ));
    expect_read(story, consumer, &token, 200)?;
    story.tell("Terraform has nothing to do, because the vault's rotation is no drift:");
    core.run(story, &["plan", "-input=false", "-detailed-exitcode"])?;
    Ok(token)
}

fn advance(story: &mut Story, stage: &Stage, duration: &str) -> Result<String> {
    story.command(&format!("keyrotation emulator clock --advance {duration}"));
    stage.advance(duration)
}

fn second_rotation(
    story: &mut Story,
    stage: &Stage,
    consumer: &Consumer<'_>,
    token: &SasToken,
) -> Result<()> {
    story
        .step("Move the clock past the next rotation: the token's own time and its key's are over");
    let now = advance(story, stage, PAST_A_ROTATION)?;
    story.tell(&format!("It is now {now}. The old token is refused:"));
    expect_read(story, consumer, token, 403)
}

fn new_token(story: &mut Story, core: &Core, consumer: &Consumer<'_>, secret: &str) -> Result<()> {
    story.step("Read a new token from the same place: it works");
    story.command(&format!("GET {secret}"));
    let token = consumer.read_token(secret)?;
    story.tell(&format!("Got {token}."));
    expect_read(story, consumer, &token, 200)?;
    story.tell("And Terraform still has nothing to do:");
    core.run(story, &["plan", "-input=false", "-detailed-exitcode"])
}

fn check_after(story: &mut Story, stage: &Stage) -> Result<()> {
    story.step("Check again: both keys are young");
    let now = stage.now()?;
    let check = stage.keyrotation(&["check", "--as-of", &now])?;
    story.command(&format!("keyrotation check --as-of {now}"));
    story.quote(&check.text);
    ensure!(
        check.code == CHECK_SAYS_COMPLIANT,
        "check ended with {}, not 0",
        check.code
    );
    story.tell("Exit code 0: the whole scope was examined and nothing is out of policy.");
    Ok(())
}

fn withdraw(story: &mut Story, stage: &Stage, core: &Core) -> Result<()> {
    story.step("Destroy: the vault lets go of the account");
    core.run(story, &["destroy", "-input=false", "-auto-approve"])?;
    let removal = format!("/storage/{ACCOUNT}?");
    let mut entries = stage.journal()?.into_iter();
    let entry = entries.find(|entry| entry.starts_with("DELETE ") && entry.contains(&removal));
    let entry = entry.with_context(|| format!("the journal holds no DELETE {removal}"))?;
    story.tell("The emulator's journal holds the request:");
    story.quote(&entry);
    Ok(())
}

fn nothing_left(story: &mut Story, stage: &Stage, consumer: &Consumer<'_>) -> Result<()> {
    story.step("Look into the vault: nothing is left enrolled");
    story.command(&format!("GET {ENROLMENTS}"));
    let enrolled = consumer.list(ENROLMENTS)?;
    ensure!(
        enrolled.is_empty(),
        "still enrolled: {}",
        enrolled.join(", ")
    );
    story.tell("The vault manages no storage account.");
    ensure!(stage.is_alive()?, "the emulator has ended before the demo");
    Ok(())
}

fn expect_read(
    story: &mut Story,
    consumer: &Consumer<'_>,
    token: &SasToken,
    expected: u16,
) -> Result<()> {
    let status = consumer.download(token)?;
    story.tell(&format!("read the blob: {status}"));
    ensure!(
        status == expected,
        "the storage server answered {status}, not {expected}"
    );
    Ok(())
}
