terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

provider "keyrotation" {}

# The key that clients use is published as a secret. Each apply that finds a turn due renews the key
# that nobody uses, sees that it opens the account, and publishes it in its place.
resource "keyrotation_policy" "media" {
  storage_account_id = var.storage_account_id
  rotation_period    = "P30D"

  direct = {
    vault_uri   = var.vault_uri
    secret_name = "stdirect-key"
    overlap     = var.overlap
    verify      = var.verify
  }
}
