//! Kubernetes clusters as resources: finding them, and the credential with which a user reaches one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::page::page;
use super::{check_group, missing, permit, scope};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};
use crate::world::cluster::{AUDIENCE, Cluster, KIND, USE};

macro_rules! cluster {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters",
            $rest
        )
    };
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.ContainerService/managedClusters",
        "ManagedClusters_List",
        list,
    ),
    Route::new(
        "GET",
        cluster!(""),
        "ManagedClusters_ListByResourceGroup",
        list,
    ),
    Route::new("GET", cluster!("/{cluster}"), "ManagedClusters_Get", read),
    Route::new(
        "POST",
        cluster!("/{cluster}/listClusterUserCredential"),
        "ManagedClusters_ListClusterUserCredentials",
        list_credential,
    ),
];

const READ: &str = "Microsoft.ContainerService/managedClusters/read";

fn list(context: &mut Context<'_>) -> Answer {
    check_group(context)?;
    let prefix = format!("{}/", scope(context).to_ascii_lowercase());
    let (caller, world) = (context.caller()?, &context.world);
    let seen = world.clusters.values().filter(|one| {
        let id = one.id().to_ascii_lowercase();
        id.starts_with(&prefix) && world.roles.allows(&caller.object_id, READ, &id)
    });
    page(context, seen, written)
}

fn read(context: &mut Context<'_>) -> Answer {
    Ok(Reply::ok(written(find(context, READ)?)))
}

/// Gives a kubeconfig with the cluster's own token. It is JSON, which is YAML too.
fn list_credential(context: &mut Context<'_>) -> Answer {
    let found = find(context, USE)?;
    let (name, user) = (&found.name, format!("clusterUser_{}", found.name));
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {
            "server": format!("https://{}:443", found.host),
            "certificate-authority-data": STANDARD.encode(&context.world.certificate),
        }}],
        "users": [{"name": user, "user": signed_in(found)}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "current-context": name,
    });
    let value = STANDARD.encode(config.to_string());
    Ok(Reply::ok(
        json!({"kubeconfigs": [{"name": "clusterUser", "value": value}]}),
    ))
}

fn signed_in(found: &Cluster) -> Value {
    if !found.entra_sign_in {
        return json!({"token": found.token});
    }
    let words = [
        "get-token",
        "--login",
        "devicecode",
        "--server-id",
        AUDIENCE,
    ];
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin", "args": words,
        "provideClusterInfo": false,
    }})
}

fn written(entry: &Cluster) -> Value {
    json!({
        "id": entry.id(),
        "name": entry.name,
        "type": KIND,
        "location": entry.location,
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "powerState": {"code": "Running"},
            "kubernetesVersion": "1.20.2",
            "dnsPrefix": entry.name,
            "fqdn": entry.host,
            "enableRBAC": true,
        },
    })
}

fn find<'a>(context: &'a Context<'_>, action: &str) -> Result<&'a Cluster, Refusal> {
    let name = context.part("cluster");
    let id = format!("{}/providers/{KIND}/{name}", scope(context));
    permit(context, action, &id)?;
    check_group(context)?;
    let found = context.world.cluster(&id);
    found.ok_or_else(|| missing(KIND, name, context.part("group")))
}
