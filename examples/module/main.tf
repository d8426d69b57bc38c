terraform {
  required_version = ">= 1.6"

  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

# Key Vault renews the idle key of the account every period; each key lives for two.
resource "keyrotation_policy" "this" {
  storage_account_id = var.storage_account_id
  rotation_period    = "P${var.rotation_days}D"
  max_key_age        = "P${var.max_key_days}D"
  tags               = var.tags

  key_vault = {
    vault_uri          = var.vault_uri
    initial_active_key = var.initial_active_key
  }

  lifecycle {
    precondition {
      condition     = 2 * var.rotation_days <= var.max_key_days
      error_message = "A key lives for two periods: ${2 * var.rotation_days} days, and ${var.max_key_days} are allowed."
    }
  }
}

resource "keyrotation_sas_definition" "this" {
  for_each = var.tokens

  policy_id       = keyrotation_policy.this.id
  name            = each.key
  services        = each.value.services
  resource_types  = each.value.resource_types
  permissions     = each.value.permissions
  validity_period = "PT${each.value.hours}H"
  tags            = var.tags
}
