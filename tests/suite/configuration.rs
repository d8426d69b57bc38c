//! The Terraform configuration that the tests apply: one policy with one SAS definition.

use tests::fleet::{self, ACCOUNT, VAULT};
use tests::terraform::REQUIRED;

/// The address of the policy.
pub(crate) const POLICY: &str = "keyrotation_policy.logs";
/// The address of the SAS definition.
pub(crate) const SAS_DEFINITION: &str = "keyrotation_sas_definition.read";

/// What differs between the tests.
pub(crate) struct Configuration {
    /// The rotation period.
    pub(crate) period: &'static str,
    /// The value of the tag `team`.
    pub(crate) team: &'static str,
    /// The name of the enrolment in the vault.
    pub(crate) name: &'static str,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            period: "P30D",
            team: "platform",
            name: ACCOUNT,
        }
    }
}

impl Configuration {
    /// Writes the configuration the way a person would.
    pub(crate) fn text(&self) -> String {
        let Self { period, team, name } = self;
        let account = fleet::account_id(ACCOUNT);
        format!(
            r#"
{REQUIRED}
provider "keyrotation" {{}}

resource "keyrotation_policy" "logs" {{
  storage_account_id = "{account}"
  rotation_period    = "{period}"
  key_vault = {{
    vault_uri = "https://{VAULT}.vault.azure.net/"
    name      = "{name}"
  }}
  tags = {{ team = "{team}" }}
}}

resource "keyrotation_sas_definition" "read" {{
  policy_id       = keyrotation_policy.logs.id
  name            = "blobread4hours"
  services        = "b"
  resource_types  = "co"
  permissions     = "rl"
  validity_period = "PT4H"
}}
"#
        )
    }
}
