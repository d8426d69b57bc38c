//! `keyrotation check`: settings, look, report, exit code.
//!
//! It holds a [`ReadClient`], which by its type can send no request that changes something or returns a
//! secret; and where `--app-settings` asks for it a [`SettingsSearch`], which gives names alone.

use std::sync::Arc;
use std::time::Duration;

use azure::client::ReadClient;
use azure::client::search::SettingsSearch;
use engine::check::{CheckError, Outcome, check_by};
use engine::observe::Means;

use crate::Doors;
use crate::args::CheckArgs;
use crate::checkpoint::{Checkpoint, CheckpointError, Scan};
use crate::config::{self, ConfigError};
use crate::connection::{self, ConnectionError};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::progress;
use crate::report::Report;
use crate::report::delivery::{Delivery, DeliveryError};
use crate::scope::{NOTHING_EXAMINED, ScopeFileError};
use crate::settings::{CheckSettings, SettingsError};

/// Vaults are read one after the other, so a connection to one is of no use for long.
const IDLE: Duration = Duration::from_millis(150);

/// How many holes the last line names before it only counts them.
const HOLES_NAMED: usize = 3;

/// The check came to no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckCommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Scope(#[from] ScopeFileError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("interrupted before the report was complete")]
    Interrupted,
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
}

/// Checks the scope, writes the report and picks the exit code.
///
/// # Cancellation
/// Nothing is changed in Azure; the report is written at the end or not at all. A checkpoint keeps
/// what was read.
pub(crate) async fn run(
    args: &CheckArgs,
    mut doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, CheckCommandError> {
    let config = config::read(&doors.env, args.config.as_deref())?;
    let wanted = args.scope.resolve(&doors.env)?;
    let settings = CheckSettings::resolve(args, wanted, config, &doors.env, streams.screen)?;
    let delivery = Delivery::open(&settings.outputs)?;
    let cloud = settings.cloud;
    let scan = Scan::new(&settings.question, settings.app_settings, cloud.as_str());
    let (client, search) = connect(&settings, &doors)?;
    let checkpoint = Checkpoint::open(&args.checkpoint, scan, cloud, &doors.clock)?;
    let mut means = Means::reading(&client);
    means.search = search.as_ref();
    if let Some(checkpoint) = &checkpoint {
        means.notes = checkpoint;
    }
    let now = settings.as_of.unwrap_or_else(|| doors.clock.now());
    let look = async {
        tokio::select! {
            biased;
            () = &mut doors.stop => Err(CheckCommandError::Interrupted),
            outcome = check_by(means, &settings.question, now) => Ok(outcome?),
        }
    };
    match progress::shown(look, doors.clock.as_ref(), streams).await {
        Ok(outcome) => conclude(&outcome, &settings, delivery, checkpoint, streams),
        Err(error) => {
            let left = checkpoint.map(Checkpoint::leave);
            left.iter().for_each(|line| streams.say(line));
            Err(error)
        }
    }
}

fn connect(
    settings: &CheckSettings,
    doors: &Doors,
) -> Result<(ReadClient, Option<SettingsSearch>), ConnectionError> {
    let mut connection = connection::settings(settings.cloud, &doors.env)?;
    connection.idle = IDLE;
    let (env, clock) = (doors.env.clone(), Arc::clone(&doors.clock));
    if settings.app_settings {
        let search = SettingsSearch::new(connection, env, clock).map_err(ConnectionError::SetUp)?;
        return Ok((search.reader(), Some(search)));
    }
    let client = ReadClient::new(connection, env, clock).map_err(ConnectionError::SetUp)?;
    Ok((client, None))
}

/// Writes what was found: the report as the result, the holes as talk.
fn conclude(
    outcome: &Outcome,
    settings: &CheckSettings,
    delivery: Delivery,
    checkpoint: Option<Checkpoint>,
    streams: &mut Streams,
) -> Result<ExitCode, CheckCommandError> {
    let report = Report::new(outcome, &settings.question.demand, settings.fail_on);
    delivery.send(&report, &settings.look, streams)?;
    if let Some(checkpoint) = checkpoint {
        let said = checkpoint.finish(outcome.holes.is_empty());
        said.iter().for_each(|line| streams.say(line));
    }
    if report.summary().examined() == 0 && outcome.left_to_others == 0 {
        streams.say(NOTHING_EXAMINED);
    }
    if let Some(line) = holes_line(&report) {
        streams.say(&line);
    }
    Ok(ExitCode::from(&outcome.standing(settings.fail_on)))
}

fn holes_line(report: &Report<'_>) -> Option<String> {
    let named: Vec<_> = report
        .unscanned()
        .take(HOLES_NAMED)
        .map(|hole| hole.scope)
        .collect();
    let more = report.summary().unscanned - named.len();
    match (named.as_slice(), more) {
        ([], _) => None,
        (named, 0) => Some(format!("not examined: {}", named.join(", "))),
        (named, more) => Some(format!(
            "not examined: {} and {more} more",
            named.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};

    use azure::clock::ManualClock;
    use azure::env::Env;
    use clap::Parser;
    use engine::check::accounts::{Accounts, Measure};
    use engine::check::waivers::Waivers;
    use engine::observe::{Hole, HoleCause, SeenAccount};
    use jiff::Timestamp;
    use rotation::finding::FindingCode;
    use rotation::observation::{Observation, PerSlot};

    use super::*;
    use crate::config::Config;
    use crate::output::Screen;
    use crate::output::tests::{Captured, Failing};

    #[derive(Parser)]
    struct Check {
        #[command(flatten)]
        args: CheckArgs,
    }

    fn args(words: &[&str]) -> CheckArgs {
        let words = std::iter::once(&"check").chain(words);
        Check::try_parse_from(words).expect("good usage").args
    }

    fn settings() -> CheckSettings {
        let nothing: [(&str, &str); 0] = [];
        let (args, env) = (args(&["--format", "json"]), Env::from_pairs(nothing));
        let wanted = args.scope.resolve(&env).expect("no file is named");
        CheckSettings::resolve(&args, wanted, Config::default(), &env, Screen::default())
            .expect("nothing contradicts")
    }

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().expect("a moment")
    }

    fn account(number: usize, created_at: &str) -> SeenAccount {
        let id = format!(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/\
             Microsoft.Storage/storageAccounts/stlogs{number}"
        );
        let made = created_at.parse().ok();
        SeenAccount {
            id: id.parse().expect("an id"),
            location: "westeurope".into(),
            tags: Arc::default(),
            observation: Observation {
                key_times: PerSlot {
                    key1: made,
                    key2: made,
                },
                ..Observation::default()
            },
        }
    }

    fn outcome(created: &[&str], holes: Vec<Hole>) -> Outcome {
        let seen = created.iter().enumerate();
        let measure = Measure {
            demand: settings().question.demand,
            waivers: Waivers::default(),
            now: now(),
        };
        Outcome {
            as_of: now(),
            profile: measure.demand.profile,
            scope: Vec::new(),
            accounts: Accounts::judged(seen.map(|(n, made)| account(n, made)), measure),
            holes,
            left_to_others: 0,
        }
    }

    fn holes(count: usize) -> Vec<Hole> {
        let hole = |number| Hole {
            code: FindingCode::VaultUnreadable,
            scope: format!("vault-{number}"),
            cause: HoleCause::Odd {
                reason: "no JSON".to_owned(),
            },
        };
        (1..=count).map(hole).collect()
    }

    fn finish(outcome: &Outcome, streams: &mut Streams) -> Result<ExitCode, CheckCommandError> {
        let settings = settings();
        let delivery = Delivery::open(&settings.outputs)?;
        conclude(outcome, &settings, delivery, None, streams)
    }

    /// Checks the exit code and the last line of talk.
    fn check(accounts: &[&str], hole_count: usize, code: ExitCode, last_line: &str) {
        let (out, err) = (Captured::default(), Captured::default());
        let mut streams = Streams::captured(out.clone(), err.clone());
        let outcome = outcome(accounts, holes(hole_count));
        let got = finish(&outcome, &mut streams).expect("it can be written");
        assert_eq!(got, code, "{}", out.text());
        assert_eq!(err.text().lines().last().unwrap_or_default(), last_line);
        assert!(out.text().starts_with('{'), "{}", out.text());
    }

    #[test]
    fn the_report_is_written_and_the_last_line_of_talk_names_the_holes() {
        let (young, old, unknown) = ("2026-05-01T00:00:00Z", "2025-01-01T00:00:00Z", "?");
        check(&[young], 0, ExitCode::Passed, "");
        check(&[young, old, unknown], 0, ExitCode::Drift, "");
        check(&[old], 1, ExitCode::Drift, "not examined: vault-1");
        check(
            &[young],
            3,
            ExitCode::Unproven,
            "not examined: vault-1, vault-2, vault-3",
        );
        check(
            &[unknown],
            5,
            ExitCode::Unproven,
            "not examined: vault-1, vault-2, vault-3 and 2 more",
        );
        check(&[], 1, ExitCode::Failed, "not examined: vault-1");
        check(&[], 0, ExitCode::Failed, NOTHING_EXAMINED);
    }

    #[test]
    fn a_closed_pipe_keeps_the_verdict_and_a_full_disk_does_not() {
        let conclude_on = |kind| {
            let outcome = outcome(&["2025-01-01T00:00:00Z"], Vec::new());
            let mut streams = Streams::captured(Failing(kind), io::sink());
            finish(&outcome, &mut streams).ok()
        };
        assert_eq!(conclude_on(ErrorKind::BrokenPipe), Some(ExitCode::Drift));
        assert_eq!(conclude_on(ErrorKind::StorageFull), None);
    }

    #[tokio::test]
    async fn a_stop_request_ends_the_check_without_a_verdict() {
        let doors = Doors {
            env: Env::from_pairs([
                ("ARM_TENANT_ID", "00000000-0000-0000-0000-000000000009"),
                ("ARM_CLIENT_ID", "00000000-0000-0000-0000-000000000008"),
                ("ARM_CLIENT_SECRET", "not a real one"),
            ]),
            clock: Arc::new(ManualClock::new(now())),
            stop: Box::pin(std::future::ready(())),
        };
        let mut streams = Streams::captured(io::sink(), io::sink());
        let stopped = run(&args(&[]), doors, &mut streams).await;
        assert!(
            matches!(stopped, Err(CheckCommandError::Interrupted)),
            "{stopped:?}"
        );
    }
}
