//! The attributes of `keyrotation_sas_definition`. The descriptions are the manual.

use azure::id::SasDefinitionName;
use plugin::{Attribute, Schema, Value};
use rotation::period::Period;

use super::plan::check_template;
use crate::convert::{check, parse_place, tags_attribute, timeouts};

const MANUAL: &str = "Makes Key Vault mint short-lived SAS tokens for an enrolled storage account.\
\n\nReading the secret at `secret_id` mints a fresh token each time, signed by the active key and \
good for `validity_period`. The token itself never reaches Terraform's state: read it where it is \
used.\n\n\
A token dies with the key that signed it. Key Vault renews the idle key, so the key outlives every \
token whose validity is no longer than the rotation period.\n\n\
Say what tokens allow either by `services`, `resource_types` and `permissions`, or by a raw \
`template_uri`. Key Vault signs account SAS with a signed version from 2015-04-05 to 2018-03-28; \
a newer version would be accepted by Key Vault and refused by Storage, so it is refused here.";

/// Describes the resource.
pub(super) fn schema() -> Schema {
    let schema = Schema::new(0, MANUAL);
    let schema = identity().into_iter().fold(schema, Schema::attribute);
    let schema = allowed().into_iter().fold(schema, Schema::attribute);
    observed().into_iter().fold(schema, Schema::attribute)
}

fn identity() -> Vec<Attribute> {
    vec![
        Attribute::string("policy_id")
            .required()
            .replace()
            .check(|value| check(value, |text| parse_place(text, None)))
            .describe(
                "The `id` of the `keyrotation_policy`, or of an enrolment made elsewhere: \
                 `https://{vault}/storage/{name}`.",
            ),
        Attribute::string("name")
            .required()
            .replace()
            .check(|value| check(value, str::parse::<SasDefinitionName>))
            .describe(
                "The name of the definition: 1 to 102 letters and digits. Another name makes a \
                 new definition and deletes this one.",
            ),
        Attribute::string("validity_period")
            .required()
            .check(|value| check(value, str::parse::<Period>))
            .describe(
                "How long each token is good, as an ISO 8601 duration such as `PT4H`. Keep it \
                 within the rotation period.",
            ),
        Attribute::bool("enabled")
            .optional_computed()
            .default(Value::from(true))
            .describe("Whether the vault hands out tokens. Default: `true`."),
        tags_attribute("the definition"),
        timeouts(),
    ]
}

fn allowed() -> Vec<Attribute> {
    let letters = |name: &str, description: &str| {
        Attribute::string(name)
            .optional_computed()
            .describe(description)
    };
    vec![
        letters(
            "services",
            "The services that tokens open, as letters: `b` blob, `f` file, `q` queue, `t` table.",
        ),
        letters(
            "resource_types",
            "The kinds of resource that tokens open, as letters: `s` service, `c` container, `o` \
             object.",
        ),
        letters(
            "permissions",
            "What tokens allow, as letters: `r` read, `w` write, `d` delete, `l` list, `a` add, \
             `c` create, `u` update, `p` process. Letters of later versions are refused.",
        ),
        letters(
            "protocol",
            "The protocol that tokens are good for: `https`, or `https,http`. Default: `https`.",
        ),
        letters(
            "ip_range",
            "The address or range that tokens are good for, such as `203.0.113.0-203.0.113.15`.",
        ),
        Attribute::string("template_uri")
            .optional_computed()
            .check(|value| check(value, check_template))
            .describe(
                "A raw template instead of the letters above, such as `sv=2018-03-28&ss=b&srt=sco\
                 &sp=rw&spr=https`. Start, expiry and signature in it have no effect; leave them \
                 out, so that no secret gets into state.",
            ),
    ]
}

fn observed() -> Vec<Attribute> {
    let computed =
        |name: &str, description: &str| Attribute::string(name).computed().describe(description);
    vec![
        computed(
            "id",
            "The identifier of the definition: `{policy_id}/sas/{name}`.",
        ),
        computed(
            "secret_id",
            "The address of the secret that mints a token each time it is read: \
             `https://{vault}/secrets/{enrolment}-{name}`. It is known once the definition is \
             there, so that nothing reads it before.",
        ),
        computed(
            "signed_version",
            "The storage version that tokens are signed for.",
        ),
    ]
}
