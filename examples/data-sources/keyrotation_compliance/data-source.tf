terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

# A failed assertion of a check block warns and stops nothing.
check "key_ages" {
  data "keyrotation_compliance" "all" {
    subscription_ids = ["00000000-0000-0000-0000-000000000001"]
    max_key_age      = "P90D"
  }

  assert {
    condition = data.keyrotation_compliance.all.compliant
    error_message = join("\n", concat(
      [for finding in data.keyrotation_compliance.all.findings : "${finding.account_id}: ${finding.message}"],
      [for part in data.keyrotation_compliance.all.unscanned : "${part.scope}: ${part.reason}"],
    ))
  }
}
