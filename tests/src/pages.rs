//! The pages of the provider's documentation, in the layout of the registries, made from the
//! schema that a core prints and from the examples beside it.
//!
//! The descriptions in the schema are the manual; a page adds the order of a reference page and
//! the example. Nothing is written by hand into a generated page.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// What `terraform providers schema -json` says of one provider.
#[derive(Deserialize)]
pub struct ProviderSchema {
    provider: Schema,
    #[serde(default)]
    resource_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    data_source_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    ephemeral_resource_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    list_resource_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    action_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    functions: BTreeMap<String, Function>,
}

/// A kind of thing with a page of its own.
struct Chapter {
    folder: &'static str,
    title: &'static str,
    example: &'static str,
}

const RESOURCES: Chapter = Chapter {
    folder: "resources",
    title: "Resource",
    example: "resource.tf",
};
const DATA_SOURCES: Chapter = Chapter {
    folder: "data-sources",
    title: "Data Source",
    example: "data-source.tf",
};
const EPHEMERAL_RESOURCES: Chapter = Chapter {
    folder: "ephemeral-resources",
    title: "Ephemeral Resource",
    example: "ephemeral-resource.tf",
};
const LIST_RESOURCES: Chapter = Chapter {
    folder: "list-resources",
    title: "List Resource",
    example: "list-resource.tfquery.hcl",
};

const ACTIONS: Chapter = Chapter {
    folder: "actions",
    title: "Action",
    example: "action.tf",
};

/// The folders whose pages are generated, all of them.
pub const GENERATED: [&str; 6] = [
    RESOURCES.folder,
    DATA_SOURCES.folder,
    EPHEMERAL_RESOURCES.folder,
    LIST_RESOURCES.folder,
    ACTIONS.folder,
    "functions",
];

#[derive(Deserialize)]
struct Function {
    #[serde(default)]
    summary: String,
    #[serde(default)]
    description: String,
    return_type: serde_json::Value,
    #[serde(default)]
    parameters: Vec<Parameter>,
    variadic_parameter: Option<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(rename = "type")]
    ty: serde_json::Value,
}

#[derive(Deserialize)]
struct Schema {
    block: Block,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    attributes: BTreeMap<String, Attribute>,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(rename = "type")]
    ty: Option<serde_json::Value>,
    nested_type: Option<Nested>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Deserialize)]
struct Nested {
    attributes: BTreeMap<String, Attribute>,
}

/// Makes all pages: their paths below `docs`, and their texts.
///
/// # Errors
/// A schema of another shape, or a missing example.
pub fn pages(schema: &str, examples: &Path) -> Result<BTreeMap<String, String>> {
    let schema = provider_schema(schema)?;
    let mut pages = BTreeMap::new();
    pages.insert("index.md".to_owned(), index(&schema.provider, examples)?);
    let chapters = [
        (&RESOURCES, &schema.resource_schemas),
        (&DATA_SOURCES, &schema.data_source_schemas),
        (&EPHEMERAL_RESOURCES, &schema.ephemeral_resource_schemas),
        (&LIST_RESOURCES, &schema.list_resource_schemas),
        (&ACTIONS, &schema.action_schemas),
    ];
    for (chapter, members) in chapters {
        for (name, member) in members {
            let short = name
                .split_once('_')
                .map_or(name.as_str(), |(_, short)| short);
            let page = page_of(chapter, name, member, examples)?;
            pages.insert(format!("{}/{short}.md", chapter.folder), page);
        }
    }
    for (name, function) in &schema.functions {
        pages.insert(
            format!("functions/{name}.md"),
            function_page(name, function, examples)?,
        );
    }
    Ok(pages)
}

fn provider_schema(schema: &str) -> Result<ProviderSchema> {
    #[derive(Deserialize)]
    struct Printed {
        provider_schemas: BTreeMap<String, ProviderSchema>,
    }
    let printed: Printed = serde_json::from_str(schema).context("cannot read the schema")?;
    let ours = printed
        .provider_schemas
        .into_iter()
        .find(|(address, _)| address.ends_with("/azure-keyrotation/keyrotation"));
    Ok(ours.context("the schema is not that of our provider")?.1)
}

fn index(provider: &Schema, examples: &Path) -> Result<String> {
    let mut page = head("keyrotation Provider", &provider.block.description);
    let _ = write!(
        page,
        "# keyrotation Provider\n\n{}\n",
        provider.block.description
    );
    example(&mut page, &examples.join("provider/provider.tf"))?;
    reference(&mut page, &provider.block.attributes);
    Ok(page)
}

fn page_of(chapter: &Chapter, name: &str, schema: &Schema, examples: &Path) -> Result<String> {
    let folder = examples.join(chapter.folder).join(name);
    let (title, description) = (chapter.title, &schema.block.description);
    let mut page = head(&format!("{name} {title} - keyrotation"), description);
    let _ = write!(page, "# {name} ({title})\n\n{description}\n");
    example(&mut page, &folder.join(chapter.example))?;
    reference(&mut page, &schema.block.attributes);
    let import = folder.join("import.sh");
    if import.exists() {
        let import = read(&import)?;
        let _ = write!(
            page,
            "\n## Import\n\n```shell\n{}\n```\n",
            import.trim_end()
        );
    }
    Ok(page)
}

fn function_page(name: &str, function: &Function, examples: &Path) -> Result<String> {
    let mut page = head(&format!("{name} function - keyrotation"), &function.summary);
    let _ = write!(page, "# function: {name}\n\n{}\n", function.description);
    example(
        &mut page,
        &examples.join("functions").join(name).join("function.tf"),
    )?;
    let variadic = function.variadic_parameter.iter();
    let parameters: Vec<&Parameter> = function.parameters.iter().chain(variadic).collect();
    let typed = |parameter: &&Parameter| format!("{} {}", parameter.name, type_text(&parameter.ty));
    let list: Vec<String> = parameters.iter().map(typed).collect();
    let dots = if function.variadic_parameter.is_some() {
        "..."
    } else {
        ""
    };
    let returns = type_text(&function.return_type);
    let _ = write!(
        page,
        "\n## Signature\n\n```text\n{name}({}{dots}) {returns}\n```\n\n## Arguments\n\n",
        list.join(", ")
    );
    for parameter in parameters {
        let kind = type_name(&parameter.ty);
        let _ = writeln!(
            page,
            "- `{}` ({kind}) {}",
            parameter.name, parameter.description
        );
    }
    Ok(page)
}

/// Writes a type the way a configuration does.
fn type_text(ty: &serde_json::Value) -> String {
    match ty {
        serde_json::Value::String(simple) => simple.clone(),
        serde_json::Value::Array(parts) => parts
            .first()
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        _ => "dynamic".to_owned(),
    }
}

fn head(title: &str, description: &str) -> String {
    let first = description.lines().next().unwrap_or_default();
    format!(
        "---\npage_title: \"{title}\"\nsubcategory: \"\"\ndescription: |-\n  {first}\n---\n\n\
         <!-- Generated from the schema: change the descriptions there, then run `cargo xtask docs`. -->\n\n"
    )
}

fn example(page: &mut String, file: &Path) -> Result<()> {
    let text = read(file)?;
    let _ = write!(
        page,
        "\n## Example Usage\n\n```terraform\n{}\n```\n",
        text.trim_end()
    );
    Ok(())
}

/// Lists the attributes by who sets them, then those of nested objects.
fn reference(page: &mut String, attributes: &BTreeMap<String, Attribute>) {
    page.push_str("\n## Schema\n");
    groups(page, attributes, "");
    for (name, attribute) in attributes {
        if let Some(nested) = &attribute.nested_type {
            let _ = write!(
                page,
                "\n<a id=\"nestedatt--{name}\"></a>\n### Nested Schema for `{name}`\n"
            );
            groups(page, &nested.attributes, &format!("{name}--"));
        }
    }
}

fn groups(page: &mut String, attributes: &BTreeMap<String, Attribute>, within: &str) {
    let mark = if within.is_empty() { "### " } else { "" };
    let of = |required: bool, optional: bool| {
        attributes
            .iter()
            .filter(move |(_, a)| a.required == required && a.optional == optional)
    };
    let groups = [
        ("Required", of(true, false).collect::<Vec<_>>()),
        ("Optional", of(false, true).collect()),
        ("Read-Only", of(false, false).collect()),
    ];
    for (title, members) in groups
        .into_iter()
        .filter(|(_, members)| !members.is_empty())
    {
        let colon = if mark.is_empty() { ":" } else { "" };
        let _ = write!(page, "\n{mark}{title}{colon}\n\n");
        for (name, attribute) in members {
            let _ = writeln!(page, "{}", line(name, attribute, within));
        }
    }
}

fn line(name: &str, attribute: &Attribute, within: &str) -> String {
    let mut kind = attribute
        .ty
        .as_ref()
        .map_or_else(|| "Attributes".to_owned(), type_name);
    if attribute.sensitive {
        kind.push_str(", Sensitive");
    }
    let mut text = format!("- `{name}` ({kind}) {}", attribute.description);
    if attribute.nested_type.is_some() {
        let _ = write!(
            text,
            " (see [below for nested schema](#nestedatt--{within}{name}))"
        );
    }
    text
}

fn type_name(ty: &serde_json::Value) -> String {
    match ty {
        serde_json::Value::String(simple) if simple == "bool" => "Boolean".to_owned(),
        serde_json::Value::String(simple) => capital(simple),
        serde_json::Value::Array(parts) => {
            let outer = parts
                .first()
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default();
            let inner = parts.get(1).map(type_name).unwrap_or_default();
            format!("{} of {inner}", capital(outer))
        }
        _ => "Dynamic".to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
