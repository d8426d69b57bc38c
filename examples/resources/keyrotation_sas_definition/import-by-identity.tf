import {
  to = keyrotation_sas_definition.writer
  identity = {
    vault_uri = "https://kvlogs.vault.azure.net/"
    enrolment = "stlogs"
    name      = "writer4hours"
  }
}
