# All accounts are looked at, those that are left out too: nothing is in order because nobody looks.
data "keyrotation_account" "fleet" {
  for_each = local.ids

  storage_account_id = each.value
  max_key_age        = var.max_key_age
  as_of              = var.as_of
}

locals {
  passes = ["compliant", "due_soon", "not_applicable"]

  # What is overdue, stalled or unknown, with what there is to say about it.
  old = {
    for name, account in data.keyrotation_account.fleet : name => join("; ", concat(
      ["${name} is ${account.verdict}"],
      [for finding in account.findings : finding.message],
    )) if !contains(local.passes, account.verdict)
  }
  old_and_ours     = [for name, text in local.old : text if !can(local.excluded[name])]
  old_and_excluded = [for name, text in local.old : "${text}; left out: ${local.excluded[name]}" if can(local.excluded[name])]

  # A mistyped member of accounts.yaml would be a rule that nobody obeys.
  members = ["subscription_id", "resource_group", "vault", "rotation_period", "initial_active_key", "set_key_expiration_policy", "tokens", "direct", "excluded"]
  strange = flatten([
    for name, own in local.document.accounts : [
      for member in setsubtract(try(keys(own), []), local.members) : "${name}: ${member}"
    ]
  ])
  contradictory = [
    for name, account in local.accounts : name
    if can(account.tokens) && (can(account.direct) || can(account.excluded)) || can(account.direct) && can(account.excluded)
  ]
}

# A failed assertion of a check block warns and stops nothing.
check "key_ages" {
  assert {
    condition     = length(local.old_and_ours) == 0
    error_message = "Not within ${var.max_key_age}:\n${join("\n", local.old_and_ours)}"
  }
}

check "exclusions" {
  assert {
    condition     = length(local.old_and_excluded) == 0
    error_message = "Left out, and not within ${var.max_key_age}:\n${join("\n", local.old_and_excluded)}"
  }
}
