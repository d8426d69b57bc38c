terraform import keyrotation_sas_definition.writer https://kvlogs.vault.azure.net/storage/stlogs/sas/writer4hours
