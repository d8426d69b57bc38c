# The id names the vault, the principal and the purpose. What was there before an import is never taken back.
terraform import keyrotation_vault_access.function /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-logs/providers/Microsoft.KeyVault/vaults/kvlogs/access/00000000-0000-0000-0000-000000000003/issue_sas
