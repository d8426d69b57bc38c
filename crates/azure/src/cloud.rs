//! The Azure clouds: one table of endpoints, audiences and suffixes.

use std::{fmt, str::FromStr};

/// Is one of the Azure clouds; everything that differs between them is asked here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// The worldwide cloud.
    #[default]
    Public,
    /// The cloud of the US government.
    UsGovernment,
    /// The cloud in China, run by 21Vianet.
    China,
}

/// Says that a text names no cloud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a cloud: it is `public`, `usgovernment` or `china`")]
pub struct UnknownCloud {
    text: String,
}

struct Endpoints {
    names: &'static [&'static str],
    authority: &'static str,
    arm: &'static str,
    arm_scope: &'static str,
    vault_suffix: &'static str,
    storage_suffix: &'static str,
    graph: &'static str,
    graph_scope: &'static str,
    key_vault_application_id: &'static str,
}

// The first name is ours, the second is that of the Azure CLI.
const PUBLIC: Endpoints = Endpoints {
    names: &["public", "AzureCloud", "AzurePublicCloud"],
    authority: "https://login.microsoftonline.com",
    arm: "https://management.azure.com",
    arm_scope: "https://management.azure.com/.default",
    vault_suffix: "vault.azure.net",
    storage_suffix: "core.windows.net",
    graph: "https://graph.microsoft.com",
    graph_scope: "https://graph.microsoft.com/.default",
    key_vault_application_id: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
};

const US_GOVERNMENT: Endpoints = Endpoints {
    names: &[
        "usgovernment",
        "AzureUSGovernment",
        "AzureUSGovernmentCloud",
    ],
    authority: "https://login.microsoftonline.us",
    arm: "https://management.usgovcloudapi.net",
    arm_scope: "https://management.usgovcloudapi.net/.default",
    vault_suffix: "vault.usgovcloudapi.net",
    storage_suffix: "core.usgovcloudapi.net",
    graph: "https://graph.microsoft.us",
    graph_scope: "https://graph.microsoft.us/.default",
    key_vault_application_id: "7e7c393b-45d0-48b1-a35e-2905ddf8183c",
};

const CHINA: Endpoints = Endpoints {
    names: &["china", "AzureChinaCloud"],
    authority: "https://login.chinacloudapi.cn",
    arm: "https://management.chinacloudapi.cn",
    arm_scope: "https://management.chinacloudapi.cn/.default",
    vault_suffix: "vault.azure.cn",
    storage_suffix: "core.chinacloudapi.cn",
    graph: "https://microsoftgraph.chinacloudapi.cn",
    graph_scope: "https://microsoftgraph.chinacloudapi.cn/.default",
    key_vault_application_id: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
};

impl Cloud {
    /// Lists every cloud.
    pub const ALL: [Self; 3] = [Self::Public, Self::UsGovernment, Self::China];

    fn endpoints(self) -> &'static Endpoints {
        match self {
            Self::Public => &PUBLIC,
            Self::UsGovernment => &US_GOVERNMENT,
            Self::China => &CHINA,
        }
    }

    /// Gives the cloud's name as our settings write it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.endpoints().names.first().copied().unwrap_or_default()
    }

    /// Gives the address of the sign-in service.
    #[must_use]
    pub fn authority(&self) -> &'static str {
        self.endpoints().authority
    }

    /// Gives the address of Azure Resource Manager.
    #[must_use]
    pub fn arm_endpoint(&self) -> &'static str {
        self.endpoints().arm
    }

    /// Gives the scope of a token for Azure Resource Manager.
    #[must_use]
    pub fn arm_scope(&self) -> &'static str {
        self.endpoints().arm_scope
    }

    /// Gives what follows the name in the host of a vault; it is the resource of vault tokens too.
    #[must_use]
    pub fn vault_suffix(&self) -> &'static str {
        self.endpoints().vault_suffix
    }

    /// Gives what follows `{account}.{service}` in the hosts of a storage account.
    #[must_use]
    pub fn storage_suffix(&self) -> &'static str {
        self.endpoints().storage_suffix
    }

    /// Gives the address of Microsoft Graph.
    #[must_use]
    pub fn graph_endpoint(&self) -> &'static str {
        self.endpoints().graph
    }

    /// Gives the scope of a token for Microsoft Graph.
    #[must_use]
    pub fn graph_scope(&self) -> &'static str {
        self.endpoints().graph_scope
    }

    /// Gives the application id of Key Vault itself; its object id differs by tenant.
    #[must_use]
    pub fn key_vault_application_id(&self) -> &'static str {
        self.endpoints().key_vault_application_id
    }
}

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(text: &str) -> Result<Self, UnknownCloud> {
        let is_named = |cloud: &Self| {
            cloud
                .endpoints()
                .names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(text))
        };
        Self::ALL
            .into_iter()
            .find(is_named)
            .ok_or_else(|| UnknownCloud {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_cloud_is_understood() {
        let check = |text: &str, cloud| assert_eq!(text.parse(), Ok(cloud), "{text}");
        check("public", Cloud::Public);
        check("AzureCloud", Cloud::Public);
        check("usgovernment", Cloud::UsGovernment);
        check("azureusgovernment", Cloud::UsGovernment);
        check("china", Cloud::China);
        check("AzureChinaCloud", Cloud::China);
    }

    #[test]
    fn an_unknown_cloud_is_refused() {
        assert!("germany".parse::<Cloud>().is_err());
        assert!("".parse::<Cloud>().is_err());
    }

    #[test]
    fn the_scope_of_each_cloud_belongs_to_its_endpoint() {
        for cloud in Cloud::ALL {
            assert_eq!(
                cloud.arm_scope(),
                format!("{}/.default", cloud.arm_endpoint())
            );
            assert_eq!(
                cloud.graph_scope(),
                format!("{}/.default", cloud.graph_endpoint())
            );
        }
    }
}
