//! The flags of `sync`; their texts are the help.

use std::path::PathBuf;

use azure::cloud::Cloud;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rotation::period::Period;

use crate::config::targets::{SshRule, TargetRule};

/// Enough to begin with.
const EXAMPLES: &str = "\
Examples:
  keyrotation sync --from https://kv1.vault.azure.net/storage/stlogs/sas/read --secret team/storage
  keyrotation sync --from https://kv1.vault.azure.net/secrets/stlogs-key --file /run/storage/key
  keyrotation sync --config tokens.toml --watch
  keyrotation sync --config tokens.toml --check --refresh-before PT6H";

/// Puts fresh tokens where their users read them
///
/// A token is minted by a SAS definition of a vault, or is a secret that direct rotation keeps. It
/// goes to an entry of a Kubernetes secret, in one server-side apply, or to a file that its owner
/// alone can read. One that is good is left alone; it is replaced at half of its life, when the key
/// that signed it has been renewed, or when that cannot be told.
///
/// Places are named by flags, or by `[[sync]]` in `keyrotation.toml`.
///
/// Exit codes:
///   0  every place holds a good token
///   1  wrong usage, no sign-in, or no place could be served
///   2  with --check: a token is missing, dead, or ends too soon
///   3  some place could not be served, judged or proven, or its pods wait for somebody
/// After --watch it is the code of the last look that was not cut short.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = EXAMPLES)]
pub struct SyncArgs {
    /// The identifier of what is put in place: https://VAULT/storage/ACCOUNT/sas/NAME or
    /// https://VAULT/secrets/NAME.
    #[arg(long, value_name = "ID")]
    pub from: Option<String>,
    /// Where it goes.
    #[command(flatten)]
    pub to: PlaceArgs,
    /// How long before its end a token is replaced, at the latest; half of its life in any case.
    #[arg(long, value_name = "DURATION")]
    pub refresh_before: Option<Period>,
    /// Replaces every token, good or not.
    #[arg(long, conflicts_with = "check")]
    pub always: bool,
    /// Looks and changes nothing: is each token there, alive, and alive until the next run?
    #[arg(long, conflicts_with = "watch")]
    pub check: bool,
    /// Goes on, and replaces each token in time, until it is stopped.
    #[arg(long)]
    pub watch: bool,
    /// The longest time between two looks with --watch.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "PT15M",
        requires = "watch"
    )]
    pub interval: Period,
    /// How long to wait for restarted pods to be ready; PT0S for not at all.
    #[arg(long, value_name = "DURATION", default_value = "PT5M")]
    pub rollout_timeout: Patience,
    /// The file with places [default: `keyrotation.toml` in the current folder, if there is one].
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub config: Option<PathBuf>,
    /// The cloud the vaults are in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// The moment that tokens are judged for, such as 2026-06-01T00:00:00Z [default: now].
    ///
    /// For rehearsals with a clock that was put forward.
    #[arg(long, value_name = "TIME", conflicts_with = "watch")]
    pub as_of: Option<Timestamp>,
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub format: Form,
}

/// The form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Lines for people.
    Table,
    /// One JSON document for each look, versioned; fields are only ever added.
    Json,
}

/// A time to wait, which may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(pub(super) std::time::Duration);

impl std::str::FromStr for Patience {
    type Err = <Period as std::str::FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if matches!(text, "PT0S" | "P0D") {
            return Ok(Self(std::time::Duration::ZERO));
        }
        let period: Period = text.parse()?;
        Ok(Self(period.as_duration().unsigned_abs()))
    }
}

/// Where a token goes.
#[derive(Debug, Default, Args)]
pub struct PlaceArgs {
    /// The file; `-` writes the token to stdout.
    #[arg(
        long,
        value_name = "FILE",
        requires = "from",
        conflicts_with = "secret"
    )]
    pub file: Option<PathBuf>,
    /// The secret in a cluster; its namespace is that of the context if none is named. With --ssh
    /// it has to be named.
    #[arg(long, value_name = "[NAMESPACE/]NAME", requires = "from")]
    pub secret: Option<String>,
    /// The entry in the secret [default: token].
    #[arg(long, value_name = "KEY", requires = "secret")]
    pub entry: Option<String>,
    /// The cluster by its resource id in Azure, which gives the way to it.
    #[arg(long, value_name = "ID", requires = "secret", conflicts_with_all = ["kubeconfig", "context", "ssh"])]
    pub cluster: Option<String>,
    /// The kubeconfig [default: `KUBECONFIG`, the home folder, else the account of this pod].
    #[arg(long, value_name = "FILE", requires = "secret", conflicts_with = "ssh")]
    pub kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig.
    #[arg(long, value_name = "NAME", requires = "secret", conflicts_with = "ssh")]
    pub context: Option<String>,
    /// The machine that has `kubectl`, where the cluster's API is closed.
    #[arg(long, value_name = "USER@HOST[:PORT]", requires_all = ["secret", "ssh_fingerprint", "ssh_key"])]
    pub ssh: Option<String>,
    /// The SHA-256 fingerprint of that machine's host key; no other machine is talked to.
    #[arg(long, value_name = "SHA256:..", requires = "ssh")]
    pub ssh_fingerprint: Option<String>,
    /// The vault's secret that holds the private key: https://VAULT/secrets/NAME.
    #[arg(long, value_name = "ID", requires = "ssh")]
    pub ssh_key: Option<String>,
    /// The vault's secret that holds the passphrase of the private key.
    #[arg(long, value_name = "ID", requires = "ssh")]
    pub ssh_passphrase: Option<String>,
    /// The command that is `kubectl` on that machine [default: kubectl].
    #[arg(long, value_name = "COMMAND", requires = "ssh")]
    pub ssh_kubectl: Option<String>,
    /// What is restarted when the value changes: deployment/NAME, statefulset/NAME or
    /// daemonset/NAME of the same namespace; repeat it for more.
    #[arg(long, value_name = "KIND/NAME", requires = "secret")]
    pub restart: Vec<String>,
    /// Takes the entry over from another field manager.
    #[arg(long, requires = "secret")]
    pub force_conflicts: bool,
}

impl SyncArgs {
    /// Gives the place that the flags name, in the words of the file; nothing if they name none.
    pub(super) fn rule(&self) -> Option<TargetRule> {
        let to = &self.to;
        Some(TargetRule {
            from: self.from.clone()?,
            file: to.file.clone(),
            secret: to.secret.clone(),
            entry: to.entry.clone(),
            cluster: to.cluster.clone(),
            kubeconfig: to.kubeconfig.clone(),
            context: to.context.clone(),
            ssh: to.ssh_rule(),
            restart: to.restart.clone(),
            refresh_before: None,
            force_conflicts: to.force_conflicts,
        })
    }
}

impl PlaceArgs {
    fn ssh_rule(&self) -> Option<SshRule> {
        let text = self.ssh.as_deref()?;
        let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
        Some(SshRule {
            host: host.to_owned(),
            user: user.to_owned(),
            fingerprint: self.ssh_fingerprint.clone().unwrap_or_default(),
            key: self.ssh_key.clone().unwrap_or_default(),
            passphrase: self.ssh_passphrase.clone(),
            kubectl: self.ssh_kubectl.clone(),
        })
    }
}
