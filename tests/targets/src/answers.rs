//! What Resource Manager, Key Vault and Graph may answer: any bytes become a model or an error, and a list
//! comes to its end.

use std::sync::Arc;

use azure::client::Client;
use azure::transport::scripted::{ScriptedTransport, Step};
use azure::{
    Cloud, ManualClock, PrincipalId, StorageAccountId, SubscriptionId, VaultId, VaultUrl, arm,
    graph, vault,
};
use jiff::Timestamp;

use crate::block_on;

const SUBSCRIPTION: &str = "11111111-1111-4111-8111-111111111111";

/// Takes the first byte for a status, the rest for the body of every answer.
pub(crate) fn run(bytes: &[u8]) {
    let (status, body) = bytes.split_first().map_or((0, bytes), |(s, b)| (*s, b));
    let status = [200, 200, 200, 201, 204, 400, 401, 403, 404, 409, 429, 500]
        .get(usize::from(status % 12))
        .copied()
        .unwrap_or(200);
    let body = String::from_utf8_lossy(body).into_owned();
    let step = |method| Step::answer(method, "", status, body.clone()).always();
    let transport = ScriptedTransport::new(["GET", "PUT", "POST", "PATCH", "DELETE"].map(step));
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::with_transport(&transport, clock);
    block_on(async {
        manage(&client).await;
        keep(&client).await;
    });
}

async fn manage(client: &Client) {
    let subscription: SubscriptionId = SUBSCRIPTION.parse().expect("an id");
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg");
    let account = format!("{group}/providers/Microsoft.Storage/storageAccounts/stlogs");
    let account: StorageAccountId = account.parse().expect("an id");
    let vault = format!("{group}/providers/Microsoft.KeyVault/vaults/kv1");
    let vault: VaultId = vault.parse().expect("an id");
    let principal: PrincipalId = SUBSCRIPTION.parse().expect("an id");
    let (since, until) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    drop(client.send(arm::storage::get(&account)).await);
    drop(client.send(arm::storage::list_keys(&account)).await);
    drop(client.send(arm::vaults::get(&vault)).await);
    drop(client.send(graph::service_principal(SUBSCRIPTION)).await);
    drop(client.list(arm::storage::list(&subscription)).await);
    drop(client.list(arm::vaults::list(&subscription)).await);
    drop(client.list(arm::locks::list(&subscription)).await);
    drop(client.list(arm::apps::list(&subscription)).await);
    drop(client.list(arm::subscriptions::list()).await);
    drop(client.list(arm::permissions::at(&group)).await);
    let rights = arm::authorization::role_assignments(&group, &principal);
    drop(client.list(rights).await);
    let events = arm::activity_log::list(&subscription, since, until);
    drop(client.list(events).await);
}

async fn keep(client: &Client) {
    let url = VaultUrl::of_name("kv1", &Cloud::Public).expect("a vault");
    let name = "stlogs".parse().expect("a name");
    let definition = "rw".parse().expect("a name");
    let secret = "stlogs-rw".parse().expect("a name");
    drop(client.send(vault::managed_storage::get(&url, &name)).await);
    drop(client.list(vault::managed_storage::list(&url)).await);
    drop(
        client
            .list(vault::managed_storage::list_deleted(&url))
            .await,
    );
    drop(
        client
            .send(vault::managed_storage::recover(&url, &name))
            .await,
    );
    drop(
        client
            .send(vault::sas_definition::get(&url, &name, &definition))
            .await,
    );
    drop(client.list(vault::sas_definition::list(&url, &name)).await);
    drop(client.send(vault::secret::get(&url, &secret)).await);
    drop(client.list(vault::secret::versions(&url, &secret)).await);
    drop(client.send(vault::backup::of_enrolment(&url, &name)).await);
}
