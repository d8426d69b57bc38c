terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

resource "keyrotation_sas_definition" "writer" {
  policy_id       = "https://kvlogs.vault.azure.net/storage/stlogs"
  name            = "writer4hours"
  services        = "b"
  resource_types  = "sco"
  permissions     = "rwcl"
  validity_period = "PT4H"
}
