terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

resource "keyrotation_policy" "logs" {
  storage_account_id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-logs/providers/Microsoft.Storage/storageAccounts/stlogs"
  rotation_period    = "P30D"
  max_key_age        = "P90D"

  key_vault = {
    vault_uri          = "https://kvlogs.vault.azure.net/"
    initial_active_key = "key1" # the key that clients use today
  }

  tags = {
    team = "platform"
  }
}
