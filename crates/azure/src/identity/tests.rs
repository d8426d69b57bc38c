//! Tests of the choice of a way to sign in.

mod assertions;
mod files;

use secrecy::ExposeSecret;

use super::*;

fn describe(sign_in: &SignIn) -> String {
    let of =
        |application: &Application| format!("{} {}", application.tenant, application.client_id);
    match sign_in {
        SignIn::ClientSecret {
            application,
            secret,
        } => {
            format!("secret {} {}", of(application), secret.expose_secret())
        }
        SignIn::ClientCertificate {
            application,
            certificate,
        } => {
            let length = certificate.chain().len();
            format!("certificate {} {length}", of(application))
        }
        SignIn::FederatedToken { application, token } => {
            format!("token {} {}", of(application), token.expose_secret())
        }
        SignIn::Job { application, job } => {
            format!("job {} {:?}", of(application), job)
        }
        SignIn::WorkloadIdentity {
            application,
            token_file,
        } => {
            format!("oidc {} {}", of(application), token_file.display())
        }
        SignIn::ManagedIdentity { client_id } => format!("msi {client_id:?}"),
        SignIn::AzureCli { tenant } => format!("cli {tenant:?}"),
    }
}

fn check(settings: &SignInSettings, variables: &[(&str, &str)], expected: &str) {
    let env = Env::from_pairs(variables.iter().copied());
    let chosen = match SignIn::choose(settings, &env) {
        Ok(sign_in) => describe(&sign_in),
        Err(error) => in_one_line(&error),
    };
    assert_eq!(chosen, expected, "{variables:?}");
}

fn in_one_line(error: &SignInError) -> String {
    let cause = std::error::Error::source(error);
    let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

fn nothing() -> SignInSettings {
    SignInSettings::default()
}

fn with(change: impl FnOnce(&mut SignInSettings)) -> SignInSettings {
    let mut settings = nothing();
    change(&mut settings);
    settings
}

fn some<T: From<&'static str>>(text: &'static str) -> Option<T> {
    Some(T::from(text))
}

/// Gives the path of a throw-away key.
fn fixture(name: &str) -> String {
    format!(
        "{}/../../tests/fixtures/throw-away/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

const ARM: [(&str, &str); 3] = [
    ("ARM_TENANT_ID", "t"),
    ("ARM_CLIENT_ID", "c"),
    ("ARM_CLIENT_SECRET", "s"),
];
const ARM_APPLICATION: [(&str, &str); 2] = [("ARM_TENANT_ID", "t"), ("ARM_CLIENT_ID", "c")];
const AZURE: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "T"),
    ("AZURE_CLIENT_ID", "C"),
    ("AZURE_CLIENT_SECRET", "S"),
];
const CLUSTER: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "T"),
    ("AZURE_CLIENT_ID", "C"),
    ("AZURE_FEDERATED_TOKEN_FILE", "/t"),
];
const GITHUB: [(&str, &str); 2] = [
    (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "https://github.example/token",
    ),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "bearer"),
];
const PIPELINES: [(&str, &str); 2] = [
    ("SYSTEM_OIDCREQUESTURI", "https://pipelines.example/token"),
    ("SYSTEM_ACCESSTOKEN", "bearer"),
];
const USE_OIDC: [(&str, &str); 1] = [("ARM_USE_OIDC", "true")];

#[test]
fn without_anything_the_azure_cli_is_used() {
    check(&nothing(), &[], "cli None");
    check(&nothing(), &[("ARM_TENANT_ID", "t")], r#"cli Some("t")"#);
    // What a service sets for all its jobs is not what somebody chose.
    check(&nothing(), &GITHUB, "cli None");
    check(&nothing(), &PIPELINES, "cli None");
}

#[test]
fn settings_go_before_arm_variables_and_those_before_azure_ones() {
    check(&nothing(), &AZURE, "secret T C S");
    check(&nothing(), &[AZURE, ARM].concat(), "secret t c s");
    let settings = with(|set| {
        set.tenant_id = some("set");
        set.client_secret = some("S3");
    });
    check(&settings, &[AZURE, ARM].concat(), "secret set c S3");
    let msi = with(|set| set.use_msi = Some(true));
    check(&msi, &[AZURE, ARM].concat(), r#"msi Some("c")"#);
    let cli = with(|set| set.use_cli = Some(true));
    check(&cli, &ARM, r#"cli Some("t")"#);
    let token = with(|set| set.oidc_token = some("jwt"));
    check(&token, &ARM, "token t c jwt");
    let both = [&ARM[..], &[("ARM_USE_MSI", "true")]].concat();
    check(&nothing(), &both, "secret t c s");
}

#[test]
fn each_way_can_be_switched_on_by_a_variable() {
    check(&nothing(), &[("ARM_USE_MSI", "true")], "msi None");
    let cli = [("ARM_USE_CLI", "true"), ("AZURE_CLIENT_SECRET", "S")];
    check(&nothing(), &cli, "cli None");
    check(&nothing(), &CLUSTER, "oidc T C /t");
    let file = [&ARM_APPLICATION[..], &[("ARM_OIDC_TOKEN_FILE_PATH", "/a")]].concat();
    check(&nothing(), &file, "oidc t c /a");
    let token = [&ARM_APPLICATION[..], &[("ARM_OIDC_TOKEN", "jwt")]].concat();
    check(&nothing(), &token, "token t c jwt");
}

#[test]
fn the_identity_of_a_cluster_goes_before_that_of_a_pipeline_if_it_is_meant() {
    let all = [&CLUSTER[..], &ARM_APPLICATION[..]].concat();
    let aks = [&all[..], &[("ARM_USE_AKS_WORKLOAD_IDENTITY", "true")]].concat();
    check(&nothing(), &aks, "oidc T C /t");
    check(&nothing(), &all, "oidc t c /t");
    let aks = with(|set| {
        set.use_aks_workload_identity = Some(true);
        set.client_id = some("set");
    });
    check(&aks, &all, "oidc T set /t");
    check(
        &aks,
        &ARM,
        "sign-in with a workload identity lacks \
         oidc_token_file_path (ARM_OIDC_TOKEN_FILE_PATH, AZURE_FEDERATED_TOKEN_FILE)",
    );
}

#[test]
fn a_job_that_demands_it_signs_in_with_its_own_token() {
    let github = r#"job t c JobToken { service: GitHub, host: Some("github.example"), .. }"#;
    let common = [&USE_OIDC[..], &ARM_APPLICATION[..]].concat();
    check(&nothing(), &[&common[..], &GITHUB[..]].concat(), github);
    let on_cluster = [&common[..], &GITHUB[..], &CLUSTER[..]].concat();
    check(&nothing(), &on_cluster, github);
    let pipelines = |id: &str, host: &str| {
        format!(
            r#"job t c JobToken {{ service: AzurePipelines {{ service_connection: "{id}" }}, host: Some("{host}"), .. }}"#
        )
    };
    let connection = ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "sc");
    let named = [&ARM_APPLICATION[..], &PIPELINES[..], &[connection]].concat();
    check(&nothing(), &named, &pipelines("sc", "pipelines.example"));
    let task = ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "task");
    let of_task = [&common[..], &PIPELINES[..], &[task]].concat();
    check(
        &nothing(),
        &of_task,
        &pipelines("task", "pipelines.example"),
    );
    let set = with(|set| {
        set.oidc_request_url = some("https://set.example/x");
        set.oidc_request_token = some("bearer");
    });
    let of_set = github.replace("github", "set");
    check(&set, &ARM_APPLICATION, &of_set);
    let set = with(|set| {
        set.ado_pipeline_service_connection_id = some("set");
        set.oidc_request_url = some("https://set.example/x");
    });
    let all = [&ARM_APPLICATION[..], &PIPELINES[..]].concat();
    check(&set, &all, &pipelines("set", "set.example"));
    let plain = with(|set| {
        set.oidc_request_url = some("http://canary.example/x");
        set.oidc_request_token = some("bearer");
    });
    check(
        &plain,
        &ARM_APPLICATION,
        "cannot use the address of oidc_request_url: it is no https address",
    );
}

#[test]
fn a_way_can_be_switched_off() {
    let no_oidc = with(|set| set.use_oidc = Some(false));
    check(&no_oidc, &CLUSTER, r#"cli Some("T")"#);
    let off = [&CLUSTER[..], &[("ARM_USE_OIDC", "false")]].concat();
    check(&nothing(), &off, r#"cli Some("T")"#);
    let no_cli = with(|set| set.use_cli = Some(false));
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
fn settings_that_name_two_ways_are_refused_and_variables_may() {
    let check_both = |settings: SignInSettings, first: &str, second: &str| {
        let expected = format!(
            "{first} and {second} are both set, and only one of them can be used to sign in"
        );
        check(&settings, &ARM, &expected);
        let error = settings.check().expect_err("a contradiction");
        assert_eq!(error.argument(), Some(second));
    };
    let secret = |set: &mut SignInSettings| set.client_secret = some("canary");
    check_both(
        with(|set| {
            secret(set);
            set.client_secret_file_path = some("/s");
        }),
        "client_secret",
        "client_secret_file_path",
    );
    check_both(
        with(|set| {
            secret(set);
            set.client_certificate_path = some("/c");
        }),
        "client_certificate_path",
        "client_secret",
    );
    check_both(
        with(|set| {
            secret(set);
            set.use_msi = Some(true);
        }),
        "client_secret",
        "use_msi",
    );
    check_both(
        with(|set| {
            set.oidc_token = some("canary");
            set.oidc_token_file_path = some("/t");
        }),
        "oidc_token",
        "oidc_token_file_path",
    );
    let one = with(|set| {
        set.use_oidc = Some(true);
        set.use_cli = Some(false);
        set.oidc_token = some("jwt");
    });
    assert!(one.check().is_ok());
    check(&one, &ARM, "token t c jwt");
}

#[test]
fn what_is_missing_is_named_with_all_its_names() {
    let tenant = "tenant_id (ARM_TENANT_ID, AZURE_TENANT_ID)";
    let client = "client_id (ARM_CLIENT_ID, AZURE_CLIENT_ID)";
    let check = |variables: &[(&str, &str)], expected: &str| {
        check(&nothing(), variables, &format!("sign-in with {expected}"));
    };
    check(
        &[("ARM_CLIENT_SECRET", "s")],
        &format!("a client secret lacks {tenant} and {client}"),
    );
    let path = fixture("throw-away.pem");
    check(
        &[
            ("ARM_CLIENT_CERTIFICATE_PATH", &path),
            ("ARM_TENANT_ID", "t"),
        ],
        &format!("a client certificate lacks {client}"),
    );
    check(
        &[&USE_OIDC[..], &ARM_APPLICATION[..]].concat(),
        "a federated token lacks one of oidc_token (ARM_OIDC_TOKEN), \
         oidc_token_file_path (ARM_OIDC_TOKEN_FILE_PATH, AZURE_FEDERATED_TOKEN_FILE) and \
         oidc_request_url (ARM_OIDC_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_URL, \
         SYSTEM_OIDCREQUESTURI)",
    );
    check(
        &[&USE_OIDC[..], &ARM_APPLICATION[..], &PIPELINES[..1]].concat(),
        "the token of an Azure Pipelines job lacks \
         ado_pipeline_service_connection_id (ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID, \
         ARM_OIDC_AZURE_SERVICE_CONNECTION_ID, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID) and \
         oidc_request_token (ARM_OIDC_REQUEST_TOKEN, SYSTEM_ACCESSTOKEN)",
    );
    check(
        &[&USE_OIDC[..], &ARM_APPLICATION[..], &GITHUB[..1]].concat(),
        "the token of a GitHub job lacks \
         oidc_request_token (ARM_OIDC_REQUEST_TOKEN, ACTIONS_ID_TOKEN_REQUEST_TOKEN)",
    );
    let error = SignIn::choose(&nothing(), &Env::from_pairs([("ARM_CLIENT_SECRET", "s")]));
    let error = error.expect_err("nothing to sign in to");
    assert_eq!(error.argument(), Some("tenant_id"));
}

#[test]
fn no_secret_is_shown() {
    let settings = with(|set| {
        set.client_secret = some("canary");
        set.client_certificate = some("canary");
        set.client_certificate_password = some("canary");
        set.oidc_token = some("canary");
        set.oidc_request_token = some("canary");
    });
    let variables = [
        ("ARM_TENANT_ID", "t"),
        ("ARM_CLIENT_ID", "c"),
        ("ARM_OIDC_REQUEST_URL", "https://host.example/?x=canary"),
        ("ARM_OIDC_REQUEST_TOKEN", "canary"),
    ];
    let job = SignIn::choose(&nothing(), &Env::from_pairs(variables)).expect("complete");
    let given = SignIn::choose(
        &with(|set| set.oidc_token = some("canary")),
        &Env::from_pairs(variables),
    );
    let refused = SignIn::choose(&settings, &Env::from_pairs(ARM)).expect_err("two ways");
    let shown = format!("{settings:?} {job:?} {given:?} {refused:?} {refused}");
    assert!(!shown.contains("canary"), "{shown}");
}
