//! `keyrotation_sas_token`: a freshly minted token, for the length of one run.
//!
//! Opening reads the secret, which mints a token, and changes nothing. A token cannot be prolonged
//! nor taken back, so renewing can only warn, and closing has nothing to do.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure::cloud::Cloud;
use azure::id::{SecretName, VaultUrl};
use azure::sas::token::TokenParameters;
use azure::vault::secret;
use engine::run::Run;
use jiff::Timestamp;
use plugin::{
    Attribute, Context, Diagnostic, Diagnostics, EphemeralResource, Opened, Path, Renewed, Schema,
    Value,
};

use crate::convert::{check, instant, parse_vault, text};
use crate::diagnostic;
use crate::provider::Shared;
use crate::resource::sas_definition::model::parse_definition;

const MANUAL: &str = "Mints a SAS token by reading the secret of a SAS definition. The token \
reaches neither plan nor state; use it in a provider block or in a write-only argument.\n\n\
A core mints one token while it plans and another one while it applies. A token cannot be \
prolonged: choose a validity period of the definition that is longer than a run.\n\n\
If the definition is made in the same run, refer to its `secret_id`, which is known only once the \
definition is there. Reading takes the secret permission `get` on the vault.";

/// How long the reading may take.
const LIMIT: Duration = Duration::from_mins(5);

/// How long before its end a token that is still in use is warned of.
const NOTICE: Duration = Duration::from_mins(1);

const FORMS: [&str; 2] = ["definition_id", "secret_id"];

/// The ephemeral resource.
#[derive(Debug)]
pub(crate) struct SasToken {
    shared: Arc<Shared>,
}

/// Where the secret of a SAS definition stands.
#[derive(Debug)]
struct SecretPlace {
    vault: VaultUrl,
    name: SecretName,
}

impl SasToken {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn mint(&self, context: &Context, config: Value) -> Result<Opened, Diagnostic> {
        let client = self.shared.connected()?;
        let (place, path) = place(&config, client.cloud())?;
        let run = Run::new(&client, self.shared.clock(), context.token(), LIMIT);
        let shown = format!("{}/secrets/{}", place.vault.as_str(), place.name);
        let request = secret::get(&place.vault, &place.name);
        let secret = run
            .send("read the secret", &shown, request)
            .await
            .map_err(|error| diagnostic::secret(&error).at(path.clone()))?;
        let token = azure::SasToken::from(secret.value);
        let said = TokenParameters::parse(token.expose())
            .ok()
            .filter(|said| said.has_signature)
            .ok_or_else(|| no_token(&shown).at(path))?;
        Ok(opened(config, &token, said.expires.or(secret.expires)))
    }
}

#[async_trait::async_trait]
impl EphemeralResource for SasToken {
    fn type_name(&self) -> &'static str {
        "keyrotation_sas_token"
    }

    fn schema(&self) -> Schema {
        attributes()
            .into_iter()
            .fold(Schema::new(0, MANUAL), Schema::attribute)
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let [definition, secret] = FORMS.map(|name| config.get(name));
        let mut found = Diagnostics::new();
        if definition.is_null() && secret.is_null() {
            let detail = "Say which definition mints the token: by `definition_id` or `secret_id`.";
            found.push(Diagnostic::error("Missing definition", detail));
        }
        if definition.is_known() && secret.is_known() {
            let detail = "`definition_id` and `secret_id` name the same thing. Remove one of them.";
            let path = Path::attribute("secret_id");
            found.push(Diagnostic::error("Two ways to say the same", detail).at(path));
        }
        found
    }

    async fn open(&self, context: &Context, config: Value) -> Opened {
        let opened = self.mint(context, config).await;
        opened.unwrap_or_else(Opened::failed)
    }

    async fn renew(&self, _context: &Context, private: Vec<u8>) -> Renewed {
        let until = String::from_utf8_lossy(&private);
        let detail = format!(
            "The token is good until {until} and is still in use. A token cannot be prolonged: \
             choose a longer `validity_period` of the SAS definition."
        );
        Renewed {
            renew_at: None,
            diagnostics: Diagnostic::warning("SAS token is about to expire", detail).into(),
            private,
        }
    }
}

fn attributes() -> [Attribute; 4] {
    [
        Attribute::string("definition_id")
            .optional()
            .check(|value| check(value, |text| parse_definition(text, None)))
            .describe(
                "The `id` of the SAS definition: `https://{vault}/storage/{enrolment}/sas/{name}`. \
                 Exactly one of this and `secret_id` is needed.",
            ),
        Attribute::string("secret_id")
            .optional()
            .check(|value| check(value, |text| parse_secret(text, None)))
            .describe(
                "The `secret_id` of the SAS definition: \
                 `https://{vault}/secrets/{enrolment}-{name}`.",
            ),
        Attribute::string("token")
            .computed()
            .sensitive()
            .describe("The token, without a question mark before it."),
        Attribute::string("expires_at")
            .computed()
            .describe("When the token expires (RFC 3339)."),
    ]
}

/// Finds the secret that is meant, and the argument that says so.
fn place(config: &Value, cloud: &Cloud) -> Result<(SecretPlace, Path), Diagnostic> {
    let by_definition = config.get("definition_id").is_known();
    let path = Path::attribute(if by_definition {
        "definition_id"
    } else {
        "secret_id"
    });
    let id = text(config, &path);
    let found = if by_definition {
        parse_definition(&id, Some(cloud)).and_then(|definition| {
            let name = format!("{}-{}", definition.enrolment.name, definition.name);
            let name = name.parse().map_err(|error| format!("{error}"))?;
            Ok(SecretPlace {
                vault: definition.enrolment.vault,
                name,
            })
        })
    } else {
        parse_secret(&id, Some(cloud))
    };
    let found = found.map_err(|reason| {
        Diagnostic::error("Not a SAS definition of this cloud", format!("{reason}."))
            .at(path.clone())
    })?;
    Ok((found, path))
}

/// Splits the identifier of a secret, `https://{vault}/secrets/{name}`.
fn parse_secret(id: &str, cloud: Option<&Cloud>) -> Result<SecretPlace, String> {
    let wrong = || {
        format!(
            "`{id}` is no secret of a SAS definition; it has the form \
             https://VAULT.vault.azure.net/secrets/ENROLMENT-NAME"
        )
    };
    let (vault, name) = id.rsplit_once("/secrets/").ok_or_else(wrong)?;
    Ok(SecretPlace {
        vault: parse_vault(vault, cloud)?,
        name: name.trim_end_matches('/').parse().map_err(|_| wrong())?,
    })
}

fn opened(mut result: Value, token: &azure::SasToken, expires: Option<Timestamp>) -> Opened {
    let until = instant(expires);
    let private = until.as_str().unwrap_or_default().as_bytes().to_vec();
    let bare = token.expose().trim_start_matches('?');
    result.set("token", Value::from(bare));
    result.set("expires_at", until);
    Opened {
        renew_at: expires
            .map(SystemTime::from)
            .and_then(|at| at.checked_sub(NOTICE)),
        private,
        ..Opened::with(result)
    }
}

/// The value itself stays unsaid: it may be any other secret.
fn no_token(shown: &str) -> Diagnostic {
    Diagnostic::error(
        "The secret is no SAS token",
        format!(
            "`{shown}` holds something else than a SAS token, so it belongs to no SAS definition. \
             It is not shown."
        ),
    )
}
