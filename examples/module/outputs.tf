output "policy_id" {
  description = "Where the vault manages the account."
  value       = keyrotation_policy.this.id
}

output "token_secrets" {
  description = "Where consumers read their tokens, by name."
  value       = { for name, definition in keyrotation_sas_definition.this : name => definition.secret_id }
}
