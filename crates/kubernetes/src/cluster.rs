//! The way to a cluster, and the three things that are done there: read an object, apply one, patch
//! one.
//!
//! The description of a cluster is the user's kubeconfig, the account of the pod that this runs in,
//! or a kubeconfig that Azure gave. One that asks to skip the check of the server's certificate is
//! refused: what is sent here opens a storage account.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::{Method, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::ExecInteractiveMode;
use kube::{Client, Config};
use secrecy::SecretString;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::api::{self, Sent};
use crate::described::described;
use crate::error::{Error, Step, clean};
use crate::object::Object;
use crate::ssh::Remote;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a cluster is reached.
#[derive(Clone, Debug)]
pub enum Access {
    /// By the kubeconfigs that are listed or that of the home folder, else by the account of this pod.
    Surroundings {
        /// What the variable `KUBECONFIG` lists.
        listed: Option<String>,
    },
    /// By a kubeconfig.
    Kubeconfig {
        /// The file; the usual one if none is named.
        path: Option<PathBuf>,
        /// What the variable `KUBECONFIG` lists.
        listed: Option<String>,
        /// The context in it; the current one if none is named.
        context: Option<String>,
    },
    /// By a kubeconfig that came over the wire.
    Given {
        /// Its text.
        kubeconfig: SecretString,
        /// The token that takes the place of the plugin that it names.
        token: Option<SecretString>,
    },
}

/// The proxy that the environment names.
#[derive(Clone, Debug, Default)]
pub struct Proxy {
    /// Its address; none if there is none.
    pub address: Option<String>,
    /// The hosts that are reached without it, separated by commas.
    pub except: String,
}

/// A cluster.
pub struct Cluster {
    way: Way,
    server: String,
    namespace: String,
}

enum Way {
    Api(Client),
    Ssh(Remote),
}

impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Prepares the way to a cluster by its API. A plugin that signs in may run here; the cluster
    /// itself is not asked yet.
    ///
    /// # Errors
    /// A description that is missing, cannot be read, or is not safe; a plugin that fails.
    pub async fn by_api(access: Access, proxy: &Proxy) -> Result<Self, Error> {
        let mut config = described(access).await?;
        route(&mut config, proxy)?;
        let server = config.cluster_url.to_string();
        let server = server.trim_end_matches('/').to_owned();
        check(&config, &server)?;
        // A repeat is the caller's to decide, and kube's own go on for far too long.
        config.default_retry = false;
        config.read_timeout = Some(PATIENCE);
        config.write_timeout = Some(PATIENCE);
        // Nobody is there to answer a plugin.
        if let Some(plugin) = &mut config.auth_info.exec {
            plugin.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        let namespace = config.default_namespace.clone();
        let client = connect(config).await?;
        Ok(Self {
            way: Way::Api(client),
            server,
            namespace,
        })
    }

    /// Uses `kubectl` on a machine behind SSH.
    pub fn by_ssh(remote: Remote) -> Self {
        Self {
            server: remote.to_string(),
            way: Way::Ssh(remote),
            namespace: "default".to_owned(),
        }
    }

    /// Borrows the address of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Borrows the namespace that is meant if none is named.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Reads an object; nothing if it is not there.
    pub(crate) async fn read(&self, object: &Object) -> Result<Option<Value>, Error> {
        let step = self.step("read", object);
        match &self.way {
            Way::Api(client) => {
                let sent = Sent {
                    method: Method::GET,
                    path: object.path(),
                    content: None,
                };
                api::send(client, sent, step).await
            }
            Way::Ssh(remote) => remote.read(step).await,
        }
    }

    /// Says what fields of an object shall be, in the name of a manager.
    pub(crate) async fn apply(
        &self,
        object: &Object,
        manager: &str,
        conflicts: Conflicts,
        fields: &Value,
    ) -> Result<Value, Error> {
        let step = self.step("apply", object);
        let content = serde_json::to_vec(fields).map_err(|_| step.unreadable())?;
        let answer = match &self.way {
            Way::Api(client) => {
                let (path, force) = (object.path(), conflicts == Conflicts::Taken);
                let manager = manager.replace('/', "%2F");
                let sent = Sent {
                    method: Method::PATCH,
                    path: format!("{path}?fieldManager={manager}&force={force}"),
                    content: Some(("application/apply-patch+yaml", content)),
                };
                api::send(client, sent, step).await?
            }
            Way::Ssh(remote) => Some(remote.apply(step, manager, conflicts, content).await?),
        };
        answer.ok_or_else(|| step.unreadable())
    }

    /// Changes some fields of an object that is there. No value of a secret may be among them: on
    /// the way by SSH they are words of a command line.
    pub(crate) async fn patch(&self, object: &Object, fields: &Value) -> Result<(), Error> {
        let step = self.step("patch", object);
        match &self.way {
            Way::Api(client) => {
                let content = serde_json::to_vec(fields).map_err(|_| step.unreadable())?;
                let sent = Sent {
                    method: Method::PATCH,
                    path: format!("{}?fieldManager=keyrotation", object.path()),
                    content: Some(("application/strategic-merge-patch+json", content)),
                };
                api::send(client, sent, step).await.map(drop)
            }
            Way::Ssh(remote) => remote.patch(step, fields).await,
        }
    }

    pub(crate) fn step<'a>(&'a self, act: &'static str, object: &'a Object) -> Step<'a> {
        Step {
            act,
            object,
            server: &self.server,
        }
    }
}

/// What is done if another manager owns a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// The apply is refused, and nothing changes.
    Refused,
    /// The field changes hands.
    Taken,
}

/// Makes the client. A plugin that signs in is run here, which blocks.
async fn connect(config: Config) -> Result<Client, Error> {
    let refuse = |source| Error::Settings { source };
    // Its tasks belong to the runtime that runs now, and not to the thread that waits.
    let runtime = Handle::current();
    let made = spawn_blocking(move || {
        let _entered = runtime.enter();
        Client::try_from(config)
    });
    let made = timeout(PATIENCE, made).await;
    let made = made.map_err(|_| refuse("the sign-in plugin does not end".into()))?;
    let made = made.map_err(|error| refuse(error.into()))?;
    made.map_err(|error| refuse(clean(error)))
}

/// Settles which proxy leads to the cluster. A kubeconfig's own goes before that of the environment,
/// whose exceptions kube compares with the proxy instead of the cluster.
fn route(config: &mut Config, proxy: &Proxy) -> Result<(), Error> {
    let named = proxy.address.as_deref().map(address).transpose()?;
    let as_kube_reads_it = proxy.address.as_deref().and_then(|text| text.parse().ok());
    let is_own = config.proxy_url != named && config.proxy_url != as_kube_reads_it;
    if config.proxy_url.is_some() && is_own {
        return Ok(());
    }
    let except = proxy.except.as_str();
    let matcher = Matcher::builder().https("http://any").no(except).build();
    let is_meant = matcher.intercept(&config.cluster_url).is_some();
    config.proxy_url = named.filter(|_| is_meant);
    Ok(())
}

/// Reads the address of a proxy, which may stand without its scheme. It may hold a password, so it is
/// not repeated.
fn address(text: &str) -> Result<Uri, Error> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    whole.parse().map_err(|_| Error::Settings {
        source: "the proxy of the environment is no address of the form http://HOST:PORT".into(),
    })
}

fn check(config: &Config, server: &str) -> Result<(), Error> {
    let reason = if config.cluster_url.scheme_str() != Some("https") {
        "the address is not https"
    } else if config.accept_invalid_certs {
        "its kubeconfig says `insecure-skip-tls-verify`; give it the cluster's authority instead"
    } else {
        return Ok(());
    };
    Err(Error::Unsafe {
        server: server.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(cluster: &str) -> Config {
        Config::new(cluster.parse().expect("an address"))
    }

    #[test]
    fn only_an_address_that_is_safe_is_used() {
        let check = |config: &Config, expected: bool| {
            assert_eq!(
                check(config, "it").is_ok(),
                expected,
                "{}",
                config.cluster_url
            );
        };
        check(&config("https://cluster.example"), true);
        check(&config("http://cluster.example"), false);
        let mut careless = config("https://cluster.example");
        careless.accept_invalid_certs = true;
        check(&careless, false);
    }

    #[test]
    fn the_proxy_is_that_of_the_cluster_and_not_of_itself() {
        let check = |cluster: &str, own: Option<&str>, except: &str, expected: Option<&str>| {
            let mut config = config(cluster);
            config.proxy_url = own.and_then(|own| own.parse().ok());
            let address = Some("http://127.0.0.1:3128".to_owned());
            let except = except.to_owned();
            route(&mut config, &Proxy { address, except }).expect("an address");
            let found = config.proxy_url.map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), expected, "{cluster} {own:?}");
        };
        let environment = Some("http://127.0.0.1:3128/");
        let cluster = "https://cluster.example:6443";
        check(cluster, None, "", environment);
        check(cluster, None, "127.0.0.1,localhost", environment);
        check(cluster, None, ".example", None);
        check(cluster, None, "*", None);
        check(cluster, environment, ".example", None);
        let own = Some("http://own:1/");
        check(cluster, own, ".example", own);
    }

    #[test]
    fn a_proxy_may_stand_without_its_scheme_and_is_never_repeated() {
        let check = |text: &str, expected: Option<&str>| {
            let found = address(text).map(|uri| uri.to_string());
            assert_eq!(found.as_deref().ok(), expected, "{text}");
            let said = found.err().map(|error| format!("{error} {error:?}"));
            assert!(!said.unwrap_or_default().contains("password"));
        };
        check("http://proxy:3128", Some("http://proxy:3128/"));
        check("proxy.corp:3128", Some("http://proxy.corp:3128/"));
        check("http://user:password@ no host", None);
    }
}
