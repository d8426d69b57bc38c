terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

output "life" {
  description = "A key that is renewed every 45 days gets 90 days old: P90D."
  value       = provider::keyrotation::longest_key_life("P45D")
}
