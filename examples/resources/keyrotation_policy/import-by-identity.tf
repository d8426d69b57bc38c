import {
  to = keyrotation_policy.logs
  identity = {
    vault_uri = "https://kvlogs.vault.azure.net/"
    name      = "stlogs"
  }
}
