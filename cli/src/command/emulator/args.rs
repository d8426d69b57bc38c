//! The flags of `keyrotation emulator`; their texts are the help.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Enough to begin with.
pub const QUICK_START: &str = "\
Quick start:
  keyrotation emulator start --state-dir /tmp/azure
  . /tmp/azure/env.sh         in another shell; az, terraform and keyrotation now see it
  keyrotation check           the default fleet has an account with old keys
  keyrotation emulator clock --state-dir /tmp/azure --advance P46D

A fleet of your own, after `start`:
  --fleet FILE
  --generate accounts=10000,subscriptions=50,vaults=100,enrolled=2000,seed=7
While it runs, the control interface takes faults, settings and subscribers; see the emulator's manual.";

/// Where the files of an emulator are.
#[derive(Debug, Args)]
pub struct StateArgs {
    /// The folder that the emulator was started with.
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: PathBuf,
}

/// How to start an emulator.
#[derive(Debug, Args)]
#[command(after_help = QUICK_START)]
pub struct StartArgs {
    /// The folder for the certificate, the addresses and the variables; it is made if missing. What the emulator knows is
    /// kept there too, and the next start goes on from it.
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: PathBuf,
    /// The fleet document to start with; without it, one subscription with a vault and three accounts.
    #[arg(long, value_name = "FILE")]
    pub fleet: Option<PathBuf>,
    /// A made-up fleet of these sizes to start with: accounts=N,subscriptions=N,vaults=N,enrolled=N,seed=N.
    #[arg(long, value_name = "SIZES", conflicts_with = "fleet")]
    pub generate: Option<emulator::Sizes>,
    /// Forgets what the folder keeps of an earlier emulator and starts with the fleet.
    #[arg(long)]
    pub fresh: bool,
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
    /// Keeps every exchange with its bodies in this file, one JSON object a line; it holds the emulator's secrets.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Lets every answer take at least this long, such as 80ms or 2s, and up to the jitter longer: 80ms,jitter=20ms.
    #[arg(long, value_name = "TIME", default_value = "0ms")]
    pub latency: emulator::Latency,
    /// Whether requests are refused beyond Azure's published limits.
    #[arg(long, value_enum, default_value_t = Throttle::Off)]
    pub throttle: Throttle,
    /// Where to post SecretNearExpiry events, an http address on loopback; may be repeated.
    #[arg(long, value_name = "URL")]
    pub event_subscriber: Vec<String>,
}

/// Whether requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Throttle {
    /// No request is refused for its number.
    Off,
    /// Azure's published limits, with their headers and Retry-After.
    Published,
}

/// What to do with the clock.
#[derive(Debug, Args)]
pub struct ClockArgs {
    #[command(flatten)]
    pub state: StateArgs,
    /// Puts the clock forward by this duration, such as P46D or PT4H.
    #[arg(long, value_name = "DURATION")]
    pub advance: Option<String>,
}

/// How to show the journal.
#[derive(Debug, Args)]
pub struct JournalArgs {
    #[command(flatten)]
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
