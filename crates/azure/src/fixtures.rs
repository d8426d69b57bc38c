//! What the tests of this room share: invented objects and clients over a script.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    client::Client,
    clock::ManualClock,
    cloud::Cloud,
    id::{ManagedStorageName, SasDefinitionName, SecretName, StorageAccountId, VaultId, VaultUrl},
    request::{Access, List, Listed, Request},
    transport::scripted::{ScriptedTransport, Step},
};

pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

pub(crate) fn account() -> StorageAccountId {
    let subscription = SUBSCRIPTION.parse().expect("a subscription id");
    StorageAccountId::new(&subscription, "logs", "stlogs").expect("an account id")
}

pub(crate) fn vault_id() -> VaultId {
    let subscription = SUBSCRIPTION.parse().expect("a subscription id");
    VaultId::new(&subscription, "logs", "kv-logs").expect("a vault id")
}

pub(crate) fn vault() -> VaultUrl {
    VaultUrl::parse("https://kv-logs.vault.azure.net", &Cloud::Public).expect("a vault")
}

pub(crate) fn managed() -> ManagedStorageName {
    "stlogs".parse().expect("a name")
}

pub(crate) fn definition() -> SasDefinitionName {
    "reader".parse().expect("a name")
}

pub(crate) fn secret() -> SecretName {
    "stlogs-reader".parse().expect("a name")
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH))
}

/// Makes a client over a script.
pub(crate) fn scripted(
    steps: impl IntoIterator<Item = Step>,
) -> (Client, ScriptedTransport, Arc<ManualClock>) {
    let (transport, clock) = (ScriptedTransport::new(steps), clock());
    (
        Client::with_transport(&transport, clock.clone()),
        transport,
        clock,
    )
}

/// Tells what goes out for a request: method and address, then the body.
pub(crate) async fn outgoing<T, A: Access>(request: Request<T, A>) -> (String, String) {
    // No retry follows this answer, and no request knows how to read it.
    let steps = ["GET", "PUT", "PATCH", "POST", "DELETE"];
    let (client, transport, _) = scripted(steps.map(|method| Step::answer(method, "", 418, "")));
    drop(client.send(request).await);
    first(&transport)
}

/// Tells what goes out for the first page of a list.
pub(crate) async fn outgoing_list<T>(list: List<T>) -> (String, String) {
    let (client, transport, _) = scripted([Step::answer("GET", "", 418, "")]);
    drop(client.list(list).await);
    first(&transport)
}

fn first(transport: &ScriptedTransport) -> (String, String) {
    let sent = transport.sent();
    let sent = sent.first().expect("a request");
    (format!("{} {}", sent.method, sent.url), sent.body.clone())
}

/// Sends a request and reads this answer to it.
pub(crate) async fn answered<T, A: Access>(request: Request<T, A>, body: &str) -> T {
    let steps = ["GET", "PUT", "PATCH", "POST", "DELETE"];
    let (client, _, _) = scripted(steps.map(|method| Step::answer(method, "", 200, body)));
    client
        .send(request)
        .await
        .expect("an answer that can be read")
}

/// Reads a list of one page.
pub(crate) async fn answered_list<T>(list: List<T>, body: &str) -> Vec<Listed<T>> {
    let (client, _, _) = scripted([Step::answer("GET", "", 200, body)]);
    client.list(list).await.expect("a list that can be read")
}
