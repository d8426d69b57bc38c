variable "storage_account_id" {
  description = "The storage account whose keys are rotated."
  type        = string
  default     = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-quickstart/providers/Microsoft.Storage/storageAccounts/stdirect"
}

variable "vault_uri" {
  description = "The vault that holds the secret."
  type        = string
  default     = "https://kvquickstart.vault.azure.net/"
}

variable "overlap" {
  description = "For how long clients may go on with the key before: longer than they keep one."
  type        = string
  default     = "P7D"
}

variable "verify" {
  description = "Whether a key has to open the account before it is published. An emulator without Azurite has no blobs to read."
  type        = bool
  default     = true
}
