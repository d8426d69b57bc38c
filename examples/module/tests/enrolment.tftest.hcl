# The account is enrolled as it should be, and a change reaches the vault without making anything anew.

variables {
  storage_account_id = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-module/providers/Microsoft.Storage/storageAccounts/stmodule"
  vault_uri          = "https://kvmodule.vault.azure.net/"
  initial_active_key = "key2"
  tags               = { team = "platform" }

  tokens = {
    read     = { permissions = "rl" }
    upload1h = { permissions = "cw", resource_types = "o", hours = 1 }
  }
}

run "enrols" {
  assert {
    condition     = output.policy_id == "https://kvmodule.vault.azure.net/storage/stmodule"
    error_message = "The enrolment is not where it should be: ${output.policy_id}."
  }

  assert {
    condition     = keyrotation_policy.this.active_key == "key2"
    error_message = "Clients use key2, and it is renewed first."
  }

  assert {
    condition     = keyrotation_policy.this.tags["team"] == "platform" && keyrotation_sas_definition.this["read"].tags["team"] == "platform"
    error_message = "The tags are missing."
  }

  assert {
    condition     = output.token_secrets["upload1h"] == "https://kvmodule.vault.azure.net/secrets/stmodule-upload1h"
    error_message = "Consumers look for their token elsewhere."
  }

  assert {
    condition     = keyrotation_sas_definition.this["upload1h"].validity_period == "PT1H" && keyrotation_sas_definition.this["read"].validity_period == "PT4H"
    error_message = "Tokens live for another time than was said."
  }
}

run "azure_says_the_same" {
  module {
    source = "./tests/look"
  }

  assert {
    condition     = output.enrolment.vault == "kvmodule" && output.enrolment.rotation_period == "P30D" && output.enrolment.auto_regenerate
    error_message = "The vault does not renew the keys every thirty days."
  }

  assert {
    condition     = output.key_expiration_days == 90
    error_message = "Azure does not know the rule."
  }
}

run "changes_the_period" {
  variables {
    rotation_days = 14
    max_key_days  = 60
  }

  assert {
    condition     = output.policy_id == run.enrols.policy_id && keyrotation_policy.this.longest_key_life == "P28D"
    error_message = "The period was not changed in place."
  }
}

run "azure_says_so_too" {
  module {
    source = "./tests/look"
  }

  assert {
    condition     = output.enrolment.rotation_period == "P14D" && output.key_expiration_days == 60
    error_message = "The change did not reach Azure."
  }
}
