# The id is that of the enrolment in the vault, not that of the storage account.
terraform import keyrotation_policy.logs https://kvlogs.vault.azure.net/storage/stlogs
