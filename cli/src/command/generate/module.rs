//! A module that goes over a map of policies and a map of SAS definitions, and a file that calls it.

use super::files::GeneratedFile;
use super::one_file::{arrival, provider, tags, template_items};
use super::plan::{Belongs, Definition, Plan, Policy};
use crate::hcl::{self, Block, Item};

/// The module, which is the same for every fleet.
const MODULE: &str = r#"terraform {
  required_version = ">= 1.5"

  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

variable "policies" {
  description = "The enrolments, by a name of your own."

  type = map(object({
    storage_account_id        = string
    vault_uri                 = string
    name                      = optional(string)
    rotation_period           = optional(string)
    max_key_age               = optional(string)
    auto_regenerate           = optional(bool)
    initial_active_key        = optional(string)
    set_key_expiration_policy = optional(bool)
    tags                      = optional(map(string))
  }))

  default = {}
}

variable "sas_definitions" {
  description = "The SAS definitions, by a name of your own, each of a policy of the map or by a policy's id."

  type = map(object({
    policy          = optional(string)
    policy_id       = optional(string)
    name            = string
    validity_period = string
    services        = optional(string)
    resource_types  = optional(string)
    permissions     = optional(string)
    protocol        = optional(string)
    ip_range        = optional(string)
    template_uri    = optional(string)
    enabled         = optional(bool)
    tags            = optional(map(string))
  }))

  default = {}
}

resource "keyrotation_policy" "this" {
  for_each = var.policies

  storage_account_id        = each.value.storage_account_id
  rotation_period           = each.value.rotation_period
  max_key_age               = each.value.max_key_age
  set_key_expiration_policy = each.value.set_key_expiration_policy
  tags                      = each.value.tags

  key_vault = {
    vault_uri          = each.value.vault_uri
    name               = each.value.name
    auto_regenerate    = each.value.auto_regenerate
    initial_active_key = each.value.initial_active_key
  }
}

resource "keyrotation_sas_definition" "this" {
  for_each = var.sas_definitions

  policy_id       = try(keyrotation_policy.this[each.value.policy].id, each.value.policy_id)
  name            = each.value.name
  validity_period = each.value.validity_period
  services        = each.value.services
  resource_types  = each.value.resource_types
  permissions     = each.value.permissions
  protocol        = each.value.protocol
  ip_range        = each.value.ip_range
  template_uri    = each.value.template_uri
  enabled         = each.value.enabled
  tags            = each.value.tags
}

output "policies" {
  description = "The policies, by their names in the map."
  value       = keyrotation_policy.this
}

output "sas_definitions" {
  description = "The SAS definitions, by their names in the map."
  value       = keyrotation_sas_definition.this
}
"#;

/// Writes the files.
pub(super) fn files(plan: &Plan, with_provider: bool) -> Vec<GeneratedFile> {
    let mut blocks = Vec::new();
    if with_provider {
        blocks.extend(provider());
    }
    blocks.push(call(plan));
    vec![
        GeneratedFile {
            path: "rotation.tf",
            text: hcl::text(&blocks),
        },
        GeneratedFile {
            path: "imports.tf",
            text: hcl::text(&arrivals(plan)),
        },
        GeneratedFile {
            path: "modules/keyrotation/main.tf",
            text: MODULE.to_owned(),
        },
    ]
}

fn call(plan: &Plan) -> Block {
    let policies = plan.policies.iter();
    let policies: Vec<_> = policies
        .map(|policy| Item::entry(&policy.label, policy_items(policy)))
        .collect();
    let definitions = plan.definitions.iter();
    let definitions: Vec<_> = definitions
        .map(|definition| Item::entry(&definition.label, definition_items(definition)))
        .collect();
    let items = vec![
        Item::text("source", "./modules/keyrotation"),
        Item::Gap,
        Item::object("policies", policies),
        Item::Gap,
        Item::object("sas_definitions", definitions),
    ];
    Block::new("module", &["keyrotation"], items)
}

fn arrivals(plan: &Plan) -> Vec<Block> {
    let address =
        |kind: &str, label: &str| format!("module.keyrotation.{kind}.this[{}]", hcl::quoted(label));
    let policies = plan.policies.iter().filter_map(|policy| {
        arrival(
            &policy.origin,
            &address("keyrotation_policy", &policy.label),
        )
    });
    let definitions = plan.definitions.iter().filter_map(|definition| {
        let address = address("keyrotation_sas_definition", &definition.label);
        arrival(&definition.origin, &address)
    });
    policies.chain(definitions).collect()
}

fn policy_items(policy: &Policy) -> Vec<Item> {
    let mut items: Vec<_> = policy
        .remark
        .map(|remark| Item::Remark(remark.to_owned()))
        .into_iter()
        .collect();
    items.push(Item::text("storage_account_id", &policy.account));
    items.push(Item::text("vault_uri", format!("{}/", policy.vault)));
    items.extend(policy.name.as_ref().map(|name| Item::text("name", name)));
    items.push(Item::text("rotation_period", policy.period));
    items.extend(policy.max_key_age.map(|age| Item::text("max_key_age", age)));
    if !policy.auto_regenerate {
        items.push(Item::flag("auto_regenerate", false));
    }
    if !policy.set_key_expiration {
        items.push(Item::flag("set_key_expiration_policy", false));
    }
    if policy.origin == super::plan::Origin::New {
        items.push(Item::text("initial_active_key", "key1"));
    }
    items.extend(tags(&policy.tags));
    items
}

fn definition_items(definition: &Definition) -> Vec<Item> {
    let mut items = vec![match &definition.policy {
        Belongs::Beside(label) => Item::text("policy", label),
        Belongs::Elsewhere(id) => Item::text("policy_id", id),
    }];
    items.push(Item::text("name", &definition.name));
    items.extend(template_items(definition));
    items.extend(tags(&definition.tags));
    items
}
