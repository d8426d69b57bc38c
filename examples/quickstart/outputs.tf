output "policy_id" {
  description = "Where the vault manages the account."
  value       = keyrotation_policy.logs.id
}

output "secret_id" {
  description = "Where consumers read their tokens."
  value       = keyrotation_sas_definition.read_write.secret_id
}
