terraform {
  required_version = ">= 1.14"

  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

# terraform apply -invoke=action.keyrotation_rotate.logs
action "keyrotation_rotate" "logs" {
  config {
    policy_id = "https://kvlogs.vault.azure.net/storage/stlogs"
  }
}

# Or whenever something that should end the use of old keys changes.
resource "terraform_data" "staff" {
  input = "2026-11"

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.keyrotation_rotate.logs]
    }
  }
}
