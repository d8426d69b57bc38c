//! The clusters of one round: each is reached once, however many places it has.
//!
//! They are reached anew in every round, since what opens a cluster ends: a token of Entra ID lives
//! for an hour.

use azure::arm::clusters;
use azure::vault::secret;
use engine::direct::SecretPlace;
use engine::run::{Run, StepError};
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::round::told;
use super::target::{Access, Target, To};
use crate::destination::cluster::reached::{Hints, ReachError, Reached};

/// A cluster, or in words why it cannot be reached.
type Known = OnceCell<Result<Reached, String>>;

/// The clusters that were reached.
pub(super) struct Clusters {
    all: Vec<(Access, Known)>,
    hints: Hints,
}

/// There is no way to a cluster.
#[derive(Debug, thiserror::Error)]
enum NoWay {
    #[error(transparent)]
    Azure(#[from] StepError),
    #[error(transparent)]
    Cluster(#[from] ReachError),
}

impl Clusters {
    /// Lists the clusters of some places; none is reached yet.
    pub(super) fn of(targets: &[Target], hints: Hints) -> Self {
        let mut all: Vec<(Access, Known)> = Vec::new();
        for target in targets {
            let To::Cluster(to) = &target.to else {
                continue;
            };
            if !all.iter().any(|(access, _)| *access == to.access) {
                all.push((to.access.clone(), Known::new()));
            }
        }
        Self { all, hints }
    }

    /// Reaches a cluster, or says in words why it cannot be reached.
    pub(super) async fn reach(&self, access: &Access, run: &Run<'_>) -> Result<Reached, String> {
        let known = self.all.iter().find(|(known, _)| known == access);
        let (access, cell) = known.ok_or("the cluster is not among those of this round")?;
        let reached = cell.get_or_init(async || {
            let reached = self.open(access, run).await;
            reached.map_err(|error| told(&error))
        });
        reached.await.clone()
    }

    async fn open(&self, access: &Access, run: &Run<'_>) -> Result<Reached, NoWay> {
        let hints = self.hints.clone();
        match access {
            Access::Local {
                kubeconfig,
                context,
            } => Ok(Reached::locally(kubeconfig.clone(), context.clone(), hints).await?),
            Access::Azure(id) => {
                let request = clusters::user_credential(id);
                let kubeconfig = run.send("read the credential of", id, request).await?;
                let mut token = None;
                if Reached::wants_token(&kubeconfig)? {
                    let got = run.client().cluster_token().await;
                    token = Some(got.map_err(|error| StepError::new("sign in to", id, error))?);
                }
                Ok(Reached::given(kubeconfig, token, hints).await?)
            }
            Access::Ssh {
                way,
                key,
                passphrase,
            } => {
                let key = read(run, key).await?;
                let passphrase = match passphrase {
                    Some(place) => Some(read(run, place).await?),
                    None => None,
                };
                Ok(Reached::by_ssh(way.clone(), &key, passphrase.as_ref())?)
            }
        }
    }
}

async fn read(run: &Run<'_>, place: &SecretPlace) -> Result<SecretString, StepError> {
    let request = secret::get(&place.vault, &place.name);
    Ok(run.send("read the secret", place, request).await?.value)
}
