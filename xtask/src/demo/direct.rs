//! The second act: an account outside Key Vault's care goes from overdue to compliant, while a client
//! reads a blob with the published key all the time.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::core::Core;
use super::stage::Stage;
use super::story::Story;
use crate::process::Background;
use crate::tools;

const PROGRAM: &str = include_str!("poller.py");
const ACCOUNT: &str = "stdirect";
/// A client keeps a key for a few reads, which take less than this.
const OVERLAP: &str = "-var=overlap=PT2S";
/// How many plans are made until a turn is due, and how many looks are taken at the client.
const MOST_LOOKS: usize = 3000;
/// How many keys the account goes through: the old one, and a new one in each slot.
const TURNS: usize = 2;

/// Plays the act.
pub fn play(story: &mut Story, stage: &Stage, quickstart: &Core<'_>) -> Result<()> {
    let core = quickstart.with_example("direct")?;
    story.step("Apply examples/direct: the key in use becomes a secret");
    core.run(story, &["init", "-input=false"])?;
    let apply = ["apply", "-input=false", "-auto-approve", OVERLAP];
    core.run(story, &apply)?;
    let mut client = Client::start(stage, &core.output("secret_id")?)?;
    story.step("Renew both keys, one an apply, under a client that reads all the time");
    for turn in 1..=TURNS {
        wait_until_due(stage, &core)?;
        story.tell(&format!(
            "Turn {turn}: the overlap is over, and the plan has a key to renew."
        ));
        core.run(story, &apply)?;
        client.wait_for_keys(stage, turn + 1)?;
    }
    let counts = client.end(stage)?;
    story.tell(&format!(
        "The client made {} reads with {} keys; {} failed.",
        counts.reads, counts.keys, counts.failed
    ));
    ensure!(counts.failed == 0, "the client was refused");
    check(story, stage)?;
    core.run(
        story,
        &["destroy", "-input=false", "-auto-approve", OVERLAP],
    )
}

/// Plans until a turn is due.
fn wait_until_due(stage: &Stage, core: &Core<'_>) -> Result<()> {
    for _ in 0..MOST_LOOKS {
        if core.has_changes(&[OVERLAP])? {
            return Ok(());
        }
        stage.supervisor().pause()?;
    }
    bail!("no turn became due")
}

fn check(story: &mut Story, stage: &Stage) -> Result<()> {
    let check = stage.keyrotation(&["check", "--include", ACCOUNT])?;
    story.command(&format!("keyrotation check --include {ACCOUNT}"));
    story.quote(&check.text);
    ensure!(check.code == 0, "check ended with {}, not 0", check.code);
    Ok(())
}

/// The client, while it runs.
struct Client {
    running: Background,
    stop: PathBuf,
    counts: PathBuf,
}

/// What the client has counted.
struct Counts {
    reads: u64,
    failed: u64,
    keys: u64,
}

impl Client {
    fn start(stage: &Stage, secret: &str) -> Result<Self> {
        let place = |name: &str| stage.folder().join(name);
        let (program, stop) = (place("poller.py"), place("poller.stop"));
        let counts = place("poller.json");
        fs::write(&program, PROGRAM).context("cannot write the client's program")?;
        let mut command = stage.command(&tools::python(stage.supervisor())?);
        command.arg("-I").arg(&program).arg(secret);
        command
            .args([stage.blobs(), ACCOUNT])
            .arg(&stop)
            .arg(&counts);
        let running = stage.supervisor().start(&mut command)?;
        Ok(Self {
            running,
            stop,
            counts,
        })
    }

    /// Waits until the client has seen so many keys.
    fn wait_for_keys(&mut self, stage: &Stage, keys: usize) -> Result<()> {
        for _ in 0..MOST_LOOKS {
            if let Some(status) = self.running.ended()? {
                bail!("the client has ended: {status}");
            }
            if self.read().is_some_and(|counts| counts.keys >= keys as u64) {
                return Ok(());
            }
            stage.supervisor().pause()?;
        }
        bail!("the client has not seen {keys} keys")
    }

    fn end(&mut self, stage: &Stage) -> Result<Counts> {
        fs::write(&self.stop, "").context("cannot tell the client to end")?;
        for _ in 0..MOST_LOOKS {
            if self.running.ended()?.is_some() {
                return self.read().context("the client has counted nothing");
            }
            stage.supervisor().pause()?;
        }
        bail!("the client does not end")
    }

    fn read(&self) -> Option<Counts> {
        let text = fs::read_to_string(&self.counts).ok()?;
        let counts: Value = serde_json::from_str(&text).ok()?;
        let count = |name: &str| counts.get(name).and_then(Value::as_u64);
        Some(Counts {
            reads: count("reads")?,
            failed: count("failed")?,
            keys: count("keys")?,
        })
    }
}
