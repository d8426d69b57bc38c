terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

variable "token" {
  description = "A token of unknown origin."
  type        = string
  sensitive   = true
}

output "expires" {
  description = "When the token expires; the result holds no signature, so it may be shown."
  value       = nonsensitive(provider::keyrotation::parse_sas_token(var.token).expires)
}
