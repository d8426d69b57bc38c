# What Azure says of an account afterwards: the module is judged by that, and not by its own state.
terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

variable "storage_account_id" {
  description = "The account to look at."
  type        = string
}

data "keyrotation_account" "seen" {
  storage_account_id = var.storage_account_id
}

output "enrolment" {
  description = "The vault's record of the account."
  value       = data.keyrotation_account.seen.enrolment
}

output "key_expiration_days" {
  description = "When Azure calls a key of the account expired."
  value       = data.keyrotation_account.seen.key_expiration_days
}
