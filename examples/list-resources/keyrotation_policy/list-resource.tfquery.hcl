list "keyrotation_policy" "all" {
  provider = keyrotation

  config {
    vault_uri = "https://kvlogs.vault.azure.net/"
  }
}
