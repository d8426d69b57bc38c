terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

ephemeral "keyrotation_sas_token" "upload" {
  definition_id = "https://kvlogs.vault.azure.net/storage/stlogs/sas/writer4hours"
}

# The token is good in provider blocks and in write-only arguments, and nowhere else.
locals {
  upload_url = "https://stlogs.blob.core.windows.net/uploads?${ephemeral.keyrotation_sas_token.upload.token}"
}
