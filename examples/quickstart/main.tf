terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

provider "keyrotation" {}

# Key Vault takes over both keys of the account and regenerates one of them every thirty days, so no
# key lives longer than sixty.
resource "keyrotation_policy" "logs" {
  storage_account_id = var.storage_account_id
  rotation_period    = "P30D"

  key_vault = {
    vault_uri = var.vault_uri
    name      = "stquickstart"
  }

  tags = {
    team = "platform"
  }
}

# Consumers read this secret. Every read gives them a fresh token of four hours, signed with the key
# that is active at that moment; they never see a key.
resource "keyrotation_sas_definition" "read_write" {
  policy_id       = keyrotation_policy.logs.id
  name            = "blobrw4hours"
  services        = "b"
  resource_types  = "sco"
  permissions     = "rwcl"
  validity_period = "PT4H"
}
