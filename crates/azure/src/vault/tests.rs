//! Tests of a vault's operations: what goes out, and how its answers are read.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    backup,
    managed_storage::{self, ManagedResource, ManagedStorageUpdate, NewManagedStorage},
    sas_definition::{self, NewSasDefinition, SasDefinitionUpdate},
    secret,
};
use crate::{
    fixtures::{
        self, account, answered, answered_list, definition, managed, outgoing, outgoing_list, vault,
    },
    id::KeyName,
    request::{Access, Idempotency, List, Listed, Request},
    sas::SasTemplate,
};

const VAULT: &str = "https://kv-logs.vault.azure.net";

async fn check<T, A: Access>(request: Request<T, A>, line: &str, body: Value) {
    let (sent, sent_body) = outgoing(request).await;
    let (method, path) = line.split_once(' ').expect("a method and a path");
    assert_eq!(sent, format!("{method} {VAULT}{path}?api-version=7.4"));
    let sent_body: Value = serde_json::from_str(&sent_body).unwrap_or_default();
    assert_eq!(sent_body, body, "{line}");
}

async fn check_list<T>(list: List<T>, path: &str) {
    let (sent, _) = outgoing_list(list).await;
    assert_eq!(
        sent,
        format!("GET {VAULT}{path}?api-version=7.4&maxresults=25")
    );
}

fn new_managed(regeneration_period: Option<&str>) -> NewManagedStorage {
    NewManagedStorage {
        resource_id: account(),
        active_key: KeyName::Key1,
        auto_regenerate: true,
        regeneration_period: regeneration_period.map(str::to_owned),
        enabled: true,
        tags: BTreeMap::from([("team".to_owned(), "logs".to_owned())]),
    }
}

fn template() -> SasTemplate {
    SasTemplate::account("b", "sco", "rl")
        .build()
        .expect("a template")
}

fn enrolment() -> Value {
    json!({
        "id":format!("{VAULT}/storage/stlogs"), "resourceId":account().to_string(),
        "activeKeyName":"key1", "autoRegenerateKey":true, "regenerationPeriod":"P90D",
        "attributes":{"enabled":true,"created":1_560_531_095,"updated":1_560_531_102,"recoveryLevel":"Purgeable"},
    })
}

fn sas() -> Value {
    json!({
        "id":format!("{VAULT}/storage/stlogs/sas/reader"), "sid":format!("{VAULT}/secrets/stlogs-reader"),
        "templateUri":"se=2020-01-01&sp=rl&sv=2018-03-28&ss=b&srt=sco&sig=canary%3D",
        "sasType":"account", "validityPeriod":"PT4H", "attributes":{"enabled":false,"created":1_560_531_096},
    })
}

#[tokio::test]
async fn each_enrolment_operation_goes_to_its_place() {
    let (vault, name) = (vault(), managed());
    let (live, deleted) = ("/storage/stlogs", "/deletedstorage/stlogs");
    check_list(managed_storage::list(&vault), "/storage").await;
    check_list(managed_storage::list_deleted(&vault), "/deletedstorage").await;
    check(
        managed_storage::get(&vault, &name),
        &format!("GET {live}"),
        Value::Null,
    )
    .await;
    check(
        managed_storage::delete(&vault, &name),
        &format!("DELETE {live}"),
        Value::Null,
    )
    .await;
    check(
        managed_storage::get_deleted(&vault, &name),
        &format!("GET {deleted}"),
        Value::Null,
    )
    .await;
    check(
        managed_storage::recover(&vault, &name),
        &format!("POST {deleted}/recover"),
        Value::Null,
    )
    .await;
    check(
        managed_storage::purge(&vault, &name),
        &format!("DELETE {deleted}"),
        Value::Null,
    )
    .await;
    let regenerate = managed_storage::regenerate_key(&vault, &name, KeyName::Key2);
    assert_eq!(regenerate.idempotency(), Idempotency::Never);
    check(
        regenerate,
        &format!("POST {live}/regeneratekey"),
        json!({"keyName":"key2"}),
    )
    .await;
}

#[tokio::test]
async fn a_backup_is_handed_out_and_taken_back_unseen() {
    let name = managed();
    let request = backup::of_enrolment(&vault(), &name);
    check(request, "POST /storage/stlogs/backup", Value::Null).await;
    let request = backup::of_enrolment(&vault(), &name);
    let handed_out = answered(request, r#"{"value":"sealed"}"#).await;
    assert_eq!(handed_out.expose(), "sealed");
    let restore = backup::restore(&vault(), &handed_out);
    assert_eq!(restore.idempotency(), Idempotency::Never);
    check(restore, "POST /storage/restore", json!({"value":"sealed"})).await;
}

#[tokio::test]
async fn an_enrolment_says_what_it_is_told_and_no_more() {
    let (vault, name) = (vault(), managed());
    let full = json!({
        "resourceId":account().to_string(), "activeKeyName":"key1", "autoRegenerateKey":true,
        "regenerationPeriod":"P30D", "attributes":{"enabled":true}, "tags":{"team":"logs"},
    });
    let set = |period| managed_storage::set(&vault, &name, &new_managed(period));
    assert_eq!(set(None).idempotency(), Idempotency::Never);
    check(set(Some("P30D")), "PUT /storage/stlogs", full.clone()).await;
    let mut short = full;
    short
        .as_object_mut()
        .expect("an object")
        .remove("regenerationPeriod");
    check(set(None), "PUT /storage/stlogs", short).await;
    let update = ManagedStorageUpdate {
        auto_regenerate: Some(false),
        ..Default::default()
    };
    let update = managed_storage::update(&vault, &name, &update);
    assert_eq!(update.idempotency(), Idempotency::Repeatable);
    check(
        update,
        "PATCH /storage/stlogs",
        json!({"autoRegenerateKey":false}),
    )
    .await;
    let update = ManagedStorageUpdate {
        active_key: Some(KeyName::Key2),
        regeneration_period: Some("P10D".to_owned()),
        enabled: Some(false),
        tags: Some(BTreeMap::new()),
        ..Default::default()
    };
    let body = json!({
        "activeKeyName":"key2", "regenerationPeriod":"P10D", "attributes":{"enabled":false}, "tags":{},
    });
    check(
        managed_storage::update(&vault, &name, &update),
        "PATCH /storage/stlogs",
        body,
    )
    .await;
}

#[tokio::test]
async fn each_definition_operation_goes_to_its_place() {
    let (vault, account, name) = (vault(), managed(), definition());
    let (live, deleted) = (
        "/storage/stlogs/sas/reader",
        "/deletedstorage/stlogs/sas/reader",
    );
    check_list(
        sas_definition::list(&vault, &account),
        "/storage/stlogs/sas",
    )
    .await;
    let get = sas_definition::get(&vault, &account, &name);
    check(get, &format!("GET {live}"), Value::Null).await;
    let delete = sas_definition::delete(&vault, &account, &name);
    check(delete, &format!("DELETE {live}"), Value::Null).await;
    let get_deleted = sas_definition::get_deleted(&vault, &account, &name);
    check(get_deleted, &format!("GET {deleted}"), Value::Null).await;
    check_list(
        sas_definition::list_deleted(&vault, &account),
        "/deletedstorage/stlogs/sas",
    )
    .await;
    let recover = sas_definition::recover(&vault, &account, &name);
    check(recover, &format!("POST {deleted}/recover"), Value::Null).await;
    let secret = secret::get(&vault, &fixtures::secret());
    check(secret, "GET /secrets/stlogs-reader", Value::Null).await;
}

#[tokio::test]
async fn a_definition_says_what_it_is_told_and_no_more() {
    let (vault, account, name) = (vault(), managed(), definition());
    let new = NewSasDefinition {
        template: template(),
        validity_period: "P1D".to_owned(),
        enabled: true,
        tags: BTreeMap::new(),
    };
    let uri = "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https";
    let body = json!({
        "templateUri":uri, "sasType":"account", "validityPeriod":"P1D",
        "attributes":{"enabled":true}, "tags":{},
    });
    let set = sas_definition::set(&vault, &account, &name, &new);
    check(set, "PUT /storage/stlogs/sas/reader", body).await;
    let update = SasDefinitionUpdate {
        template: Some(template()),
        ..Default::default()
    };
    let update = sas_definition::update(&vault, &account, &name, &update);
    let body = json!({"templateUri":uri,"sasType":"account"});
    check(update, "PATCH /storage/stlogs/sas/reader", body).await;
}

#[tokio::test]
async fn an_enrolment_is_read_as_recorded() {
    let request = managed_storage::get(&vault(), &managed());
    let read = answered(request, &enrolment().to_string()).await;
    assert_eq!(read.name, managed());
    assert!(read.resource_id.is(&account()));
    assert_eq!(
        (read.active_key.as_str(), read.auto_regenerate),
        ("key1", Some(true))
    );
    assert_eq!(read.regeneration_period.as_deref(), Some("P90D"));
    assert_eq!(
        read.created,
        jiff::Timestamp::from_second(1_560_531_095).ok()
    );
    assert_eq!(
        read.updated,
        jiff::Timestamp::from_second(1_560_531_102).ok()
    );
    assert!(read.enabled && read.tags.is_empty());
}

#[tokio::test]
async fn a_list_of_enrolments_may_hold_accounts_of_another_kind() {
    let classic =
        "/subscriptions/x/resourceGroups/r/providers/Microsoft.ClassicStorage/storageAccounts/old";
    let body = json!({"value":[
        {"id":format!("{VAULT}/storage/stlogs"),"resourceId":account().to_string()},
        {"id":format!("{VAULT}/storage/old"),"resourceId":classic,"attributes":null},
    ],"nextLink":null});
    let listed = answered_list(managed_storage::list(&vault()), &body.to_string()).await;
    let resources = listed
        .into_iter()
        .filter_map(Listed::item)
        .map(|item| item.resource_id);
    let expected = [
        ManagedResource::Account(account()),
        ManagedResource::Other(classic.to_owned()),
    ];
    assert!(resources.eq(expected));
}

#[tokio::test]
async fn deleted_objects_say_until_when_they_can_be_recovered() {
    let mut body = enrolment();
    let members = body.as_object_mut().expect("an object");
    members.insert(
        "recoveryId".to_owned(),
        json!(format!("{VAULT}/deletedstorage/stlogs")),
    );
    members.insert("deletedDate".to_owned(), json!(1_490_760_000));
    members.insert("scheduledPurgeDate".to_owned(), json!(1_490_790_000));
    let request = managed_storage::get_deleted(&vault(), &managed());
    let deleted = answered(request, &body.to_string()).await;
    assert_eq!(
        deleted.deleted,
        jiff::Timestamp::from_second(1_490_760_000).ok()
    );
    assert_eq!(
        deleted.scheduled_purge,
        jiff::Timestamp::from_second(1_490_790_000).ok()
    );
    let delete = managed_storage::delete(&vault(), &managed());
    answered(delete, &body.to_string()).await;
    answered(managed_storage::purge(&vault(), &managed()), "").await;
    assert_eq!(deleted.active_key.as_deref(), Some("key1"));
    assert_eq!(deleted.regeneration_period.as_deref(), Some("P90D"));
    let request = sas_definition::get_deleted(&vault(), &managed(), &definition());
    let deleted = answered(request, &sas().to_string()).await;
    assert_eq!(
        deleted.template_uri.as_deref(),
        Some("se=2020-01-01&sp=rl&sv=2018-03-28&ss=b&srt=sco"),
        "without its signature"
    );
    assert_eq!((deleted.deleted, deleted.name), (None, definition()));
}

#[tokio::test]
async fn a_definition_is_read_without_the_signature_of_its_template() {
    let request = sas_definition::get(&vault(), &managed(), &definition());
    let read = answered(request, &sas().to_string()).await;
    assert_eq!(
        read.template_uri,
        "se=2020-01-01&sp=rl&sv=2018-03-28&ss=b&srt=sco"
    );
    assert_eq!(read.secret_id, format!("{VAULT}/secrets/stlogs-reader"));
    assert_eq!((read.name, read.enabled), (definition(), false));
    let body = json!({"value":[sas()]}).to_string();
    let listed = answered_list(sas_definition::list(&vault(), &managed()), &body).await;
    let item = listed
        .into_iter()
        .find_map(Listed::item)
        .expect("a definition");
    assert_eq!(item.secret_id, format!("{VAULT}/secrets/stlogs-reader"));
}

#[tokio::test]
async fn a_minted_token_is_read_as_recorded() {
    let body = json!({
        "value":"?sv=2018-03-28&sig=x", "contentType":"application/vnd.ms-sastoken-storage",
        "id":format!("{VAULT}/secrets/stlogs-reader"), "managed":true,
        "attributes":{"enabled":true,"exp":1_560_545_497,"recoveryLevel":"Purgeable"},
    });
    let request = secret::get(&vault(), &fixtures::secret());
    let read = answered(request, &body.to_string()).await;
    assert_eq!(read.value.expose_secret(), "?sv=2018-03-28&sig=x");
    assert_eq!(
        read.expires,
        jiff::Timestamp::from_second(1_560_545_497).ok()
    );
    assert!(read.managed);
}
