//! `sas_template`: the template of a SAS definition from its letters.

use azure::sas::{SasTemplate, SasTemplateError};
use plugin::{Function, FunctionError, Parameter, Signature, Type, Value};

use super::{blame, text};

/// Where the options stand among the arguments.
const OPTIONS: i64 = 3;

/// The function.
pub(super) struct BuildSasTemplate;

impl Function for BuildSasTemplate {
    fn name(&self) -> &'static str {
        "sas_template"
    }

    fn signature(&self) -> Signature {
        let letters = |name: &str, description: &str| {
            Parameter::new(name, Type::String).describe(description)
        };
        Signature::new(Type::String, "The template of a SAS definition.")
            .parameter(letters(
                "services",
                "`b` blob, `f` file, `q` queue, `t` table.",
            ))
            .parameter(letters(
                "resource_types",
                "`s` service, `c` container, `o` object.",
            ))
            .parameter(letters(
                "permissions",
                "`r` read, `w` write, `d` delete, `l` list, `a` add, `c` create, `u` update, `p` \
                 process.",
            ))
            .variadic(
                Parameter::new("options", Type::Map(Box::new(Type::String))).describe(
                    "At most one map of `protocol` (`https`, which is the default, or \
                     `https,http`), `ip_range` and `signed_version`.",
                ),
            )
            .describe(
                "Puts the template of a SAS definition together, for `template_uri` of \
                 `keyrotation_sas_definition` or of another provider. Letters that Key Vault \
                 would accept and Storage refuse are errors here.",
            )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let [services, resource_types, permissions] = [0, 1, 2].map(|at| text(arguments, at));
        let mut builder = SasTemplate::account(services, resource_types, permissions);
        for (name, value) in options(arguments)? {
            builder = match name {
                "protocol" => builder.protocol(Some(value.parse().map_err(|e| place(&e))?)),
                "ip_range" => builder.ip_range(Some(value)),
                "signed_version" => builder.signed_version(value),
                other => {
                    let reason = format!(
                        "There is no option `{other}`; there are `protocol`, `ip_range` and \
                         `signed_version`."
                    );
                    return Err(FunctionError::new(reason).at(OPTIONS));
                }
            };
        }
        let template = builder.build().map_err(|error| place(&error))?;
        Ok(Value::from(template.to_template_uri()))
    }
}

/// Gives the options that are set.
fn options(arguments: &[Value]) -> Result<Vec<(&str, &str)>, FunctionError> {
    let mut maps = arguments.iter().skip(3);
    let first = maps.next().and_then(Value::entries);
    if maps.next().is_some() {
        let reason = "All options stand in one map.";
        return Err(FunctionError::new(reason).at(OPTIONS + 1));
    }
    let set = first.into_iter().flatten();
    Ok(set
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect())
}

/// Blames the argument that a refusal is about.
fn place(error: &SasTemplateError) -> FunctionError {
    let argument = match error {
        SasTemplateError::Missing { parameter, .. }
        | SasTemplateError::Letter { parameter, .. } => match *parameter {
            "ss" => 0,
            "srt" => 1,
            "sp" => 2,
            _ => OPTIONS,
        },
        _ => OPTIONS,
    };
    blame(argument, error)
}
