//! Tests of names and ids.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000a";

fn account_id(group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    )
}

#[test]
fn a_resource_id_gives_its_parts_in_their_own_letters() -> Result<(), IdError> {
    let text = account_id("Logs-RG", "stlogs");
    let id: StorageAccountId = text.parse()?;
    assert_eq!(id.to_string(), text);
    assert_eq!((id.resource_group(), id.name()), ("Logs-RG", "stlogs"));
    assert_eq!(id.subscription().as_str(), SUBSCRIPTION);
    assert_eq!(
        StorageAccountId::new(id.subscription(), "Logs-RG", "stlogs")?,
        id
    );
    Ok(())
}

#[test]
fn ids_compare_without_case() -> Result<(), IdError> {
    let plain: StorageAccountId = account_id("logs", "stlogs").as_str().try_into()?;
    let loud: StorageAccountId = account_id("LOGS", "stlogs").to_uppercase().parse()?;
    assert_eq!(plain, loud);
    assert_eq!(HashSet::from([plain.clone(), loud.clone()]).len(), 1);
    assert_ne!(plain.to_string(), loud.to_string());
    assert_ne!(plain, account_id("logs", "stlogt").parse()?);
    Ok(())
}

#[test]
fn what_is_no_account_id_is_refused() {
    for text in [
        "",
        "/",
        "stlogs",
        &account_id("logs", "stlogs/blobServices/default"),
        &account_id("logs", "st"),
        &account_id("logs", "st-logs"),
        &account_id("logs", "..%2fx"),
        &account_id("..", "stlogs"),
        &account_id("logs.", "stlogs"),
        &account_id("", "stlogs"),
        &account_id("a?b", "stlogs"),
        &format!("{}/", account_id("logs", "stlogs")),
        &account_id("logs", "stlogs").replace("Storage/", "Compute/"),
        &account_id("logs", "stlogs").replace(SUBSCRIPTION, "main"),
    ] {
        assert!(text.parse::<StorageAccountId>().is_err(), "{text}");
    }
}

#[test]
fn names_keep_to_their_letters() {
    fn check<T: FromStr>(good: &[&str], bad: &[&str]) {
        let is_name = |text: &&str| text.parse::<T>().is_ok();
        assert_eq!(good.iter().find(|text| !is_name(text)), None);
        assert_eq!(bad.iter().find(|text| is_name(text)), None);
    }
    let (long, too_long) = ("a".repeat(127), "a".repeat(128));
    let odd = [
        "",
        "..",
        ".",
        "../secrets/x",
        "%2e%2e",
        "a/b",
        "a b",
        "ä",
        "a?b",
        "a#b",
        "a\n",
    ];
    check::<ManagedStorageName>(&["stlogs", "1", &long], &odd);
    check::<ManagedStorageName>(&[], &["st-logs", &too_long]);
    check::<SasDefinitionName>(&["reader", &"a".repeat(102)], &odd);
    check::<SasDefinitionName>(&[], &["my-reader", &"a".repeat(103)]);
    check::<SecretName>(&["stlogs-reader", &long], &odd);
    check::<SecretName>(&[], &["a_b", &too_long]);
    check::<KeyName>(
        &["key1", "Key2"],
        &["primary", "secondary", "key3", "kerb1", ""],
    );
    check::<SubscriptionId>(
        &[SUBSCRIPTION],
        &["main", "0000000000000000000000000000000a", ""],
    );
    check::<PrincipalId>(&[SUBSCRIPTION], &["22222222222222222222222222222201", "me"]);
    let vault = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/r/providers/Microsoft.KeyVault/vaults";
    check::<VaultId>(
        &[&format!("{vault}/kv-1")],
        &[&format!("{vault}/1-kv"), &format!("{vault}/kv-")],
    );
}

#[test]
fn a_vault_address_is_a_name_under_the_suffix_of_its_cloud() -> Result<(), IdError> {
    for text in ["https://kv.vault.azure.net", "https://KV.vault.azure.NET/"] {
        let _ = VaultUrl::parse(
            &text.replace("kv", "kv-logs").replace("KV", "KV-logs"),
            &Cloud::Public,
        )?;
    }
    let url = VaultUrl::parse("https://KV-logs.vault.azure.net/", &Cloud::Public)?;
    assert_eq!(url.as_str(), "https://kv-logs.vault.azure.net");
    assert_eq!(
        (url.name(), url.host()),
        ("kv-logs", "kv-logs.vault.azure.net")
    );
    assert_eq!(url, VaultUrl::of_name("kv-logs", &Cloud::Public)?);
    assert_eq!(
        VaultUrl::parse_in_any_cloud("https://kv-logs.vault.azure.cn/")?.name(),
        "kv-logs"
    );
    Ok(())
}

#[test]
fn what_is_no_vault_of_the_cloud_is_refused() {
    for text in [
        "",
        "kv-logs",
        "http://kv-logs.vault.azure.net",
        "https://kv-logs.vault.azure.net:8443",
        "https://kv-logs.vault.azure.net/secrets",
        "https://kv-logs.vault.azure.net?x=y",
        "https://user@kv-logs.vault.azure.net",
        "https://kv-logs.vault.azure.net.example.com",
        "https://kv.logs.vault.azure.net",
        "https://kv-logs.vault.azure.cn",
        "https://vault.azure.net",
        "https://.vault.azure.net",
        "https://127.0.0.1",
    ] {
        assert!(VaultUrl::parse(text, &Cloud::Public).is_err(), "{text}");
    }
}

#[test]
fn a_role_assignment_knows_its_scope() -> Result<(), IdError> {
    let scope = account_id("logs", "stlogs");
    let name = "99999999-0000-0000-0000-000000000001";
    let text = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
    let id: RoleAssignmentId = text.parse()?;
    assert_eq!(
        (id.scope(), id.name().to_string().as_str()),
        (scope.as_str(), name)
    );
    for odd in [
        format!("{text}/x"),
        text.replace(name, ".."),
        text.replace("/logs/", "/../"),
        text.replace("roleAssignments", "roleDefinitions"),
    ] {
        assert!(odd.parse::<RoleAssignmentId>().is_err(), "{odd}");
    }
    Ok(())
}

#[test]
fn each_key_has_an_other() {
    assert_eq!(KeyName::Key1.other(), KeyName::Key2);
    assert_eq!(KeyName::Key2.other().to_string(), "key1");
}

#[test]
fn a_refusal_names_the_text_and_the_rule() {
    let error = "../secrets/x"
        .parse::<ManagedStorageName>()
        .expect_err("no name");
    let text =
        "`../secrets/x` is not a managed storage account name: it has 1 to 127 letters and digits";
    assert_eq!(error.to_string(), text);
}

proptest! {
    /// Whatever is accepted as a name stays in its place in an address.
    #[test]
    fn an_accepted_name_is_one_segment(text in "\\PC{0,40}") {
        let accepted = [
            text.parse::<ManagedStorageName>().is_ok(),
            text.parse::<SasDefinitionName>().is_ok(),
            text.parse::<SecretName>().is_ok(),
        ];
        let url = url::Url::parse("https://kv.vault.azure.net/storage/").expect("an address");
        if accepted.contains(&true) {
            let joined = url.join(&text).expect("an address");
            prop_assert_eq!(joined.path(), format!("/storage/{text}"));
            prop_assert_eq!(joined.host_str(), url.host_str());
        }
    }

    /// Reading what was written gives the same id back.
    #[test]
    fn resource_ids_survive_a_round_trip(group in "[a-zA-Z0-9_()-]{1,20}", name in "[a-z0-9]{3,24}") {
        let id: StorageAccountId = account_id(&group, &name).parse().expect("an id");
        prop_assert_eq!(&id.to_string().parse::<StorageAccountId>().expect("an id"), &id);
        prop_assert_eq!(id.resource_group(), group);
    }
}
