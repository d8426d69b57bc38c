//! The Azure clouds: one table of endpoints, audiences and suffixes.

mod custom;

use std::{fmt, str::FromStr};

/// Is one of the Azure clouds; everything that differs between them is asked here.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// The worldwide cloud.
    #[default]
    Public,
    /// The cloud of the US government.
    UsGovernment,
    /// The cloud in China, run by 21Vianet.
    China,
    /// A cloud that somebody else runs, such as an Azure Stack Hub; [`Cloud::custom`] makes it.
    Custom(CustomCloud),
}

/// Is a cloud whose endpoints come from settings.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomCloud(&'static Endpoints);

/// Is what settings say about a cloud that is not in our table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudEndpoints {
    /// The https address of the sign-in service.
    pub authority: String,
    /// The https address of Azure Resource Manager.
    pub resource_manager: String,
    /// The audience of its tokens, if it is not its address.
    pub resource_manager_audience: Option<String>,
    /// What follows the name in the host of a vault.
    pub vault_suffix: String,
    /// What follows `{account}.{service}` in the hosts of a storage account.
    pub storage_suffix: String,
    /// The https address of Microsoft Graph.
    pub graph: String,
    /// The application id of Key Vault, if it is not that of the public cloud.
    pub key_vault_application_id: Option<String>,
}

/// Says which endpoint of a cloud cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be the {field} of a cloud: {rule}")]
pub struct CloudError {
    field: &'static str,
    text: String,
    rule: &'static str,
}

impl CloudError {
    /// Names the member of [`CloudEndpoints`].
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }
}

/// Says that a text names no cloud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a cloud: it is `public`, `usgovernment` or `china`")]
pub struct UnknownCloud {
    text: String,
}

#[derive(PartialEq, Eq, Hash)]
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
    token_exchange_audience: &'static str,
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
    token_exchange_audience: "api://AzureADTokenExchange",
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
    token_exchange_audience: "api://AzureADTokenExchangeUSGov",
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
    token_exchange_audience: "api://AzureADTokenExchangeChina",
};

impl Cloud {
    /// Lists every cloud that Microsoft and 21Vianet run.
    pub const ALL: [Self; 3] = [Self::Public, Self::UsGovernment, Self::China];

    fn endpoints(self) -> &'static Endpoints {
        match self {
            Self::Public => &PUBLIC,
            Self::UsGovernment => &US_GOVERNMENT,
            Self::China => &CHINA,
            Self::Custom(CustomCloud(endpoints)) => endpoints,
        }
    }

    /// Makes a cloud of settings, or finds it if it was made before.
    ///
    /// A cloud is known from then on to the end of the process, so that names of its vaults can be
    /// told from others.
    ///
    /// # Errors
    /// The first endpoint that is no https address or no suffix of host names.
    pub fn custom(endpoints: &CloudEndpoints) -> Result<Self, CloudError> {
        custom::intern(endpoints).map(|endpoints| Self::Custom(CustomCloud(endpoints)))
    }

    /// Lists all clouds that are known in this process.
    #[must_use]
    pub fn known() -> Vec<Self> {
        let made = custom::interned().into_iter();
        let made = made.map(|endpoints| Self::Custom(CustomCloud(endpoints)));
        Self::ALL.into_iter().chain(made).collect()
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

    /// Gives whom a token of another issuer has to be meant for, if Entra ID shall take it.
    #[must_use]
    pub fn token_exchange_audience(&self) -> &'static str {
        self.endpoints().token_exchange_audience
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

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cloud({self})")
    }
}

impl fmt::Debug for CustomCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomCloud({})", self.0.arm)
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
