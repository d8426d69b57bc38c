//! The cast of a soak in the emulator's words, and its places in those of `sync`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cast::{Account, Care, Cast, DEFINITION, GROUP, Neglect, Place};
use super::cast::{cluster, subscription, vault};

/// The namespace of every secret in a cluster.
pub(super) const NAMESPACE: &str = "soak";
/// The entry of every secret in a cluster.
pub(super) const ENTRY: &str = "token";

/// Writes the fleet document.
pub(super) fn document(cast: &Cast) -> Value {
    let subscriptions: Vec<Value> = (0..=cast.left_alone())
        .map(|team| {
            let own = || cast.accounts.iter().filter(move |one| one.team == team);
            json!({
                "id": subscription(team),
                "name": format!("soak {team}"),
                "accounts": own().map(account).collect::<Vec<_>>(),
                "vaults": [{
                    "resource_group": GROUP, "name": vault(team), "soft_delete_days": 90,
                    "managed": own().filter_map(|one| managed(cast, one)).collect::<Vec<_>>(),
                }],
                "clusters": [{
                    "resource_group": GROUP, "name": cluster(team), "namespaces": [NAMESPACE],
                }],
            })
        })
        .collect();
    json!({ "now": cast.start.to_string(), "subscriptions": subscriptions })
}

/// Writes the settings of `sync`; files are put into the folder.
pub(super) fn places(cast: &Cast, folder: &Path) -> String {
    let mut text = String::new();
    for target in &cast.targets {
        let name = target.name();
        let place = match target.place {
            Place::File => format!("file = \"{}\"", file(folder, name).display()),
            Place::Cluster => {
                let team = target.account.team;
                format!(
                    "secret = \"{NAMESPACE}/{name}\"\nentry = \"{ENTRY}\"\n\
                     cluster = \"/subscriptions/{}/resourceGroups/{GROUP}/providers/\
                     Microsoft.ContainerService/managedClusters/{}\"",
                    subscription(team),
                    cluster(team)
                )
            }
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "[[sync]]\nfrom = \"{}\"\n{place}\n", target.source());
    }
    text
}

/// Gives the file of a target.
pub(super) fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

fn account(account: &Account) -> Value {
    let made = account.made.map(|made| made.to_string());
    let refuses = account.care == Care::Nobody(Neglect::KeysRefused);
    json!({
        "resource_group": GROUP,
        "name": account.name,
        "key1_created": made,
        "key2_created": made,
        "allow_shared_key": !refuses,
    })
}

fn managed(cast: &Cast, account: &Account) -> Option<Value> {
    let (days, has_role, enrolled) = match account.care {
        Care::Vault(days) => (days, true, account.made?),
        Care::Nobody(Neglect::Stalled) => (7, false, cast.start),
        Care::Direct | Care::Nobody(_) => return None,
    };
    Some(json!({
        "name": account.name, "account": account.name, "active_key": "key1",
        "auto_regenerate": true, "period": format!("P{days}D"),
        "enrolled": enrolled.to_string(), "key_vault_role": has_role,
        "definitions": [{
            "name": DEFINITION, "sas_type": "account", "validity": "P1D",
            "template_uri": "sv=2018-03-28&ss=b&srt=sco&sp=rwu&spr=https",
        }],
    }))
}
