//! The host names of Azure's clouds: which service answers under a name, and under which name a service is found.
//! What the service answers is the business of the routes.

use std::str::FromStr;

/// The names of one Azure cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    pub(crate) name: &'static str,
    /// What Terraform and our own programs call it.
    pub(crate) environment: &'static str,
    pub(crate) login: &'static str,
    pub(crate) management: &'static str,
    /// The audience that older clients ask for instead of the management host.
    pub(crate) management_audience: &'static str,
    pub(crate) graph: &'static str,
    pub(crate) vault_suffix: &'static str,
    pub(crate) storage_suffix: &'static str,
    pub(crate) cluster_suffix: &'static str,
    /// The application id of Key Vault's own service principal.
    pub(crate) key_vault_application: &'static str,
}

/// What answers under a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Entra,
    Management,
    Graph,
    Vault(String),
    Storage,
    /// The API of a cluster; the whole host names it.
    Kubernetes,
    ManagedIdentity,
}

/// The address under which every Azure machine asks for tokens of its identity.
pub(crate) const IDENTITY_HOST: &str = "169.254.169.254";

const CLOUDS: &[Cloud] = &[
    Cloud {
        name: "AzureCloud",
        environment: "public",
        login: "login.microsoftonline.com",
        management: "management.azure.com",
        management_audience: "management.core.windows.net",
        graph: "graph.microsoft.com",
        vault_suffix: "vault.azure.net",
        storage_suffix: "core.windows.net",
        cluster_suffix: "azmk8s.io",
        key_vault_application: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
    },
    Cloud {
        name: "AzureUSGovernment",
        environment: "usgovernment",
        login: "login.microsoftonline.us",
        management: "management.usgovcloudapi.net",
        management_audience: "management.core.usgovcloudapi.net",
        graph: "graph.microsoft.us",
        vault_suffix: "vault.usgovcloudapi.net",
        storage_suffix: "core.usgovcloudapi.net",
        cluster_suffix: "cx.aks.containerservice.azure.us",
        key_vault_application: "7e7c393b-45d0-48b1-a35e-2905ddf8183c",
    },
    Cloud {
        name: "AzureChinaCloud",
        environment: "china",
        login: "login.chinacloudapi.cn",
        management: "management.chinacloudapi.cn",
        management_audience: "management.core.chinacloudapi.cn",
        graph: "microsoftgraph.chinacloudapi.cn",
        vault_suffix: "vault.azure.cn",
        storage_suffix: "core.chinacloudapi.cn",
        cluster_suffix: "cx.prod.service.azk8s.cn",
        key_vault_application: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
    },
];

impl Cloud {
    /// Gives the public cloud.
    #[must_use]
    pub fn public() -> &'static Self {
        const PUBLIC: &Cloud = match CLOUDS.first() {
            Some(cloud) => cloud,
            None => unreachable!(),
        };
        PUBLIC
    }

    /// Gives all clouds.
    pub(crate) fn all() -> &'static [Self] {
        CLOUDS
    }

    /// Gives the address of a vault of this cloud, without a slash at the end.
    pub(crate) fn vault_url(&self, vault: &str) -> String {
        format!("https://{vault}.{}", self.vault_suffix)
    }
}

impl FromStr for &'static Cloud {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        CLOUDS
            .iter()
            .find(|cloud| cloud.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let names: Vec<&str> = CLOUDS.iter().map(|cloud| cloud.name).collect();
                format!("`{name}` is none of {}", names.join(", "))
            })
    }
}

/// Writes a cloud as its name, and finds it again.
pub(crate) mod by_name {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Cloud;

    /// Writes the name of a cloud.
    pub(crate) fn serialize<S: Serializer>(
        cloud: &&'static Cloud,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(cloud.name)
    }

    /// Finds a cloud by its name.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<&'static Cloud, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(D::Error::custom)
    }
}

/// Says which cloud a host name belongs to and which service answers there; nothing for a name that is not modelled.
pub(crate) fn service_at(host: &str) -> Option<(&'static Cloud, Service)> {
    let host = host.to_ascii_lowercase();
    if host == IDENTITY_HOST {
        return Some((Cloud::public(), Service::ManagedIdentity));
    }
    CLOUDS
        .iter()
        .find_map(|cloud| service_in(cloud, &host).map(|service| (cloud, service)))
}

fn service_in(cloud: &Cloud, host: &str) -> Option<Service> {
    if host == cloud.login {
        return Some(Service::Entra);
    }
    if host == cloud.management {
        return Some(Service::Management);
    }
    if host == cloud.graph {
        return Some(Service::Graph);
    }
    if let Some(vault) = label_before(host, cloud.vault_suffix) {
        return Some(Service::Vault(vault.to_owned()));
    }
    if host
        .strip_suffix(cloud.cluster_suffix)
        .is_some_and(|start| start.contains(".hcp.") && start.ends_with('.'))
    {
        return Some(Service::Kubernetes);
    }
    let storage = label_before(host, &format!("blob.{}", cloud.storage_suffix));
    storage.map(|_| Service::Storage)
}

fn label_before<'a>(host: &'a str, suffix: &str) -> Option<&'a str> {
    let label = host.strip_suffix(suffix)?.strip_suffix('.')?;
    (!label.is_empty() && !label.contains('.')).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_host_names_lead_to_their_service() {
        let service = |host: &str| service_at(host).map(|(_, service)| service);
        assert_eq!(service("login.microsoftonline.com"), Some(Service::Entra));
        assert_eq!(service("MANAGEMENT.azure.com"), Some(Service::Management));
        assert_eq!(service("graph.microsoft.us"), Some(Service::Graph));
        assert_eq!(
            service("kv-1.vault.azure.cn"),
            Some(Service::Vault("kv-1".to_owned()))
        );
        assert_eq!(
            service("stlogs.blob.core.windows.net"),
            Some(Service::Storage)
        );
        assert_eq!(
            service("aks-1.hcp.westeurope.azmk8s.io"),
            Some(Service::Kubernetes)
        );
    }

    #[test]
    fn other_names_are_not_modelled() {
        for host in [
            "example.com",
            "vault.azure.net",
            ".vault.azure.net",
            "a.b.vault.azure.net",
            "xvault.azure.net",
            "azmk8s.io",
            "aks-1.hcp.azmk8s.io.example.com",
        ] {
            assert_eq!(service_at(host), None, "{host}");
        }
    }
}
