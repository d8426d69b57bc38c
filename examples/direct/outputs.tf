output "secret_id" {
  description = "The secret that clients read."
  value       = keyrotation_policy.media.id
}

output "rotation_due" {
  description = "Whether the next apply renews or publishes a key."
  value       = keyrotation_policy.media.rotation_due
}
