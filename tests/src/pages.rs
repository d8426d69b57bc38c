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
    for (name, resource) in &schema.resource_schemas {
        let short = name
            .split_once('_')
            .map_or(name.as_str(), |(_, short)| short);
        pages.insert(
            format!("resources/{short}.md"),
            resource_page(name, resource, examples)?,
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

fn resource_page(name: &str, resource: &Schema, examples: &Path) -> Result<String> {
    let folder = examples.join("resources").join(name);
    let mut page = head(
        &format!("{name} Resource - keyrotation"),
        &resource.block.description,
    );
    let _ = write!(
        page,
        "# {name} (Resource)\n\n{}\n",
        resource.block.description
    );
    example(&mut page, &folder.join("resource.tf"))?;
    reference(&mut page, &resource.block.attributes);
    let import = read(&folder.join("import.sh"))?;
    let _ = write!(
        page,
        "\n## Import\n\n```shell\n{}\n```\n",
        import.trim_end()
    );
    Ok(page)
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
