//! Kubernetes clusters: how their users reach them.

use azure_core::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    id::ClusterId,
    request::{Disclose, Idempotency, Odd, Request, decode_as},
};

const API_VERSION: &str = "2024-09-01";

/// Is the application that stands for the API of every cluster, in every cloud: a token for it opens
/// a cluster that signs in with Entra ID.
pub(crate) const SCOPE: &str = "6dae42f8-4368-4678-94ff-3960e28e3630/.default";

/// Discloses the kubeconfig of a cluster's users. In clusters without Entra ID it holds a certificate
/// or token; in the others it names a plugin that has to get one.
pub fn user_credential(cluster: &ClusterId) -> Request<SecretString, Disclose> {
    let target = super::target(
        cluster.as_str(),
        &["listClusterUserCredential"],
        API_VERSION,
    );
    // A POST that changes nothing.
    let repeatable = Idempotency::Repeatable;
    Request::new(Method::Post, target, repeatable, |body| {
        decode_as(body, Wire::into_text)
    })
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    kubeconfigs: Vec<WireFile>,
}

#[derive(Deserialize)]
struct WireFile {
    #[serde(default)]
    value: String,
}

impl Wire {
    fn into_text(self) -> Result<SecretString, Odd> {
        let first = self.kubeconfigs.into_iter().next();
        let first = first.ok_or_else(|| Odd::new("an answer without a kubeconfig"))?;
        let bytes = STANDARD.decode(first.value);
        let bytes = bytes.map_err(|_| Odd::new("a kubeconfig that is no base64"))?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| Odd::new("a kubeconfig that is no text"))?;
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;
    use crate::fixtures::{SUBSCRIPTION, answered, outgoing};

    fn cluster() -> ClusterId {
        let subscription = SUBSCRIPTION.parse().expect("a subscription");
        ClusterId::new(&subscription, "rg", "aks-logs").expect("a cluster")
    }

    #[tokio::test]
    async fn the_credential_is_asked_for_at_its_place() {
        let (sent, body) = outgoing(user_credential(&cluster())).await;
        let path = cluster().as_str().to_owned();
        let expected = format!(
            "POST https://management.azure.com{path}/listClusterUserCredential?api-version={API_VERSION}"
        );
        assert_eq!((sent, body), (expected, String::new()));
    }

    #[tokio::test]
    async fn the_kubeconfig_is_read() {
        let one = json!({"name": "clusterUser", "value": STANDARD.encode("a: b")});
        let answer = json!({"kubeconfigs": [one]}).to_string();
        let read = answered(user_credential(&cluster()), &answer).await;
        assert_eq!(read.expose_secret(), "a: b");
    }

    #[test]
    fn an_answer_without_a_kubeconfig_is_none() {
        let check = |answer: serde_json::Value| {
            let wire: Wire = serde_json::from_value(answer.clone()).expect("JSON");
            assert!(wire.into_text().is_err(), "{answer}");
        };
        check(json!({"kubeconfigs": []}));
        check(json!({"kubeconfigs": [{"value": "not base64!"}]}));
        check(json!({"kubeconfigs": [{"value": "/w=="}]}));
    }
}
