terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

locals {
  account_id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-logs/providers/Microsoft.Storage/storageAccounts/stlogs"
}

output "resource_group" {
  description = "The resource group of the account."
  value       = provider::keyrotation::parse_storage_account_id(local.account_id).resource_group
}
