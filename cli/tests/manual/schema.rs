//! The page about the report: its forms, and the fields of the JSON one by its schema.

use std::fmt::Write as _;

use clap::Command;
use serde_json::Value;

use crate::pages::head;

const SCHEMA: &str = include_str!("../../schema/report.v1.json");

pub(crate) fn page(command: &Command) -> String {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let mut page = head(
        "The report",
        "`cli/schema/report.v1.json` and the forms in `cli/src/report/format.rs`",
    );
    page.push_str(
        "`--output FORM=FILE` writes a form to a file, which appears whole or not at all; several can \
         be written by one run.\n\n| Form | Is |\n|---|---|\n",
    );
    for (name, help) in forms(command) {
        let _ = writeln!(page, "| `{name}` | {help} |");
    }
    page.push_str(
        "\nText that other people chose, such as names and tags, stays text in every form: it is \
         escaped, put on one line, and cannot speak to the agent of a pipeline.\n\n## JSON\n\n",
    );
    let _ = writeln!(
        page,
        "{} The schema is [`cli/schema/report.v1.json`](../../cli/schema/report.v1.json).",
        text(&schema, "description")
    );
    fields(&mut page, "the report", &schema);
    let definitions = schema.get("$defs").and_then(Value::as_object);
    for (name, definition) in definitions.into_iter().flatten() {
        if definition.get("properties").is_some() {
            fields(&mut page, &name.replace('_', " "), definition);
        } else {
            let _ = write!(
                page,
                "\n### {}\n\n{} One of {}.\n",
                name.replace('_', " "),
                text(definition, "description"),
                values(definition)
            );
        }
    }
    page
}

fn forms(command: &Command) -> Vec<(String, String)> {
    let check = command.find_subcommand("check").expect("the command");
    let format = check
        .get_arguments()
        .find(|argument| argument.get_id() == "format")
        .expect("the option");
    let values = format.get_possible_values();
    let help = |value: &clap::builder::PossibleValue| {
        let help = value
            .get_help()
            .map_or_else(String::new, ToString::to_string);
        (value.get_name().to_owned(), help)
    };
    values.iter().map(help).collect()
}

fn fields(page: &mut String, title: &str, definition: &Value) {
    let _ = write!(page, "\n### {title}\n\n");
    let description = text(definition, "description");
    if title != "the report" && !description.is_empty() {
        let _ = write!(page, "{description}\n\n");
    }
    if let Some(parts) = definition.get("allOf").and_then(Value::as_array) {
        let parts: Vec<_> = parts.iter().map(kind).collect();
        let _ = write!(page, "Has the fields of {}, and:\n\n", parts.join(", "));
    }
    page.push_str("| Field | Type | Meaning |\n|---|---|---|\n");
    let properties = definition.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let _ = writeln!(
            page,
            "| `{name}` | {} | {} |",
            kind(field),
            text(field, "description").replace('|', "\\|")
        );
    }
}

/// Says what a field holds, in a few words.
fn kind(field: &Value) -> String {
    if let Some(target) = field.get("$ref").and_then(Value::as_str) {
        let name = target.rsplit('/').next().unwrap_or(target);
        let words = name.replace('_', " ");
        return format!("[{words}](#{})", name.replace('_', "-"));
    }
    if let Some(constant) = field.get("const") {
        return format!("`{constant}`").replace('"', "");
    }
    if field.get("enum").is_some() {
        return values(field);
    }
    if let Some(choices) = field.get("anyOf").and_then(Value::as_array) {
        let kinds: Vec<_> = choices.iter().map(kind).collect();
        return kinds.join(" or ");
    }
    if let Some(items) = field.get("items") {
        return format!("list of {}", kind(items));
    }
    match field.get("type") {
        Some(Value::Array(types)) => {
            let types: Vec<_> = types.iter().filter_map(Value::as_str).collect();
            types.join(" or ")
        }
        Some(Value::String(one)) => one.clone(),
        _ => String::new(),
    }
}

fn values(field: &Value) -> String {
    let values = field.get("enum").and_then(Value::as_array);
    let values: Vec<_> = values
        .into_iter()
        .flatten()
        .map(|value| format!("`{}`", value.as_str().unwrap_or("null")))
        .collect();
    values.join(", ")
}

fn text(value: &Value, field: &str) -> String {
    let text = value.get(field).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}
