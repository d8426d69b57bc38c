list "keyrotation_sas_definition" "all" {
  provider = keyrotation

  config {
    policy_id = "https://kvlogs.vault.azure.net/storage/stlogs"
  }
}
