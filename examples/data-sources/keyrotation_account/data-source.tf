terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

data "keyrotation_account" "logs" {
  storage_account_id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-logs/providers/Microsoft.Storage/storageAccounts/stlogs"
  max_key_age        = "P90D"
}

output "age_of_key1" {
  description = "How many days old key1 is."
  value       = data.keyrotation_account.logs.key1.age_days
}

output "renewed_by" {
  description = "The vault that renews the keys, if one does."
  value       = try(data.keyrotation_account.logs.enrolment.vault, "nobody")
}
