# Takes the enrolment over from azurerm; nothing is changed in the vault.
moved {
  from = azurerm_key_vault_managed_storage_account.logs
  to   = keyrotation_policy.logs
}
