terraform {
  required_providers {
    keyrotation = {
      source = "azure-keyrotation/keyrotation"
    }
  }
}

# Without arguments the provider signs in as other Azure tools do: from ARM_* or AZURE_* variables,
# with a workload or managed identity, or as the user of `az login`.
provider "keyrotation" {}
