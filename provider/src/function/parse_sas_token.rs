//! `parse_sas_token`: what a token says about itself, without its signature.

use azure::sas::token::TokenParameters;
use plugin::{Function, FunctionError, Parameter, Signature, Type, Value};

use super::{blame, text};
use crate::convert::instant;

const TEXTS: [&str; 8] = [
    "services",
    "resource_types",
    "permissions",
    "protocol",
    "ip_range",
    "signed_version",
    "starts",
    "expires",
];

/// The function.
pub(super) struct ParseSasToken;

impl Function for ParseSasToken {
    fn name(&self) -> &'static str {
        "parse_sas_token"
    }

    fn signature(&self) -> Signature {
        let said = TEXTS.map(|name| (name.to_owned(), Type::String));
        let signed = ("has_signature".to_owned(), Type::Bool);
        let said = Type::Object(said.into_iter().chain([signed]).collect());
        Signature::new(
            said,
            "What a SAS token says about itself, without its signature.",
        )
        .parameter(Parameter::new("token", Type::String).describe(
            "A SAS token, with or without `?` or an address before it. No error repeats it.",
        ))
        .describe(
            "Takes a SAS token apart: `services`, `resource_types`, `permissions`, \
                 `protocol`, `ip_range`, `signed_version`, `starts` and `expires` (RFC 3339 in \
                 UTC), and `has_signature`. What the token does not say is null. The signature \
                 itself is not in the result, which can be shown with `nonsensitive`.",
        )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let said = TokenParameters::parse(text(arguments, 0)).map_err(|error| blame(0, &error))?;
        Ok(Value::object([
            ("services", said.services.into()),
            ("resource_types", said.resource_types.into()),
            ("permissions", said.permissions.into()),
            ("protocol", said.protocol.into()),
            ("ip_range", said.ip_range.into()),
            ("signed_version", said.signed_version.into()),
            ("starts", instant(said.starts)),
            ("expires", instant(said.expires)),
            ("has_signature", said.has_signature.into()),
        ]))
    }
}
