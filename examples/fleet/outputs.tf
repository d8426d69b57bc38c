output "renewed_by" {
  description = "Who renews the keys of each account, and how often."
  value = merge(
    { for name, account in local.by_vault : name => "${account.vault}, every ${account.rotation_period}" },
    { for name, account in local.directly : name => "an apply, every ${account.rotation_period}" },
  )

  precondition {
    condition     = !var.fail_on_old_keys || length(local.old_and_ours) == 0
    error_message = "Not within ${var.max_key_age}:\n${join("\n", local.old_and_ours)}"
  }
}

output "token_secrets" {
  description = "Where consumers read their tokens, by account and token."
  value       = { for key, definition in keyrotation_sas_definition.fleet : key => definition.secret_id }
}

output "key_secrets" {
  description = "Where the clients of directly rotated accounts read the key in use."
  value       = { for name, policy in keyrotation_policy.directly : name => policy.id }
}

output "excluded" {
  description = "The accounts that are left out, and why."
  value       = local.excluded

  precondition {
    condition     = length(local.strange) == 0
    error_message = "accounts.yaml has members that mean nothing here: ${join(", ", local.strange)}."
  }

  precondition {
    condition     = length(local.contradictory) == 0
    error_message = "Tokens go with rotation by a vault only, and what is left out has neither: ${join(", ", local.contradictory)}."
  }

  precondition {
    condition     = alltrue([for reason in values(local.excluded) : try(length(trimspace(reason)) > 0, false)])
    error_message = "An account is left out with a reason, or not at all."
  }
}
