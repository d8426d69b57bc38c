//! One file with a resource for each enrolment and each SAS definition, imports beside them.

use azure::sas::{NEWEST_VERSION, Protocol};

use super::files::GeneratedFile;
use super::plan::{Belongs, Definition, Origin, Plan, Policy};
use crate::hcl::{self, Block, Item};

/// What a reader should know who has azurerm's resources.
const MOVED: &str = "Delete azurerm's block of this one; nothing is changed in the vault.";

/// Writes the file.
pub(super) fn files(plan: &Plan, with_provider: bool) -> Vec<GeneratedFile> {
    let mut blocks = Vec::new();
    if with_provider {
        blocks.extend(provider());
    }
    for policy in &plan.policies {
        let address = format!("keyrotation_policy.{}", policy.label);
        blocks.push(resource(
            "keyrotation_policy",
            &policy.label,
            policy_items(policy),
        ));
        blocks.extend(arrival(&policy.origin, &address));
    }
    for definition in &plan.definitions {
        let address = format!("keyrotation_sas_definition.{}", definition.label);
        let items = definition_items(definition);
        blocks.push(resource(
            "keyrotation_sas_definition",
            &definition.label,
            items,
        ));
        blocks.extend(arrival(&definition.origin, &address));
    }
    vec![GeneratedFile {
        path: "rotation.tf",
        text: hcl::text(&blocks),
    }]
}

/// Writes the blocks that name and configure the provider.
pub(super) fn provider() -> [Block; 2] {
    let source = vec![Item::text("source", "azure-keyrotation/keyrotation")];
    let provider = Item::object("keyrotation", source);
    let required = Item::Nested(Block::new("required_providers", &[], vec![provider]));
    let version = Item::text("required_version", ">= 1.5");
    [
        Block::new("terraform", &[], vec![version, required]),
        Block::new("provider", &["keyrotation"], Vec::new()),
    ]
}

/// Writes how an object that exists comes to its address.
pub(super) fn arrival(origin: &Origin, address: &str) -> Option<Block> {
    let to = Item::expression("to", address);
    match origin {
        Origin::New => None,
        Origin::Import(id) => Some(Block::new("import", &[], vec![to, Item::text("id", id)])),
        Origin::Moved(from) => {
            let from = Item::expression("from", from);
            Some(Block::new("moved", &[], vec![from, to]).remark(MOVED))
        }
    }
}

fn resource(kind: &str, label: &str, items: Vec<Item>) -> Block {
    Block::new("resource", &[kind, label], items)
}

fn policy_items(policy: &Policy) -> Vec<Item> {
    let mut items: Vec<_> = policy
        .remark
        .map(|remark| Item::Remark(remark.to_owned()))
        .into_iter()
        .collect();
    items.push(Item::text("storage_account_id", &policy.account));
    items.push(Item::text("rotation_period", policy.period));
    items.extend(policy.max_key_age.map(|age| Item::text("max_key_age", age)));
    if !policy.set_key_expiration {
        items.push(Item::flag("set_key_expiration_policy", false));
    }
    let mut vault = vec![Item::text("vault_uri", format!("{}/", policy.vault))];
    vault.extend(policy.name.as_ref().map(|name| Item::text("name", name)));
    if !policy.auto_regenerate {
        vault.push(Item::flag("auto_regenerate", false));
    }
    if policy.origin == Origin::New {
        vault.push(Item::Remark(
            "The key that clients use today: the other one is renewed first.".to_owned(),
        ));
        vault.push(Item::text("initial_active_key", "key1"));
    }
    items.push(Item::object("key_vault", vault));
    items.extend(tags(&policy.tags));
    items
}

/// Writes tags, if there are any.
pub(super) fn tags(tags: &std::collections::BTreeMap<String, String>) -> Option<Item> {
    let entry = |(name, value): (&String, &String)| {
        Item::Attribute(hcl::quoted(name), hcl::Value::text(value))
    };
    let entries: Vec<_> = tags.iter().map(entry).collect();
    (!entries.is_empty()).then(|| Item::object("tags", entries))
}

fn definition_items(definition: &Definition) -> Vec<Item> {
    let mut items = vec![match &definition.policy {
        Belongs::Beside(label) => {
            Item::expression("policy_id", format!("keyrotation_policy.{label}.id"))
        }
        Belongs::Elsewhere(id) => Item::text("policy_id", id),
    }];
    items.push(Item::text("name", &definition.name));
    items.extend(template_items(definition));
    items.extend(tags(&definition.tags));
    items
}

/// Writes what tokens allow, in letters where they can say it, and how long.
pub(super) fn template_items(definition: &Definition) -> Vec<Item> {
    let template = &definition.template;
    let mut items = Vec::new();
    if template.signed_version() == NEWEST_VERSION {
        let protocol = template.protocol().unwrap_or(Protocol::HttpsAndHttp);
        items.push(Item::text("services", template.services()));
        items.push(Item::text("resource_types", template.resource_types()));
        items.push(Item::text("permissions", template.permissions()));
        items.push(Item::text("protocol", protocol.as_str()));
        items.extend(
            template
                .ip_range()
                .map(|range| Item::text("ip_range", range)),
        );
    } else {
        items.push(Item::text("template_uri", template));
    }
    items.push(Item::text("validity_period", definition.validity));
    if !definition.enabled {
        items.push(Item::flag("enabled", false));
    }
    items
}
