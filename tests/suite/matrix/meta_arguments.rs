//! Counts, maps, targets, life cycle rules and values that are known only later, on every core.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::terraform::{REQUIRED, Terraform};

use super::each_core;

#[test]
fn meta_arguments_and_unknown_values_work_on_every_core() -> Result<()> {
    each_core(|core| {
        let emulator = Emulator::start(&fleet::one_account())?;
        let terraform = Terraform::open_on(core.program(), &emulator, "meta", &meta("a", "b"))?;
        // Nothing is known of the account while this is planned.
        let planned = terraform.plan()?;
        assert_eq!(planned.len(), 4, "{planned:?}");
        terraform.apply()?;
        terraform.expect_empty_plan()?;
        let refused = terraform.run(&["destroy", "-input=false", "-auto-approve", "-no-color"])?;
        ensure!(
            refused.stderr.contains("prevent_destroy"),
            "{}",
            refused.stderr
        );

        // Another name: the new one is made before the old one goes.
        terraform.write(&meta("a", "c"))?;
        terraform.apply()?;
        terraform.expect_empty_plan()?;
        let made_and_gone = emulator.journal()?.into_iter().filter_map(|request| {
            let ours = ["SetSasDefinition", "DeleteSasDefinition"];
            let done = request.status == 200 && ours.contains(&request.operation.as_str());
            done.then_some(request.operation)
        });
        let made_and_gone: Vec<String> = made_and_gone.collect();
        let last_two = made_and_gone.iter().rev().take(2).map(String::as_str);
        assert!(last_two.eq(["DeleteSasDefinition", "SetSasDefinition"]));

        let target = "-target=keyrotation_sas_definition.each[\"a\"]";
        terraform.write(&meta("d", "e"))?;
        let targeted = terraform.plan_json(&[target])?;
        let all = targeted
            .pointer("/resource_changes")
            .and_then(Value::as_array);
        let touched = all
            .into_iter()
            .flatten()
            .filter(|change| change.pointer("/change/actions") != Some(&json!(["no-op"])));
        assert_eq!(touched.count(), 1);
        Ok(())
    })
}

fn meta(first: &str, second: &str) -> String {
    let account = fleet::account_id(ACCOUNT);
    format!(
        r#"
{REQUIRED}
resource "terraform_data" "account" {{
  input = "{account}"
}}

resource "keyrotation_policy" "logs" {{
  count              = 1
  storage_account_id = terraform_data.account.output
  key_vault          = {{ vault_uri = "https://{VAULT}.vault.azure.net/" }}

  lifecycle {{
    prevent_destroy = true
  }}
}}

resource "keyrotation_sas_definition" "each" {{
  for_each        = {{ a = "{first}", b = "{second}" }}
  policy_id       = keyrotation_policy.logs[0].id
  name            = "blob${{each.value}}"
  services        = "b"
  resource_types  = "co"
  permissions     = "rl"
  validity_period = "PT4H"

  lifecycle {{
    create_before_destroy = true
  }}
}}

output "secrets" {{
  value = [for each in keyrotation_sas_definition.each : each.secret_id]
}}
"#
    )
}
