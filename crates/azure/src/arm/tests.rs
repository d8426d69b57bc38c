//! Tests of ARM's operations: what goes out, and how Azure's answers are read.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    authorization::{self, PrincipalType},
    locks::{self, Lock, LockLevel},
    permissions, storage, subscriptions,
    vaults::{self, AccessPolicy},
};
use crate::{
    fixtures::{SUBSCRIPTION, account, answered, answered_list, outgoing, outgoing_list, vault_id},
    id::{KeyName, PrincipalId},
    request::{Access, Idempotency, List, Listed, Request},
};

const ARM: &str = "https://management.azure.com";
const PRINCIPAL: &str = "22222222-2222-2222-2222-222222222201";
const OPERATOR: &str = "81a9662b-bebf-436f-a333-f67b29880f12";

async fn check<T, A: Access>(request: Request<T, A>, line: &str, body: Value) {
    let (sent, sent_body) = outgoing(request).await;
    let (method, path) = line.split_once(' ').expect("a method and a path");
    assert_eq!(sent, format!("{method} {ARM}{path}"));
    let sent_body: Value = serde_json::from_str(&sent_body).unwrap_or_default();
    assert_eq!(sent_body, body, "{line}");
}

async fn check_list<T>(list: List<T>, path: &str) {
    let (sent, body) = outgoing_list(list).await;
    assert_eq!((sent, body), (format!("GET {ARM}{path}"), String::new()));
}

fn principal() -> PrincipalId {
    PRINCIPAL.parse().expect("an object id")
}

fn policy() -> AccessPolicy {
    AccessPolicy {
        tenant_id: "11111111-1111-1111-1111-111111111111".to_owned(),
        object_id: principal(),
        storage: vec!["get".to_owned(), "set".to_owned()],
        secrets: Vec::new(),
    }
}

#[tokio::test]
async fn each_storage_operation_goes_to_its_place() {
    let subscription = SUBSCRIPTION.parse().expect("a subscription");
    let provider = "providers/Microsoft.Storage/storageAccounts";
    let version = "api-version=2023-05-01";
    let path = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/logs/{provider}/stlogs");
    check_list(
        storage::list(&subscription),
        &format!("/subscriptions/{SUBSCRIPTION}/{provider}?{version}"),
    )
    .await;
    check(
        storage::get(&account()),
        &format!("GET {path}?{version}"),
        Value::Null,
    )
    .await;
    check(
        storage::set_key_expiration(&account(), 90),
        &format!("PATCH {path}?{version}"),
        json!({"properties":{"keyPolicy":{"keyExpirationPeriodInDays":90}}}),
    )
    .await;
    let list_keys = format!("POST {path}/listKeys?{version}");
    check(storage::list_keys(&account()), &list_keys, Value::Null).await;
    check(
        storage::regenerate_key(&account(), KeyName::Key2),
        &format!("POST {path}/regenerateKey?{version}"),
        json!({"keyName":"key2"}),
    )
    .await;
}

#[tokio::test]
async fn each_vault_operation_goes_to_its_place() {
    let subscription = SUBSCRIPTION.parse().expect("a subscription");
    let provider = "providers/Microsoft.KeyVault/vaults";
    let version = "api-version=2023-07-01";
    let path = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/logs/{provider}/kv-logs");
    let list = format!("/subscriptions/{SUBSCRIPTION}/{provider}?{version}");
    check_list(vaults::list(&subscription), &list).await;
    check(
        vaults::get(&vault_id()),
        &format!("GET {path}?{version}"),
        Value::Null,
    )
    .await;
    let body = json!({"properties":{"accessPolicies":[{
        "tenantId":"11111111-1111-1111-1111-111111111111",
        "objectId":PRINCIPAL,
        "permissions":{"storage":["get","set"]},
    }]}});
    let add = format!("PUT {path}/accessPolicies/add?{version}");
    check(
        vaults::add_access_policy(&vault_id(), &policy()),
        &add,
        body.clone(),
    )
    .await;
    let remove = format!("PUT {path}/accessPolicies/remove?{version}");
    check(
        vaults::remove_access_policy(&vault_id(), &policy()),
        &remove,
        body,
    )
    .await;
}

#[tokio::test]
async fn each_role_operation_goes_to_its_place() {
    let (name, role) = (Uuid::from_u128(9), OPERATOR.parse().expect("a role"));
    let scope = account().to_string();
    let version = "api-version=2022-04-01";
    let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments");
    let filter = format!("%24filter=principalId+eq+%27{PRINCIPAL}%27");
    let list = authorization::role_assignments(&scope, &principal());
    check_list(list, &format!("{path}?{version}&{filter}")).await;
    let kind = PrincipalType::ServicePrincipal;
    check(
        authorization::put_role_assignment(&scope, name, role, &principal(), kind),
        &format!("PUT {path}/{name}?{version}"),
        json!({"properties":{
            "roleDefinitionId":format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{OPERATOR}"),
            "principalId":PRINCIPAL,
            "principalType":"ServicePrincipal",
        }}),
    )
    .await;
    let id = format!("{path}/{name}").parse().expect("an assignment");
    let get = format!("GET {path}/{name}?{version}");
    check(authorization::get(&id), &get, Value::Null).await;
    let delete = format!("DELETE {path}/{name}?{version}");
    check(
        authorization::delete_role_assignment(&id),
        &delete,
        Value::Null,
    )
    .await;
}

#[tokio::test]
async fn locks_are_read_with_the_scope_they_are_on() {
    let subscription = SUBSCRIPTION.parse().expect("a subscription");
    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/locks");
    check_list(
        locks::list(&subscription),
        &format!("{path}?api-version=2016-09-01"),
    )
    .await;
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/logs");
    let lock = |level: &str| {
        json!({
            "id":format!("{group}/providers/Microsoft.Authorization/locks/keep"), "name":"keep",
            "type":"Microsoft.Authorization/locks", "properties":{"level":level},
        })
    };
    let body = json!({"value":[lock("ReadOnly"), lock("SomethingNew")]}).to_string();
    let listed = answered_list(locks::list(&subscription), &body).await;
    assert!(matches!(listed.last(), Some(Listed::Odd { .. })));
    let read: Vec<Lock> = listed.into_iter().filter_map(Listed::item).collect();
    let [lock] = read.as_slice() else {
        unreachable!("one lock can be read: {read:?}")
    };
    assert_eq!(
        (lock.scope.as_str(), lock.level),
        (group.as_str(), LockLevel::ReadOnly)
    );
    assert!(lock.covers(account().as_str()));
    assert!(!lock.covers(&format!("{group}2/providers/x")));
}

#[tokio::test]
async fn what_the_caller_may_do_is_asked_of_a_group_or_an_account() {
    let subscription = SUBSCRIPTION.parse().expect("a subscription");
    let tail = "providers/Microsoft.Authorization/permissions?api-version=2022-04-01";
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/logs");
    check_list(
        permissions::in_group(&subscription, "logs"),
        &format!("{group}/{tail}"),
    )
    .await;
    check_list(
        permissions::at(account().as_str()),
        &format!("{}/{tail}", account()),
    )
    .await;
    let body = json!({"value":[{"actions":["*/read"],"notActions":null}]}).to_string();
    let listed = answered_list(permissions::at(account().as_str()), &body).await;
    let read = listed.into_iter().find_map(Listed::item);
    assert!(read.is_some_and(|read| read.allows("Microsoft.Storage/storageAccounts/read")));
}

#[tokio::test]
async fn subscriptions_are_read() {
    check_list(
        subscriptions::list(),
        "/subscriptions?api-version=2022-12-01",
    )
    .await;
    let body = json!({"value":[{
        "id":format!("/subscriptions/{SUBSCRIPTION}"), "subscriptionId":SUBSCRIPTION,
        "displayName":"Main", "state":"Enabled", "tenantId":"t",
    }]});
    let listed = answered_list(subscriptions::list(), &body.to_string()).await;
    let subscription = listed
        .into_iter()
        .find_map(Listed::item)
        .expect("a subscription");
    assert_eq!(
        (subscription.name.as_str(), subscription.state.as_str()),
        ("Main", "Enabled")
    );
}

#[tokio::test]
async fn a_scope_that_leads_elsewhere_is_refused_before_anything_is_sent() {
    for scope in [
        "/subscriptions/../x",
        "/subscriptions//x",
        "/subscriptions/%2e%2e",
        "a?b",
        "/",
    ] {
        let (client, transport, _) = crate::fixtures::scripted([]);
        let listed = client
            .list(authorization::role_assignments(scope, &principal()))
            .await;
        let is_refused = listed.is_err_and(|error| error.kind() == crate::error::Kind::Refused);
        assert!(is_refused || scope == "/", "{scope}");
        assert!(transport.sent().iter().all(|_| scope == "/"), "{scope}");
    }
}

#[tokio::test]
async fn an_unknown_age_of_a_key_is_read_in_every_form_it_has() {
    let read = async |properties: Value| {
        let id = account().to_string();
        let body =
            json!({"id":id,"name":"stlogs","location":"x","tags":null,"properties":properties});
        let account = answered(storage::get(&account()), &body.to_string()).await;
        (
            account.key1_created_at.is_some(),
            account.key2_created_at.is_some(),
        )
    };
    let time = "2021-02-03T05:57:30.9171234Z";
    assert_eq!(
        read(json!({"keyCreationTime":{"key1":time,"key2":time}})).await,
        (true, true)
    );
    assert_eq!(
        read(json!({"keyCreationTime":{"key1":time,"key2":null}})).await,
        (true, false)
    );
    assert_eq!(
        read(json!({"keyCreationTime":{"key2":time}})).await,
        (false, true)
    );
    assert_eq!(
        read(json!({"keyCreationTime":{"key1":"","key2":7}})).await,
        (false, false)
    );
    assert_eq!(read(json!({"keyCreationTime":null})).await, (false, false));
    assert_eq!(read(json!({})).await, (false, false));
    assert_eq!(read(Value::Null).await, (false, false));
}

#[tokio::test]
async fn an_account_is_read_with_all_it_says() {
    let body = json!({
        "sku":{"name":"Standard_LRS","tier":"Standard"}, "kind":"StorageV2",
        "id":account().to_string(), "name":"stlogs", "type":"Microsoft.Storage/storageAccounts",
        "location":"westeurope", "tags":{"team":"logs","empty":null},
        "properties":{
            "allowSharedKeyAccess":false, "keyPolicy":{"keyExpirationPeriodInDays":90},
            "keyCreationTime":{"key1":"2026-01-01T00:00:00Z","key2":null}, "provisioningState":"Succeeded",
        },
    });
    let read = answered(storage::get(&account()), &body.to_string()).await;
    assert_eq!(
        (read.id, read.kind.as_deref()),
        (account(), Some("StorageV2"))
    );
    assert_eq!(
        (read.allow_shared_key_access, read.key_expiration_days),
        (Some(false), Some(90))
    );
    assert_eq!(read.key1_created_at, "2026-01-01T00:00:00Z".parse().ok());
    assert_eq!(read.tags.get("team").map(String::as_str), Some("logs"));
}

#[tokio::test]
async fn keys_are_read_whatever_letters_their_permissions_have() {
    for permissions in ["Full", "FULL", "Read", "Something"] {
        let body = json!({"keys":[
            {"keyName":"key1","value":"b25l","permissions":permissions},
            {"keyName":"key2","value":"dHdv","permissions":permissions,"creationTime":"2026-01-01T00:00:00.1234567Z"},
        ]});
        let request = storage::regenerate_key(&account(), KeyName::Key1);
        assert_eq!(request.idempotency(), Idempotency::Never);
        let keys = answered(request, &body.to_string()).await;
        let values: Vec<_> = keys.iter().map(|key| key.value.expose()).collect();
        assert_eq!(values, ["b25l", "dHdv"], "{permissions}");
        assert_eq!(
            keys.iter().filter(|key| key.created_at.is_some()).count(),
            1
        );
    }
}

#[tokio::test]
async fn a_vault_is_read_with_its_policies() {
    let body = json!({
        "id":vault_id().to_string(), "name":"kv-logs", "location":"westeurope", "tags":{},
        "properties":{
            "sku":{"family":"A","name":"standard"}, "vaultUri":"https://kv-logs.vault.azure.net/",
            "tenantId":"11111111-1111-1111-1111-111111111111", "enableSoftDelete":true,
            "softDeleteRetentionInDays":90, "enableRbacAuthorization":null,
            "accessPolicies":[{
                "tenantId":"11111111-1111-1111-1111-111111111111", "objectId":PRINCIPAL,
                "permissions":{"keys":["Get"],"secrets":null,"certificates":[],"storage":["get","set"]},
            }],
        },
    });
    let vault = answered(vaults::get(&vault_id()), &body.to_string()).await;
    assert_eq!(
        (vault.id, vault.url),
        (vault_id(), crate::fixtures::vault())
    );
    assert_eq!((vault.rbac, vault.soft_delete_days), (false, Some(90)));
    assert_eq!(vault.access_policies, [policy()]);
}

#[tokio::test]
async fn an_assignment_is_read_and_knows_its_role() {
    let id = format!(
        "{}/providers/Microsoft.Authorization/roleAssignments/{}",
        account(),
        Uuid::from_u128(9)
    );
    let body = json!({
        "properties":{
            "roleDefinitionId":format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{OPERATOR}"),
            "principalId":PRINCIPAL, "principalType":"ServicePrincipal", "scope":account().to_string(),
            "createdOn":"2020-05-08T06:22:51.5313636Z", "createdBy":null,
        },
        "id":id, "type":"Microsoft.Authorization/roleAssignments", "name":Uuid::from_u128(9).to_string(),
    });
    let request = authorization::get(&id.parse().expect("an assignment"));
    let assignment = answered(request, &body.to_string()).await;
    assert_eq!(
        (assignment.principal_id, assignment.scope),
        (principal(), account().to_string())
    );
    let body = json!({"value":[body]}).to_string();
    let list = authorization::role_assignments(account().as_str(), &principal());
    let listed = answered_list(list, &body).await;
    let roles = listed.into_iter().filter_map(Listed::item);
    assert!(
        roles
            .map(|role| role.is_role(OPERATOR.parse().expect("a role")))
            .eq([true])
    );
}
