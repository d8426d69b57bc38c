terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

# The pipeline that enrols accounts.
resource "keyrotation_vault_access" "pipeline" {
  vault_uri    = "https://kvlogs.vault.azure.net/"
  principal_id = "00000000-0000-0000-0000-000000000002"
  purpose      = "enrol"
}

# The managed identity of a function that makes tokens for a cluster.
resource "keyrotation_vault_access" "function" {
  vault_uri    = "https://kvlogs.vault.azure.net/"
  principal_id = "00000000-0000-0000-0000-000000000003"
  purpose      = "issue_sas"
}
