//! Validating and planning `keyrotation_sas_definition`: pure, without a clock and a request.

use azure::sas::text::holds_signature;
use azure::sas::{SasTemplate, SasTemplateError};
use plugin::{Diagnostic, Diagnostics, Path, Plan, Value};
use rotation::period::{Period, RotationPeriod};

use super::model::{LETTERS, spelled_out, template_of_letters};
use crate::convert::{forgive_spelling, parse_place, text};

/// How many characters the name of a secret may have.
const LONGEST_SECRET_NAME: usize = 127;

/// How a configuration says what tokens allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Letters,
    Template,
}

/// Checks a raw template: its form, its version, and that it holds no signature.
pub(super) fn check_template(text: &str) -> Result<(), String> {
    if holds_signature(text) {
        // The text itself stays unsaid: it is a token.
        return Err(
            "the template holds a signature, which makes it a token: leave `sig`, `se` \
                    and `st` out; Key Vault signs by itself"
                .to_owned(),
        );
    }
    SasTemplate::parse(text)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Checks that a configuration says in exactly one form what tokens allow, and that it is legal.
pub(super) fn validate(config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let template = config.get("template_uri");
    let given = |name: &&str| config.get(name).is_known();
    let letters = LETTERS
        .into_iter()
        .chain(["protocol", "ip_range"])
        .find(given);
    if let (true, Some(extra)) = (template.is_known(), letters) {
        let detail = format!(
            "A template says everything that tokens allow, so `{extra}` would have no effect \
             beside it. Remove one of the two."
        );
        diagnostics
            .push(Diagnostic::error("Two ways to say the same", detail).at(Path::attribute(extra)));
    }
    if template.is_null() {
        diagnostics.extend(check_letters(config));
    }
    diagnostics.extend(check_length(config));
    diagnostics
}

/// Refuses names that are too long together: the vault makes them the name of one secret.
fn check_length(config: &Value) -> Option<Diagnostic> {
    let policy = text(config, &Path::attribute("policy_id"));
    let path = Path::attribute("name");
    let name = text(config, &path);
    let enrolment = parse_place(&policy, None).ok()?.name.to_string();
    let length = enrolment.len() + 1 + name.len();
    (length > LONGEST_SECRET_NAME).then(|| {
        let detail = format!(
            "Key Vault hands out tokens as the secret `{enrolment}-{name}`, whose name has {length} \
             characters; the longest name of a secret has {LONGEST_SECRET_NAME}. Choose a shorter \
             name."
        );
        Diagnostic::error("Name too long", detail).at(path)
    })
}

fn check_letters(config: &Value) -> Vec<Diagnostic> {
    let missing = |name: &&str| config.get(name).is_null();
    let found: Vec<Diagnostic> = LETTERS
        .into_iter()
        .filter(missing)
        .map(|name| {
            let detail = format!(
                "`{name}` says in letters what tokens open and allow. Set it, or give a raw \
                 `template_uri` instead of all letters."
            );
            Diagnostic::error("Missing letters", detail).at(Path::attribute(name))
        })
        .collect();
    if found.is_empty() && letters_known(config) {
        return template_of_letters(config)
            .err()
            .iter()
            .map(wording)
            .collect();
    }
    found
}

fn letters_known(value: &Value) -> bool {
    LETTERS
        .into_iter()
        .chain(["protocol", "ip_range"])
        .all(|name| !value.get(name).is_unknown())
}

fn wording(error: &SasTemplateError) -> Diagnostic {
    let place = match error {
        SasTemplateError::Missing { parameter, .. }
        | SasTemplateError::Letter { parameter, .. } => match *parameter {
            "ss" => "services",
            "srt" => "resource_types",
            _ => "permissions",
        },
        SasTemplateError::Protocol { .. } => "protocol",
        SasTemplateError::IpRange { .. } => "ip_range",
        _ => "template_uri",
    };
    Diagnostic::error("Illegal SAS template", format!("{error}.")).at(Path::attribute(place))
}

/// Completes a planned definition: spells out what follows from its form, and warns of tokens that
/// may die before they expire.
pub(super) fn plan(plan: &mut Plan, pace: impl FnOnce(&str) -> Option<RotationPeriod>) {
    spell_out(plan);
    name(plan);
    if let Some(pace) = pace(&text(&plan.planned, &Path::attribute("policy_id"))) {
        warn_of_short_lives(plan, pace);
    }
}

fn spell_out(plan: &mut Plan) {
    let form = if plan.config.get("template_uri").is_null() {
        Form::Letters
    } else {
        Form::Template
    };
    let template = match form {
        Form::Letters if letters_known(&plan.config) => template_of_letters(&plan.config).ok(),
        Form::Template => plan
            .config
            .get("template_uri")
            .as_str()
            .and_then(|t| t.parse().ok()),
        Form::Letters => None,
    };
    let follows: Vec<(&str, Value)> = match &template {
        Some(template) => spelled_out(template).into(),
        None => LETTERS
            .into_iter()
            .chain(["protocol", "ip_range", "template_uri", "signed_version"])
            .map(|name| (name, Value::unknown()))
            .collect(),
    };
    for (name, value) in follows {
        let configured = plan.config.get(name);
        plan.planned.set(
            name,
            if configured.is_null() {
                value
            } else {
                configured.clone()
            },
        );
    }
}

/// Names the definition and its secret, and forgives another spelling of the same names.
fn name(plan: &mut Plan) {
    for path in [Path::attribute("policy_id"), Path::attribute("name")] {
        forgive_spelling(plan, &path);
    }
    let planned = &plan.planned;
    let (Some(policy), Some(name)) = (
        planned.get("policy_id").as_str(),
        planned.get("name").as_str(),
    ) else {
        return;
    };
    let id = format!("{policy}/sas/{name}");
    let stored = plan.prior.as_ref().map(|prior| prior.get("id"));
    let same = stored.is_some_and(|s| s.as_str().is_some_and(|s| s.eq_ignore_ascii_case(&id)));
    if !same {
        plan.planned.set("id", Value::from(id));
        // It could be foretold, but who reads it before it is there gets nothing: as long as it is
        // unknown, a core waits with that.
        plan.planned.set("secret_id", Value::unknown());
    }
}

fn warn_of_short_lives(plan: &mut Plan, pace: RotationPeriod) {
    let path = Path::attribute("validity_period");
    let Ok(validity) = text(&plan.planned, &path).parse::<Period>() else {
        return;
    };
    if validity <= pace.period() {
        return;
    }
    plan.diagnostics.push(
        Diagnostic::warning(
            "Tokens may die before they expire",
            format!(
                "A token dies when the key that signed it is regenerated. Key Vault renews a key \
                 every {pace}; a token that is issued just before its key stops being active is \
                 good for {pace} more, and this definition promises {validity}. Choose a validity \
                 of at most {pace}, or rotate less often."
            ),
        )
        .at(path),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_with_a_signature_is_refused_without_repeating_it() {
        for template in [
            "sv=2018-03-28&sig=SECRET",
            "?SIG=SECRET",
            "https://x.example/?sig=SECRET",
        ] {
            let refusal = check_template(template).expect_err("a token is no template");
            assert!(!refusal.contains("SECRET"), "{refusal}");
        }
        assert_eq!(
            check_template("sv=2018-03-28&ss=b&srt=sco&sp=rw&spr=https"),
            Ok(())
        );
        assert!(check_template("sv=2019-02-02&ss=b&srt=sco&sp=rw").is_err());
    }

    fn check(config: &[(&str, &str)], expected: &[&str]) {
        let mut value = super::super::schema::schema().null_object();
        for (name, text) in config {
            value.set(name, Value::from(*text));
        }
        let paths: Vec<String> = validate(&value)
            .iter()
            .filter_map(|d| d.path.as_ref().map(ToString::to_string))
            .collect();
        assert_eq!(paths, expected, "{config:?}");
    }

    #[test]
    fn what_tokens_allow_is_said_in_one_form() {
        let all = [
            ("services", "b"),
            ("resource_types", "sco"),
            ("permissions", "rw"),
        ];
        check(&all, &[]);
        check(&all[..2], &["permissions"]);
        check(&[], &["services", "resource_types", "permissions"]);
        check(
            &[("template_uri", "x"), ("protocol", "https")],
            &["protocol"],
        );
        check(
            &[
                ("services", "x"),
                ("resource_types", "s"),
                ("permissions", "r"),
            ],
            &["services"],
        );
        check(
            &[
                ("services", "b"),
                ("resource_types", "s"),
                ("permissions", "y"),
            ],
            &["permissions"],
        );
    }
}
