//! Tests of the choice of a way to sign in.

use super::*;

fn describe(sign_in: &SignIn) -> String {
    use secrecy::ExposeSecret;
    match sign_in {
        SignIn::ClientSecret {
            tenant,
            client_id,
            secret,
        } => {
            format!("secret {tenant} {client_id} {}", secret.expose_secret())
        }
        SignIn::WorkloadIdentity {
            tenant,
            client_id,
            token_file,
        } => {
            format!("oidc {tenant} {client_id} {}", token_file.display())
        }
        SignIn::ManagedIdentity { client_id } => format!("msi {client_id:?}"),
        SignIn::AzureCli { tenant } => format!("cli {tenant:?}"),
    }
}

fn check(settings: &SignInSettings, variables: &[(&str, &str)], expected: &str) {
    let env = Env::from_pairs(variables.iter().copied());
    let chosen = match SignIn::choose(settings, &env) {
        Ok(sign_in) => describe(&sign_in),
        Err(error) => error.to_string(),
    };
    assert_eq!(chosen, expected, "{variables:?}");
}

fn nothing() -> SignInSettings {
    SignInSettings::default()
}

const ARM: [(&str, &str); 3] = [
    ("ARM_TENANT_ID", "t"),
    ("ARM_CLIENT_ID", "c"),
    ("ARM_CLIENT_SECRET", "s"),
];
const AZURE: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "T"),
    ("AZURE_CLIENT_ID", "C"),
    ("AZURE_CLIENT_SECRET", "S"),
];

#[test]
fn without_anything_the_azure_cli_is_used() {
    check(&nothing(), &[], "cli None");
    check(&nothing(), &[("ARM_TENANT_ID", "t")], r#"cli Some("t")"#);
}

#[test]
fn settings_go_before_arm_variables_and_those_before_azure_ones() {
    check(&nothing(), &AZURE, "secret T C S");
    check(&nothing(), &[AZURE, ARM].concat(), "secret t c s");
    let settings = SignInSettings {
        tenant_id: Some("set".to_owned()),
        client_secret: Some("S3".into()),
        ..nothing()
    };
    check(&settings, &[AZURE, ARM].concat(), "secret set c S3");
    let msi = SignInSettings {
        use_msi: Some(true),
        ..nothing()
    };
    check(&msi, &[AZURE, ARM].concat(), r#"msi Some("c")"#);
    let cli = SignInSettings {
        use_cli: Some(true),
        ..nothing()
    };
    check(&cli, &ARM, r#"cli Some("t")"#);
}

#[test]
fn each_way_can_be_switched_on_by_a_variable() {
    check(&nothing(), &[("ARM_USE_MSI", "true")], "msi None");
    check(
        &nothing(),
        &[("ARM_USE_CLI", "true"), ("AZURE_CLIENT_SECRET", "S")],
        "cli None",
    );
    let oidc = [
        ("AZURE_TENANT_ID", "T"),
        ("AZURE_CLIENT_ID", "C"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/t"),
    ];
    check(&nothing(), &oidc, "oidc T C /t");
    let oidc = [
        ("ARM_TENANT_ID", "t"),
        ("ARM_CLIENT_ID", "c"),
        ("ARM_OIDC_TOKEN_FILE_PATH", "/a"),
    ];
    check(&nothing(), &oidc, "oidc t c /a");
}

#[test]
fn a_way_can_be_switched_off() {
    let no_oidc = SignInSettings {
        use_oidc: Some(false),
        ..nothing()
    };
    check(
        &no_oidc,
        &[("AZURE_FEDERATED_TOKEN_FILE", "/t")],
        "cli None",
    );
    let no_cli = SignInSettings {
        use_cli: Some(false),
        ..nothing()
    };
    check(
        &no_cli,
        &[],
        "no way to sign in is set and the Azure CLI is switched off",
    );
    check(
        &nothing(),
        &[("ARM_USE_CLI", "maybe")],
        "ARM_USE_CLI is neither `true` nor `false`",
    );
}

#[test]
fn what_is_missing_is_named_with_all_its_names() {
    check(
        &nothing(),
        &[("ARM_CLIENT_SECRET", "s")],
        "sign-in with a client secret lacks tenant_id (ARM_TENANT_ID, AZURE_TENANT_ID) and client_id (ARM_CLIENT_ID, AZURE_CLIENT_ID)",
    );
    let oidc = SignInSettings {
        use_oidc: Some(true),
        ..nothing()
    };
    check(
        &oidc,
        &ARM,
        "sign-in with a workload identity lacks oidc_token_file (ARM_OIDC_TOKEN_FILE_PATH, AZURE_FEDERATED_TOKEN_FILE)",
    );
}

#[test]
fn no_secret_is_shown() {
    let settings = SignInSettings {
        client_secret: Some("canary".into()),
        ..nothing()
    };
    let env = Env::from_pairs(ARM);
    let sign_in = SignIn::choose(&settings, &env).expect("complete");
    assert!(!format!("{settings:?} {sign_in:?}").contains("canary"));
}
