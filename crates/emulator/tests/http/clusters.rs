//! Kubernetes clusters: the credential of a user, and who may do what with which token. How secrets behave is held against
//! a real server's answers by `cargo xtask golden`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::Fleet;
use serde_json::{Value, json};

use crate::client::{Bench, Failure, MANAGEMENT, SUBSCRIPTION};

const STRANGER: &str = "c11e4700-0000-4000-8000-0000000000aa";
const HOST: &str = "aks-logs.hcp.westeurope.azmk8s.io";
/// The application that stands for all clusters.
const CLUSTERS: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
const SECRET: &str = "/api/v1/namespaces/team/secrets/sas";

fn fleet() -> Result<Fleet, Failure> {
    let text = json!({
        "applications": [{
            "client_id": STRANGER, "object_id": "0b7ec700-0000-4000-8000-0000000000aa", "client_secret": "known",
            "roles": [{"role": "Reader", "scope": SUBSCRIPTION}],
        }],
        "subscriptions": [{"id": "50b5c000-0000-4000-8000-000000000001", "clusters": [{
            "resource_group": "rg-aks", "name": "aks-logs", "namespaces": ["team"],
        }]}],
    });
    Ok(text.to_string().parse()?)
}

fn cluster(rest: &str) -> String {
    format!(
        "{SUBSCRIPTION}/resourceGroups/rg-aks/providers/Microsoft.ContainerService/managedClusters/aks-logs{rest}?api-version=2024-05-01"
    )
}

fn secret() -> String {
    json!({"metadata": {"name": "sas"}, "stringData": {"SAS": "token"}}).to_string()
}

#[tokio::test]
async fn the_credential_of_a_user_reaches_the_cluster() -> Result<(), Failure> {
    let bench = Bench::with(fleet()?).await?;
    let found = bench.management("GET", &cluster(""), "").await?;
    assert_eq!(found.text("/properties/fqdn"), HOST);
    let given = bench
        .management("POST", &cluster("/listClusterUserCredential"), "")
        .await?;
    let config = STANDARD.decode(given.text("/kubeconfigs/0/value"))?;
    let config: Value = serde_json::from_slice(&config)?;
    let text = |pointer: &str| {
        let found = config.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    assert_eq!(
        text("/clusters/0/cluster/server"),
        format!("https://{HOST}:443")
    );
    let authority = STANDARD.decode(text("/clusters/0/cluster/certificate-authority-data"))?;
    assert_eq!(String::from_utf8(authority)?, bench.emulator.ca_pem());
    let token = text("/users/0/user/token");
    let path = SECRET.trim_end_matches("/sas");
    let made = bench
        .send("POST", HOST, path, Some(&token), &secret())
        .await?;
    assert_eq!(
        (made.status, made.text("/data/SAS")),
        (201, STANDARD.encode("token"))
    );
    let nowhere = path.replace("team", "nowhere");
    let refused = bench
        .send("POST", HOST, &nowhere, Some(&token), &secret())
        .await?;
    assert_eq!(refused.text("/message"), "namespaces \"nowhere\" not found");
    Ok(())
}

#[tokio::test]
async fn a_token_of_entra_counts_as_much_as_its_roles() -> Result<(), Failure> {
    let bench = Bench::with(fleet()?).await?;
    let path = SECRET.trim_end_matches("/sas");
    let stranger = bench.token_of(STRANGER, "known", CLUSTERS).await?;
    let refused = bench.send("GET", HOST, SECRET, Some(&stranger), "").await?;
    assert_eq!(
        (refused.status, refused.text("/reason")),
        (403, "Forbidden".to_owned())
    );
    assert_eq!(refused.text("/details/name"), "sas");
    let owner = bench.token(CLUSTERS).await?;
    let made = bench
        .send("POST", HOST, path, Some(&owner), &secret())
        .await?;
    assert_eq!(made.status, 201);
    let of_azure = bench.token("https://management.azure.com").await?;
    let foreign = bench.send("GET", HOST, SECRET, Some(&of_azure), "").await?;
    assert_eq!(foreign.status, 401, "a token for something else");
    let no_right = bench
        .token_of(STRANGER, "known", "https://management.azure.com")
        .await?;
    let credential = cluster("/listClusterUserCredential");
    let refused = bench
        .send("POST", MANAGEMENT, &credential, Some(&no_right), "")
        .await?;
    assert_eq!(refused.refusal(), (403, "AuthorizationFailed".to_owned()));
    Ok(())
}

#[tokio::test]
async fn what_a_cluster_does_not_know_is_refused_in_its_own_words() -> Result<(), Failure> {
    let bench = Bench::with(fleet()?).await?;
    let owner = bench.token(CLUSTERS).await?;
    for (host, path) in [
        (HOST, "/openapi/v3"),
        (HOST, "/api/v1/nodes"),
        ("aks-none.hcp.westeurope.azmk8s.io", SECRET),
    ] {
        let refused = bench.send("GET", host, path, Some(&owner), "").await?;
        assert_eq!(refused.status, 404, "{host} {path}");
        assert_eq!(refused.text("/kind"), "Status", "{host} {path}");
    }
    Ok(())
}
