# What cannot be right is refused by a plan, before anything is changed.

variables {
  storage_account_id = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-module/providers/Microsoft.Storage/storageAccounts/stmodule"
  vault_uri          = "https://kvmodule.vault.azure.net/"
}

run "half_a_day_is_no_period" {
  command = plan

  variables {
    rotation_days = 0.5
  }

  expect_failures = [var.rotation_days]
}

run "keys_may_not_outgrow_the_rule" {
  command = plan

  variables {
    rotation_days = 46
  }

  expect_failures = [keyrotation_policy.this]
}

run "tokens_do_not_live_for_days" {
  command = plan

  variables {
    tokens = { read = { permissions = "r", hours = 48 } }
  }

  expect_failures = [var.tokens]
}
