//! The directory: a service principal by its application id.

use serde::Deserialize;

use crate::{
    id::PrincipalId,
    request::{Endpoint, Odd, Read, Request, Target, decode_as},
};

/// Is an application as a principal of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePrincipal {
    /// Its object id, which differs by tenant.
    pub id: PrincipalId,
    /// Its name.
    pub display_name: String,
}

/// Finds the service principal of an application; `None` if the tenant has none.
pub fn service_principal(app_id: &str) -> Request<Option<ServicePrincipal>, Read> {
    // A quote inside a text of a filter is written twice.
    let app_id = app_id.replace('\'', "''");
    let target = Target::new(Endpoint::Graph, ["v1.0", "servicePrincipals"], None)
        .with_query("$filter", format!("appId eq '{app_id}'"))
        .with_query("$select", "id,displayName");
    Request::read(target, |body| decode_as(body, Wire::into_first))
}

#[derive(Deserialize)]
struct Wire {
    value: Vec<WirePrincipal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePrincipal {
    id: String,
    display_name: Option<String>,
}

impl Wire {
    fn into_first(self) -> Result<Option<ServicePrincipal>, Odd> {
        let first = self.value.into_iter().next();
        first.map(WirePrincipal::into_principal).transpose()
    }
}

impl WirePrincipal {
    fn into_principal(self) -> Result<ServicePrincipal, Odd> {
        Ok(ServicePrincipal {
            id: self.id.parse()?,
            display_name: self.display_name.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{answered, outgoing};

    #[tokio::test]
    async fn an_application_id_stays_inside_its_quotes() {
        let (line, body) = outgoing(service_principal("a' or '1' eq '1")).await;
        let filter = "%24filter=appId+eq+%27a%27%27+or+%27%271%27%27+eq+%27%271%27";
        let path = "GET https://graph.microsoft.com/v1.0/servicePrincipals";
        assert_eq!(line, format!("{path}?{filter}&%24select=id%2CdisplayName"));
        assert_eq!(body, "");
    }

    #[tokio::test]
    async fn the_first_principal_is_the_one() {
        let found = r#"{"@odata.context":"x","value":[{"id":"22222222-2222-2222-2222-222222222201","displayName":"Azure Key Vault"}]}"#;
        let principal = answered(service_principal("a"), found)
            .await
            .expect("a principal");
        assert_eq!(principal.display_name, "Azure Key Vault");
        assert_eq!(
            answered(service_principal("a"), r#"{"value":[]}"#).await,
            None
        );
    }
}
