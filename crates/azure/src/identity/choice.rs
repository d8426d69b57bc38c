//! Which way to sign in is meant: settings and variables name one.
//!
//! Pure. What the way needs is gathered elsewhere.

use super::{
    SignInError,
    names::{
        CERTIFICATE, CERTIFICATE_FILE, GITHUB_TOKEN, GITHUB_URL, Given, Layer, SECRET, SECRET_FILE,
        SERVICE_CONNECTION, TOKEN, TOKEN_FILE,
    },
};

/// Is a way to sign in, still without what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ClientCertificate,
    ClientSecret,
    Federation,
    AksWorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

/// Is what all layers together say about each switch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switches {
    pub(super) oidc: Option<bool>,
    aks: Option<bool>,
    msi: Option<bool>,
    cli: Option<bool>,
}

impl Switches {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, SignInError> {
        let switch = |set: Option<bool>, variable| match set {
            Some(value) => Ok(Some(value)),
            None => read_switch(given, variable),
        };
        let settings = given.settings;
        Ok(Self {
            oidc: switch(settings.use_oidc, "ARM_USE_OIDC")?,
            aks: switch(
                settings.use_aks_workload_identity,
                "ARM_USE_AKS_WORKLOAD_IDENTITY",
            )?,
            msi: switch(settings.use_msi, "ARM_USE_MSI")?,
            cli: switch(settings.use_cli, "ARM_USE_CLI")?,
        })
    }

    fn of_settings(given: &Given<'_>) -> Self {
        let settings = given.settings;
        Self {
            oidc: settings.use_oidc,
            aks: settings.use_aks_workload_identity,
            msi: settings.use_msi,
            cli: settings.use_cli,
        }
    }

    /// Gives what the switches say in one layer. Variables of Microsoft's tools are no switches, but
    /// they can be switched off.
    fn in_layer(self, given: &Given<'_>, layer: Layer) -> Self {
        match layer {
            Layer::Settings => Self::of_settings(given),
            Layer::Arm => self,
            Layer::Azure => Self {
                oidc: self.oidc.filter(|is_on| !is_on),
                aks: None,
                msi: None,
                cli: None,
            },
        }
    }
}

fn read_switch(given: &Given<'_>, variable: &'static str) -> Result<Option<bool>, SignInError> {
    let Some(text) = given.env.var(variable) else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(SignInError::Switch { variable }),
    }
}

/// Finds the way that the first layer which names one names.
pub(super) fn way(given: &Given<'_>, switches: &Switches) -> Result<Way, SignInError> {
    contradiction(given)?;
    let first = |layer| {
        let switches = switches.in_layer(given, layer);
        named(given, &switches, layer).first().copied()
    };
    match Layer::ALL.into_iter().find_map(first) {
        Some((way, _)) => Ok(way),
        None if switches.cli == Some(false) => Err(SignInError::Nothing),
        None => Ok(Way::AzureCli),
    }
}

/// Refuses settings that name two ways, or one way twice.
///
/// Variables may: the surroundings of a process are made by many hands.
pub(super) fn contradiction(given: &Given<'_>) -> Result<(), SignInError> {
    let switches = Switches::of_settings(given);
    match named(given, &switches, Layer::Settings).as_slice() {
        [(_, first), (_, second), ..] => Err(SignInError::Contradiction { first, second }),
        _ => Ok(()),
    }
}

/// Lists the ways that a layer names, each with the argument that does it. The order is that of the
/// azurerm provider, whose arguments and variables these are.
fn named(given: &Given<'_>, switches: &Switches, layer: Layer) -> Vec<(Way, &'static str)> {
    let mut named = Vec::new();
    let mut note = |is_named: bool, way, argument| {
        if is_named {
            named.push((way, argument));
        }
    };
    let certificate = Way::ClientCertificate;
    note(
        given.has(&CERTIFICATE, layer),
        certificate,
        CERTIFICATE.argument,
    );
    note(
        given.has(&CERTIFICATE_FILE, layer),
        certificate,
        CERTIFICATE_FILE.argument,
    );
    note(
        given.has(&SECRET, layer),
        Way::ClientSecret,
        SECRET.argument,
    );
    note(
        given.has(&SECRET_FILE, layer),
        Way::ClientSecret,
        SECRET_FILE.argument,
    );
    for source in federation(given, switches, layer) {
        note(true, Way::Federation, source);
    }
    note(
        switches.aks == Some(true),
        Way::AksWorkloadIdentity,
        "use_aks_workload_identity",
    );
    note(switches.msi == Some(true), Way::ManagedIdentity, "use_msi");
    note(switches.cli == Some(true), Way::AzureCli, "use_cli");
    named
}

/// Lists the sources of a federated token that a layer names.
fn federation(given: &Given<'_>, switches: &Switches, layer: Layer) -> Vec<&'static str> {
    if switches.oidc == Some(false) {
        return Vec::new();
    }
    let mut sources = Vec::new();
    if given.has(&TOKEN, layer) {
        sources.push(TOKEN.argument);
    }
    if given.has(&TOKEN_FILE, layer) {
        sources.push(TOKEN_FILE.argument);
    }
    // What a service sets for each of its jobs says nothing about how the job wants to sign in.
    if layer != Layer::Azure && names_a_job(given, layer) {
        sources.push(GITHUB_URL.argument);
    }
    if sources.is_empty() && switches.oidc == Some(true) {
        sources.push("use_oidc");
    }
    sources
}

/// Tells whether a layer says where a job gets its token.
pub(super) fn names_a_job(given: &Given<'_>, layer: Layer) -> bool {
    given.has(&SERVICE_CONNECTION, layer)
        || given.has(&GITHUB_URL, layer)
        || given.has(&GITHUB_TOKEN, layer)
}
