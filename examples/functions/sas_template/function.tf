terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

output "readers" {
  description = "Reading and listing blobs over encrypted connections."
  value       = provider::keyrotation::sas_template("b", "sco", "rl")
}

output "office" {
  description = "The same, from the addresses of the office only."
  value       = provider::keyrotation::sas_template("b", "sco", "rl", { ip_range = "203.0.113.0-203.0.113.15" })
}
