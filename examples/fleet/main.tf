terraform {
  required_version = ">= 1.6"

  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

provider "keyrotation" {}

locals {
  document = yamldecode(file("${path.module}/accounts.yaml"))
  accounts = { for name, own in local.document.accounts : name => merge(local.document.defaults, own) }

  ids = {
    for name, account in local.accounts :
    name => "/subscriptions/${account.subscription_id}/resourceGroups/${account.resource_group}/providers/Microsoft.Storage/storageAccounts/${name}"
  }

  # Each account is in exactly one of these.
  excluded = { for name, account in local.accounts : name => account.excluded if can(account.excluded) }
  directly = { for name, account in local.accounts : name => account if can(account.direct) && !can(account.excluded) }
  by_vault = { for name, account in local.accounts : name => account if !can(account.direct) && !can(account.excluded) }

  tokens = merge([
    for name, account in local.by_vault : {
      for token, terms in try(account.tokens, {}) : "${name}/${token}" => merge(terms, { account = name, name = token })
    }
  ]...)
}

# Key Vault renews the idle key of each of these every period.
resource "keyrotation_policy" "by_vault" {
  for_each = local.by_vault

  storage_account_id = local.ids[each.key]
  rotation_period    = each.value.rotation_period
  max_key_age        = var.max_key_age

  set_key_expiration_policy = try(each.value.set_key_expiration_policy, true)

  key_vault = {
    vault_uri          = "https://${each.value.vault}.vault.azure.net/"
    initial_active_key = try(each.value.initial_active_key, "key1")
  }
}

# Applies renew the key that nobody uses, and publish it: run them more often than once a period.
resource "keyrotation_policy" "directly" {
  for_each = local.directly

  storage_account_id = local.ids[each.key]
  rotation_period    = each.value.rotation_period
  max_key_age        = var.max_key_age

  direct = {
    vault_uri   = "https://${each.value.vault}.vault.azure.net/"
    secret_name = each.value.direct.secret_name
    content     = try(each.value.direct.content, "key")
    overlap     = try(each.value.direct.overlap, each.value.rotation_period)
    verify      = var.verify_keys
  }
}

resource "keyrotation_sas_definition" "fleet" {
  for_each = local.tokens

  policy_id       = keyrotation_policy.by_vault[each.value.account].id
  name            = each.value.name
  services        = try(each.value.services, "b")
  resource_types  = try(each.value.resource_types, "sco")
  permissions     = each.value.permissions
  validity_period = try(each.value.validity_period, "PT4H")
}
