//! `keyrotation emulator`: starts the Azure emulator, and speaks with one that runs.
//!
//! The emulator is a room of its own; here are its flags, the texts around it and the way to a
//! running one through its state folder.

mod client;
mod journal;
mod start;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;

use self::client::{Client, ClientError};
use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;

/// Runs a small Azure on this machine, to rehearse on
///
/// It plays Entra ID, Resource Manager, Key Vault and Graph under their real host names, through
/// a proxy that other programs are led to by environment variables. Its clock can be put forward,
/// so that a rotation period passes in a moment. Nothing reaches Azure.
#[derive(Debug, Args)]
pub struct EmulatorArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: EmulatorCommand,
}

/// A command over the emulator.
#[derive(Debug, Subcommand)]
pub enum EmulatorCommand {
    /// Starts the emulator and runs it until it is interrupted.
    Start(StartArgs),
    /// Prints the shell lines that lead other programs to a running emulator.
    Env(StateArgs),
    /// Shows the emulator's clock, or puts it forward.
    Clock(ClockArgs),
    /// Shows every request that the emulator has seen, without secrets.
    Journal(JournalArgs),
}

/// Where the files of an emulator are.
#[derive(Debug, Args)]
pub struct StateArgs {
    /// The folder that the emulator was started with.
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: PathBuf,
}

/// How to start an emulator.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// The folder for the certificate, the addresses and the variables; it is made if missing.
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: PathBuf,
    /// The fleet document to start with; without it, one subscription with a vault and three accounts.
    #[arg(long, value_name = "FILE")]
    pub fleet: Option<PathBuf>,
    /// Where to answer TLS clients that resolve Azure's names to it; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub tls_listen: SocketAddr,
    /// Where to be a proxy; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub proxy_listen: SocketAddr,
    /// Where to take orders, on loopback only; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub control_listen: SocketAddr,
    /// A host that the proxy passes on although the emulator does not model it; may be repeated.
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<String>,
    /// Runs the Azurite installed in this folder beside the emulator, as the accounts' blob storage.
    #[arg(long, value_name = "FOLDER")]
    pub azurite: Option<PathBuf>,
}

/// What to do with the clock.
#[derive(Debug, Args)]
pub struct ClockArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the help")]
    pub state: StateArgs,
    /// Puts the clock forward by this duration, such as P46D or PT4H.
    #[arg(long, value_name = "DURATION")]
    pub advance: Option<String>,
}

/// How to show the journal.
#[derive(Debug, Args)]
pub struct JournalArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the help")]
    pub state: StateArgs,
    /// How the journal is written.
    #[arg(long, value_enum, default_value_t = JournalFormat::Table)]
    pub format: JournalFormat,
}

/// A form of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JournalFormat {
    /// One line for each request.
    Table,
    /// The journal as the emulator gives it.
    Json,
}

/// The emulator did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmulatorError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot use the fleet document `{}`", path.display())]
    Fleet {
        path: PathBuf,
        source: emulator::FleetError,
    },
    #[error(transparent)]
    Start(#[from] emulator::StartError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("cannot write the result")]
    Write(#[source] io::Error),
}

#[derive(Deserialize)]
struct Clock {
    now: String,
}

/// Runs a command over the emulator.
///
/// # Cancellation
/// A started emulator ends.
pub(crate) async fn run(
    args: &EmulatorArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, EmulatorError> {
    let text = match &args.command {
        EmulatorCommand::Start(args) => return start::run(args, doors, streams).await,
        EmulatorCommand::Env(args) => read(args.state_dir.join("env.sh")).await?,
        EmulatorCommand::Clock(args) => clock(args).await?,
        EmulatorCommand::Journal(args) => show_journal(args).await?,
    };
    streams.result(&text).map_err(EmulatorError::Write)?;
    Ok(ExitCode::Passed)
}

async fn clock(args: &ClockArgs) -> Result<String, EmulatorError> {
    let client = Client::of(&args.state.state_dir).await?;
    let answer = match &args.advance {
        None => client.get("/clock").await?,
        Some(period) => {
            let order = serde_json::json!({"advance": period}).to_string();
            client.post("/clock", &order).await?
        }
    };
    let clock: Clock = client::parse(&answer)?;
    Ok(format!("{}\n", clock.now))
}

async fn show_journal(args: &JournalArgs) -> Result<String, EmulatorError> {
    let client = Client::of(&args.state.state_dir).await?;
    let answer = client.get("/journal").await?;
    Ok(match args.format {
        JournalFormat::Json => format!("{}\n", answer.trim_end()),
        JournalFormat::Table => journal::table(&client::parse(&answer)?),
    })
}

async fn read(path: PathBuf) -> Result<String, EmulatorError> {
    let text = tokio::fs::read_to_string(&path).await;
    text.map_err(|source| EmulatorError::Read { path, source })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use emulator::{Fleet, Options};

    use super::*;
    use crate::output::tests::Captured;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("keyrotation-{name}-{}", std::process::id()))
    }

    fn doors(stop: impl Future<Output = ()> + Send + 'static) -> Doors {
        let nothing: [(&str, &str); 0] = [];
        Doors {
            env: azure::env::Env::from_pairs(nothing),
            clock: Arc::new(azure::clock::ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
            stop: Box::pin(stop),
        }
    }

    /// Runs a command: its result and what it said.
    async fn run_alone(
        command: EmulatorCommand,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> (Result<ExitCode, EmulatorError>, String, String) {
        let (out, err) = (Captured::default(), Captured::default());
        let mut streams = Streams::captured(out.clone(), err.clone());
        let ended = run(&EmulatorArgs { command }, doors(stop), &mut streams).await;
        (ended, out.text(), err.text())
    }

    fn state(folder: &std::path::Path) -> StateArgs {
        StateArgs {
            state_dir: folder.to_owned(),
        }
    }

    fn clock(folder: &std::path::Path, advance: Option<&str>) -> EmulatorCommand {
        let advance = advance.map(str::to_owned);
        EmulatorCommand::Clock(ClockArgs {
            state: state(folder),
            advance,
        })
    }

    #[tokio::test]
    async fn a_running_emulator_is_steered_through_its_folder() {
        let folder = folder("steered");
        let fleet: Fleet = r#"{"now": "2026-01-01T00:00:00Z", "subscriptions": []}"#
            .parse()
            .expect("a fleet");
        let options = Options {
            state_dir: Some(folder.clone()),
            ..Options::ephemeral(fleet)
        };
        let running = emulator::start(options).await.expect("a free port");
        let (_, now, _) = run_alone(clock(&folder, Some("P46D")), std::future::pending()).await;
        assert!(now.starts_with("2026-02-16T00:00:"), "{now}");
        let (refused, ..) = run_alone(clock(&folder, Some("soon")), std::future::pending()).await;
        assert!(matches!(
            refused,
            Err(EmulatorError::Client(ClientError::Refused {
                status: 400,
                ..
            }))
        ));
        let args = JournalArgs {
            state: state(&folder),
            format: JournalFormat::Json,
        };
        let (_, journal, _) =
            run_alone(EmulatorCommand::Journal(args), std::future::pending()).await;
        assert_eq!(journal, "{\"requests\":[]}\n");
        let (_, env, _) =
            run_alone(EmulatorCommand::Env(state(&folder)), std::future::pending()).await;
        assert!(
            env.contains(&format!(
                "export HTTPS_PROXY='http://{}'\n",
                running.addresses().proxy
            )),
            "{env}"
        );
        running.shutdown().await;
        let (gone, ..) = run_alone(clock(&folder, None), std::future::pending()).await;
        assert!(matches!(
            gone,
            Err(EmulatorError::Client(ClientError::NotRunning { .. }))
        ));
        std::fs::remove_dir_all(folder).expect("the folder was made");
    }

    #[tokio::test]
    async fn a_started_emulator_says_where_it_is_and_ends_when_asked() {
        let folder = folder("started");
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let args = StartArgs {
            state_dir: folder.clone(),
            fleet: None,
            tls_listen: free,
            proxy_listen: free,
            control_listen: free,
            allow_host: Vec::new(),
            azurite: None,
        };
        let ready = folder.join("ready.json");
        let is_up = ready.clone();
        let stop = async move {
            while !is_up.exists() {
                tokio::task::yield_now().await;
            }
        };
        let (ended, out, err) = run_alone(EmulatorCommand::Start(args), stop).await;
        assert_eq!(ended.expect("an emulator that starts"), ExitCode::Passed);
        assert_eq!(out, "");
        assert!(err.contains("the Azure emulator is up"), "{err}");
        assert!(!ready.exists());
        std::fs::remove_dir_all(folder).expect("the folder was made");
    }
}
