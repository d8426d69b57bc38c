//! The daily work of the teams: a plan, its application, and what a run that ended early has left.

use std::fs;
use std::thread;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::cast::{DIRECT, subscription, vault};
use super::runner::{Fate, Runner};
use super::terms::{DUE_SOON_DAYS, MAX_AGE_DAYS, WAIT_HOURS};
use super::world::Control;

/// How often a run that ended early is taken up; what is left then is left to the next day's plan.
const RESUMES: usize = 2;
const DONE: Option<i32> = Some(0);

/// Which keys are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Those that are near the limit.
    ByAge,
    /// All: of each account whose key is not published yet the key in use is published.
    Publication,
}

/// Has all teams rotate, side by side.
pub(super) fn all_teams(
    runner: &Runner<'_>,
    control: &Control,
    teams: u32,
    due: Due,
    fate: Fate,
) -> Result<()> {
    thread::scope(|scope| {
        let teams = (0..teams).map(|team| {
            scope.spawn(move || {
                let worked = one_team(runner, control, team, due, fate);
                worked.with_context(|| format!("the rotation of team {team}"))
            })
        });
        let teams: Vec<_> = teams.collect();
        let ended = teams.into_iter().map(|team| {
            team.join()
                .map_err(|_| anyhow!("a thread has panicked"))
                .flatten()
        });
        ended.collect()
    })
}

fn one_team(runner: &Runner<'_>, control: &Control, team: u32, due: Due, fate: Fate) -> Result<()> {
    let file = |kind: &str| runner.folder().join(format!("team-{team}.{kind}"));
    let (plan, journal) = (file("plan"), file("journal"));
    let (plan_word, journal_word) = (plan.to_string_lossy(), journal.to_string_lossy());
    let (subscription, now) = (subscription(team), control.now()?.to_string());
    let vault = format!("https://{}.vault.azure.net", vault(team));
    let (max_age, due_soon) = match due {
        Due::ByAge => (MAX_AGE_DAYS, DUE_SOON_DAYS),
        Due::Publication => (2, 1),
    };
    let [max_age, due_soon] = [max_age, due_soon].map(|days| format!("P{days}D"));
    let wait = format!("PT{WAIT_HOURS}H");
    let only = match due {
        Due::ByAge => Vec::new(),
        // A turn on request would move the clock of a vault.
        Due::Publication => DIRECT.map(|name| ["--include", name]).concat(),
    };
    let words = [
        "--subscription",
        &subscription,
        "--max-age",
        &max_age,
        "--due-soon",
        &due_soon,
        "--wait",
        &wait,
        "--vault-uri",
        &vault,
        "--secret-name",
        "st-{account}",
        "--no-verify",
        "--as-of",
        &now,
        "--out",
        &plan_word,
    ];
    let planned = runner.run("rotate plan", &[&words, only.as_slice()].concat(), fate)?;
    if planned.code.is_some_and(|code| code != 1) && has_accounts(&fs::read_to_string(&plan)?)? {
        let now = control.now()?.to_string();
        let words = [
            &plan_word,
            "--auto-approve",
            "--journal",
            &journal_word,
            "--as-of",
            &now,
        ];
        let mut ended = runner.run("rotate apply", &words, fate)?.code;
        for _ in 0..RESUMES {
            if ended == DONE || !journal.exists() {
                break;
            }
            let now = control.now()?.to_string();
            let words = [&journal_word, "--as-of", &now];
            ended = runner.run("rotate resume", &words, Fate::Spared)?.code;
        }
    }
    for file in [plan, journal] {
        // Either may never have been there.
        drop(fs::remove_file(file));
    }
    Ok(())
}

fn has_accounts(plan: &str) -> Result<bool> {
    let plan: Value = serde_json::from_str(plan).context("the plan is no JSON")?;
    let accounts = plan.get("accounts").and_then(Value::as_array);
    Ok(!accounts.context("the plan lacks `accounts`")?.is_empty())
}
