//! A place for a token, as it was declared and as it is understood. Pure.

use std::fmt;
use std::path::{Path, PathBuf};

use azure::cloud::Cloud;
use azure::id::{ClusterId, IdError};
use engine::deliver::Terms;
use engine::deliver::source::Source;
use engine::direct::SecretPlace;
use rotation::period::Period;
use rotation::token::Lead;

use super::args::SyncArgs;
use crate::config::targets::{SshRule, TargetRule};
use crate::destination::cluster::names::{self, BadTarget, SecretName, Way, Workload};
use crate::place_id::{self, PlaceIdError};

/// What is put where.
#[derive(Clone, Debug)]
pub(in crate::command) struct Target {
    pub(super) source: Source,
    pub(super) to: To,
    pub(super) terms: Terms,
}

/// Where a token goes.
#[derive(Clone, Debug)]
pub(super) enum To {
    Stdout,
    File(PathBuf),
    Cluster(Box<ToCluster>),
}

/// An entry in a cluster.
#[derive(Clone, Debug)]
pub(super) struct ToCluster {
    pub(super) access: Access,
    pub(super) secret: SecretName,
    pub(super) restart: Vec<Workload>,
    pub(super) takes_over: bool,
}

/// How a cluster is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// By a kubeconfig, or from within.
    Local {
        kubeconfig: Option<PathBuf>,
        context: Option<String>,
    },
    /// As Azure tells.
    Azure(ClusterId),
    /// By SSH.
    Ssh {
        way: Way,
        key: SecretPlace,
        passphrase: Option<SecretPlace>,
    },
}

/// A place that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    #[error(
        "no place is named: give --from and --secret or --file, or `[[sync]]` in a file with --config"
    )]
    NoTarget,
    #[error("{0} has no `from`: give the identifier of a SAS definition or of a secret")]
    NoSource(String),
    #[error("{0} names no place, or two: give either `secret` or `file`")]
    NoPlace(String),
    #[error("{0} names two ways to one cluster: `cluster`, `kubeconfig` and `context`, or `ssh`")]
    TwoWays(String),
    #[error(
        "`{0}` is neither https://VAULT/storage/ACCOUNT/sas/NAME nor https://VAULT/secrets/NAME"
    )]
    Source(String),
    #[error(transparent)]
    Place(#[from] PlaceIdError),
    #[error("{0} is named twice: each place has one token")]
    Twice(String),
    #[error("{0}: behind SSH a secret needs its namespace; write NAMESPACE/NAME")]
    NoNamespace(String),
    #[error("{0}: no user is named; write USER@HOST")]
    NoUser(String),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Cluster(#[from] BadTarget),
}

impl Target {
    /// Tells whether it goes to stdout.
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self.to, To::Stdout)
    }
}

impl fmt::Display for Target {
    /// Writes where it goes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            To::Stdout => f.write_str("stdout"),
            To::File(path) => write!(f, "{}", path.display()),
            To::Cluster(to) => to.secret.fmt(f),
        }
    }
}

/// Understands all places that flags or a file declare.
///
/// # Errors
/// The first one that cannot be.
pub(super) fn all(
    args: &SyncArgs,
    declared: Vec<TargetRule>,
    cloud: &Cloud,
) -> Result<Vec<Target>, TargetError> {
    let rules = match args.rule() {
        Some(rule) => vec![rule],
        None => declared,
    };
    if rules.is_empty() {
        return Err(TargetError::NoTarget);
    }
    let numbered = rules.into_iter().enumerate();
    let ask = Ask {
        is_check: args.check,
        always: args.always,
        ahead: args.refresh_before,
    };
    let targets = numbered.map(|(number, rule)| {
        let name = match args.from {
            Some(_) => "the command line".to_owned(),
            None => format!("`[[sync]]` number {}", number + 1),
        };
        target(rule, &name, ask, cloud)
    });
    let targets: Vec<Target> = targets.collect::<Result<_, _>>()?;
    for (number, target) in targets.iter().enumerate() {
        if is_taken(target, targets.iter().take(number)) {
            return Err(TargetError::Twice(target.to_string()));
        }
    }
    Ok(targets)
}

/// Tells whether one of the others is in the same place.
fn is_taken<'a>(target: &Target, mut others: impl Iterator<Item = &'a Target>) -> bool {
    others.any(|other| other.to.is(&target.to))
}

/// Reads what a file declares for somebody who wants to mend it: gives the mistakes by their number.
pub(in crate::command) fn faults(
    declared: Vec<TargetRule>,
    cloud: &Cloud,
) -> Vec<(usize, TargetError)> {
    let (mut known, mut refused) = (Vec::<Target>::new(), Vec::new());
    for (number, rule) in declared.into_iter().enumerate() {
        let number = number + 1;
        match target(
            rule,
            &format!("`[[sync]]` number {number}"),
            Ask::default(),
            cloud,
        ) {
            Err(error) => refused.push((number, error)),
            Ok(target) if is_taken(&target, known.iter()) => {
                refused.push((number, TargetError::Twice(target.to_string())));
            }
            Ok(target) => known.push(target),
        }
    }
    refused
}

impl To {
    /// Tells whether both are one place.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Cluster(one), Self::Cluster(other)) => {
                one.access == other.access && one.secret == other.secret
            }
            _ => false,
        }
    }
}

/// What is asked of all places alike.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::command) struct Ask {
    is_check: bool,
    always: bool,
    ahead: Option<Period>,
}

/// Understands one place; `name` is what it is called if it cannot be.
///
/// # Errors
/// What cannot be understood of it.
pub(in crate::command) fn target(
    rule: TargetRule,
    name: &str,
    ask: Ask,
    cloud: &Cloud,
) -> Result<Target, TargetError> {
    if rule.from.is_empty() {
        return Err(TargetError::NoSource(name.to_owned()));
    }
    let ahead = ask.ahead.or(rule.refresh_before);
    Ok(Target {
        source: source(&rule.from, cloud)?,
        terms: Terms {
            lead: Lead {
                at_half: !ask.is_check,
                ahead: ahead.map(Period::as_duration).unwrap_or_default(),
            },
            always: ask.always,
        },
        to: to(rule, name, cloud)?,
    })
}

fn to(rule: TargetRule, name: &str, cloud: &Cloud) -> Result<To, TargetError> {
    match (&rule.file, &rule.secret) {
        (Some(path), None) if path == Path::new("-") => Ok(To::Stdout),
        (Some(path), None) => Ok(To::File(path.clone())),
        (None, Some(_)) => Ok(To::Cluster(Box::new(to_cluster(rule, name, cloud)?))),
        _ => Err(TargetError::NoPlace(name.to_owned())),
    }
}

fn to_cluster(rule: TargetRule, name: &str, cloud: &Cloud) -> Result<ToCluster, TargetError> {
    let secret = rule.secret.as_deref().unwrap_or_default();
    let entry = rule.entry.as_deref().unwrap_or("token");
    if rule.ssh.is_some() && !secret.contains('/') {
        return Err(TargetError::NoNamespace(name.to_owned()));
    }
    let restart = rule.restart.iter().map(|text| text.parse());
    Ok(ToCluster {
        secret: SecretName::new(secret, entry)?,
        restart: restart.collect::<Result<_, _>>()?,
        takes_over: rule.force_conflicts,
        access: access(rule, name, cloud)?,
    })
}

fn access(rule: TargetRule, name: &str, cloud: &Cloud) -> Result<Access, TargetError> {
    let is_local = rule.kubeconfig.is_some() || rule.context.is_some();
    match (rule.cluster, rule.ssh) {
        (None, None) => Ok(Access::Local {
            kubeconfig: rule.kubeconfig,
            context: rule.context,
        }),
        (Some(id), None) if !is_local => Ok(Access::Azure(id.parse()?)),
        (None, Some(ssh)) if !is_local => by_ssh(ssh, name, cloud),
        _ => Err(TargetError::TwoWays(name.to_owned())),
    }
}

fn by_ssh(rule: SshRule, name: &str, cloud: &Cloud) -> Result<Access, TargetError> {
    if rule.user.is_empty() {
        return Err(TargetError::NoUser(name.to_owned()));
    }
    let kubectl = rule.kubectl.unwrap_or_else(|| "kubectl".to_owned());
    let secret = |id: &String| place_id::secret(id, cloud);
    Ok(Access::Ssh {
        key: secret(&rule.key)?,
        passphrase: rule.passphrase.as_ref().map(secret).transpose()?,
        way: names::way(rule.host, rule.user, &rule.fingerprint, kubectl)?,
    })
}

fn source(id: &str, cloud: &Cloud) -> Result<Source, TargetError> {
    if id.contains("/storage/") {
        return Ok(Source::Definition(place_id::definition(id, cloud)?));
    }
    match place_id::secret(id, cloud) {
        Ok(place) => Ok(Source::Secret(place)),
        Err(PlaceIdError::Form { id, .. }) => Err(TargetError::Source(id)),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
