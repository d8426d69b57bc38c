variable "max_key_age" {
  description = "The age that no key may outgrow, as an ISO 8601 duration."
  type        = string
  default     = "P90D"
}

variable "fail_on_old_keys" {
  description = "Whether a plan fails if an account is not proven to be within the rule. For the nightly plan: an apply must not be stopped by the very keys that it is there to end."
  type        = bool
  default     = false
}

variable "verify_keys" {
  description = "Whether a key has to open its account before it is published. An emulator without Azurite has no blobs to read."
  type        = bool
  default     = true
}

variable "as_of" {
  description = "The moment that ages are reckoned for (RFC 3339); now if it is not set. For rehearsals on an emulator whose clock was moved."
  type        = string
  default     = null
}
