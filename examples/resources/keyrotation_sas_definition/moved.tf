# Takes the definition over from azurerm; nothing is changed in the vault.
moved {
  from = azurerm_key_vault_managed_storage_account_sas_token_definition.writer
  to   = keyrotation_sas_definition.writer
}
