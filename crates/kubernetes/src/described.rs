//! What describes a cluster: the kubeconfig that is named, the usual ones, one that came over the
//! wire, or the account of the pod that this runs in.

use std::env::split_paths;
use std::io::ErrorKind;
use std::path::PathBuf;

use kube::Config;
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use secrecy::{ExposeSecret, SecretString};

use crate::cluster::Access;
use crate::error::{Error, clean_config};

/// Finds the description of a cluster and understands it.
pub(crate) async fn described(access: Access) -> Result<Config, Error> {
    match access {
        Access::Surroundings { listed } => match usual(listed.as_deref())? {
            Some(found) => made(found, None).await,
            None => Config::incluster().map_err(outside),
        },
        Access::Kubeconfig {
            path: None,
            listed,
            context,
        } => {
            let found = usual(listed.as_deref())?.ok_or_else(nothing)?;
            made(found, context).await
        }
        Access::Kubeconfig {
            path: Some(path),
            context,
            ..
        } => made(Kubeconfig::read_from(path).map_err(settings)?, context).await,
        Access::Given { kubeconfig, token } => given(&kubeconfig, token).await,
    }
}

/// Tells whether a kubeconfig that came over the wire names a plugin, whose place a token takes.
///
/// # Errors
/// A text that is no kubeconfig.
pub fn wants_token(kubeconfig: &SecretString) -> Result<bool, Error> {
    let found = Kubeconfig::from_yaml(kubeconfig.expose_secret()).map_err(settings)?;
    let users = found.auth_infos.iter();
    let infos = users.filter_map(|user| user.auth_info.as_ref());
    Ok(infos.into_iter().any(|info| info.exec.is_some()))
}

async fn given(kubeconfig: &SecretString, token: Option<SecretString>) -> Result<Config, Error> {
    let mut found = Kubeconfig::from_yaml(kubeconfig.expose_secret()).map_err(settings)?;
    for user in &mut found.auth_infos {
        if let Some(info) = user.auth_info.as_mut().filter(|info| info.exec.is_some()) {
            info.exec = None;
            info.token.clone_from(&token);
        }
    }
    made(found, None).await
}

async fn made(found: Kubeconfig, context: Option<String>) -> Result<Config, Error> {
    let options = KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    let made = Config::from_custom_kubeconfig(found, &options).await;
    made.map_err(settings)
}

/// Reads the kubeconfigs that are listed, as `kubectl` does: some may be missing, but not all. If none
/// is listed, that of the home folder; nothing if there is none.
fn usual(listed: Option<&str>) -> Result<Option<Kubeconfig>, Error> {
    let paths = split_paths(listed.unwrap_or_default());
    let paths: Vec<PathBuf> = paths.filter(|path| !path.as_os_str().is_empty()).collect();
    if paths.is_empty() {
        return existing(Kubeconfig::read());
    }
    let mut all: Option<Kubeconfig> = None;
    for path in &paths {
        if let Some(next) = existing(Kubeconfig::read_from(path))? {
            all = Some(match all {
                Some(first) => first.merge(next).map_err(settings)?,
                None => next,
            });
        }
    }
    // Whoever names a file means it: the account of this pod may be that of another cluster.
    all.map(Some).ok_or_else(|| missing(&paths))
}

/// A kubeconfig that is there and broken must not lead to another cluster.
fn existing(read: Result<Kubeconfig, KubeconfigError>) -> Result<Option<Kubeconfig>, Error> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(KubeconfigError::FindPath) => Ok(None),
        Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(settings(error)),
    }
}

fn missing(paths: &[PathBuf]) -> Error {
    let shown: Vec<_> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    let shown = shown.join(", ");
    let said = format!(
        "the variable `KUBECONFIG` names {shown}, and there is no such file; correct it or unset it"
    );
    Error::Settings {
        source: said.into(),
    }
}

fn nothing() -> Error {
    Error::Settings {
        source:
            "there is no kubeconfig (`KUBECONFIG`, `.kube/config` in the home folder), and this is \
                 no pod with an account of its own"
                .into(),
    }
}

/// What a pod's account lacks is told, if this is a pod.
fn outside(error: InClusterError) -> Error {
    match error {
        InClusterError::ReadEnvironmentVariable(_) => nothing(),
        error => Error::Settings {
            source: error.into(),
        },
    }
}

fn settings(error: KubeconfigError) -> Error {
    Error::Settings {
        source: clean_config(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_wanted_where_a_plugin_is_named() {
        let check = |user: &str, expected: bool| {
            let text = format!("users:\n- name: one\n  user: {user}\n");
            assert_eq!(wants_token(&text.into()).ok(), Some(expected), "{user}");
        };
        check("{token: abc}", false);
        check("{client-certificate-data: abc}", false);
        let plugin =
            "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin}}";
        check(plugin, true);
        assert!(wants_token(&"users: [a".into()).is_err());
    }
}
