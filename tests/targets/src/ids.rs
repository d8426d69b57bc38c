//! Ids and names: what is read stays one segment of a path each, and reads the same again.

use std::fmt::Display;
use std::str::FromStr;

use azure::{
    Cloud, ClusterId, ManagedStorageName, ManagementGroupName, PrincipalId, ResourceGroupId,
    RoleAssignmentId, SasDefinitionName, SecretName, StorageAccountId, SubscriptionId, VaultId,
    VaultUrl,
};

/// Reads a text as each id.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    check::<StorageAccountId>(text);
    check::<VaultId>(text);
    check::<ClusterId>(text);
    check::<ResourceGroupId>(text);
    check::<SubscriptionId>(text);
    check::<RoleAssignmentId>(text);
    check::<PrincipalId>(text);
    for name in [
        name::<ManagedStorageName>(text),
        name::<SasDefinitionName>(text),
        name::<SecretName>(text),
        name::<ManagementGroupName>(text),
    ] {
        assert!(
            !name.is_some_and(|name| name.contains('/')),
            "{text:?} leaves its segment"
        );
    }
    for read in [
        VaultUrl::parse(text, &Cloud::Public),
        VaultUrl::of_name(text, &Cloud::Public),
    ] {
        let Ok(vault) = read else { continue };
        assert!(
            vault.host().ends_with(".vault.azure.net"),
            "{text:?} leaves the cloud"
        );
        let again = VaultUrl::parse(vault.as_str(), &Cloud::Public);
        assert!(again.is_ok_and(|again| again == vault), "{text:?}");
    }
}

fn check<Id: FromStr + Display>(text: &str) {
    name::<Id>(text);
}

/// Reads an id, and gives what is sent of it.
fn name<Id: FromStr + Display>(text: &str) -> Option<String> {
    let sent = text.parse::<Id>().ok()?.to_string();
    let again = sent.parse::<Id>().map(|id| id.to_string());
    assert!(again.is_ok_and(|again| again == sent), "{text:?}");
    let bent = |letter: char| letter.is_control() || "?#%\\ ".contains(letter);
    assert!(!sent.contains(bent), "{text:?} bends an address");
    let climbs = sent.split('/').any(|part| part == ".." || part == ".");
    assert!(!climbs, "{text:?} climbs out of its path");
    Some(sent)
}
