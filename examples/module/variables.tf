variable "storage_account_id" {
  description = "The resource id of the storage account."
  type        = string
}

variable "vault_uri" {
  description = "The address of the vault that renews the keys."
  type        = string
}

variable "rotation_days" {
  description = "How often Key Vault renews a key, in days."
  type        = number
  default     = 30

  validation {
    condition     = var.rotation_days >= 1 && floor(var.rotation_days) == var.rotation_days
    error_message = "Key Vault renews keys every so many whole days, at least every day."
  }
}

variable "max_key_days" {
  description = "How old a key may get, in days."
  type        = number
  default     = 90
}

variable "initial_active_key" {
  description = "The key that clients use when the account is enrolled: the other one is renewed first."
  type        = string
  default     = "key1"
}

variable "tokens" {
  description = "What Key Vault mints tokens for, by name: letters as in keyrotation_sas_definition, and how many hours a token lives."
  type = map(object({
    permissions    = string
    services       = optional(string, "b")
    resource_types = optional(string, "sco")
    hours          = optional(number, 4)
  }))
  default = {}

  validation {
    condition     = alltrue([for token in values(var.tokens) : token.hours <= 24])
    error_message = "A token lives for a day at most."
  }
}

variable "tags" {
  description = "Tags on the enrolment and on what mints tokens."
  type        = map(string)
  default     = {}
}
