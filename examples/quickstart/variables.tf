variable "storage_account_id" {
  description = "Resource id of the storage account whose keys are rotated."
  type        = string
  default     = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-quickstart/providers/Microsoft.Storage/storageAccounts/stquickstart"
}

variable "vault_uri" {
  description = "Address of the vault that rotates them."
  type        = string
  default     = "https://kvquickstart.vault.azure.net/"
}
