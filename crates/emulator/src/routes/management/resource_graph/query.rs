//! The part of the query language that tools for fleets send: `Resources | where .. | project .. | order by .. | limit ..`
//! and `count`. Whatever else there is to the language is refused, never misread.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

/// The columns of a row that was not projected.
const COLUMNS: &[&str] = &[
    "id",
    "name",
    "type",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "managedBy",
    "sku",
    "plan",
    "properties",
    "tags",
    "identity",
    "zones",
    "extendedLocation",
];

/// A query that was understood.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Query {
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
enum Step {
    Where(Vec<Condition>),
    Project(Vec<(String, String)>),
    Order { path: String, descending: bool },
    Limit(usize),
    Count,
}

#[derive(Debug, PartialEq)]
struct Condition {
    path: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    EqualFolded,
    Unequal,
    UnequalFolded,
    Contains,
    StartsWith,
    EndsWith,
}

impl Query {
    /// Reads a query.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = split_outside_quotes(text, '|').into_iter().map(str::trim);
        let table = parts.next().unwrap_or_default();
        if !table.eq_ignore_ascii_case("resources") {
            return Err(format!(
                "The emulator has no table '{table}', only Resources."
            ));
        }
        let steps = parts.map(step).collect::<Result<_, _>>()?;
        Ok(Self { steps })
    }

    /// Runs the query over rows. Gives the columns of the result and its rows.
    pub(super) fn run(&self, rows: Vec<Value>) -> (Vec<String>, Vec<Value>) {
        let mut columns: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
        let mut rows = rows;
        for step in &self.steps {
            match step {
                Step::Where(conditions) => {
                    rows.retain(|row| conditions.iter().all(|condition| condition.holds(row)));
                }
                Step::Project(chosen) => {
                    columns = chosen.iter().map(|(name, _)| name.clone()).collect();
                    rows = rows.iter().map(|row| project(row, chosen)).collect();
                }
                Step::Order { path, descending } => sort(&mut rows, path, *descending),
                Step::Limit(limit) => rows.truncate(*limit),
                Step::Count => {
                    columns = vec!["Count".to_owned()];
                    rows = vec![json!({"Count": rows.len()})];
                }
            }
        }
        (columns, rows)
    }
}

impl Condition {
    fn holds(&self, row: &Value) -> bool {
        let value = plain(at(row, &self.path));
        let folded = value.to_ascii_lowercase();
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|one| test(one));
        match self.operator {
            Operator::Equal => any(&|one| one == value),
            Operator::EqualFolded => any(&|one| one.eq_ignore_ascii_case(&value)),
            Operator::Unequal => !any(&|one| one == value),
            Operator::UnequalFolded => !any(&|one| one.eq_ignore_ascii_case(&value)),
            Operator::Contains => any(&|one| folded.contains(&one.to_ascii_lowercase())),
            Operator::StartsWith => any(&|one| folded.starts_with(&one.to_ascii_lowercase())),
            Operator::EndsWith => any(&|one| folded.ends_with(&one.to_ascii_lowercase())),
        }
    }
}

fn step(text: &str) -> Result<Step, String> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match word.to_ascii_lowercase().as_str() {
        "where" => {
            let parts = split_words(rest, " and ");
            Ok(Step::Where(
                parts.into_iter().map(condition).collect::<Result<_, _>>()?,
            ))
        }
        "project" => {
            let parts = split_outside_quotes(rest, ',');
            Ok(Step::Project(
                parts.into_iter().map(column).collect::<Result<_, _>>()?,
            ))
        }
        "order" | "sort" => {
            let by = rest
                .strip_prefix("by ")
                .ok_or_else(|| unknown(text))?
                .trim();
            let (name, direction) = by.split_once(' ').unwrap_or((by, "desc"));
            let descending = direction.trim().eq_ignore_ascii_case("desc");
            Ok(Step::Order {
                path: path(name)?,
                descending,
            })
        }
        "limit" | "take" => rest.parse().map(Step::Limit).map_err(|_| unknown(text)),
        "count" if rest.is_empty() => Ok(Step::Count),
        _ => Err(unknown(text)),
    }
}

fn condition(text: &str) -> Result<Condition, String> {
    const OPERATORS: &[(&str, Operator)] = &[
        (" !in~ ", Operator::UnequalFolded),
        (" !in ", Operator::Unequal),
        (" in~ ", Operator::EqualFolded),
        (" in ", Operator::Equal),
        (" contains ", Operator::Contains),
        (" has ", Operator::Contains),
        (" startswith ", Operator::StartsWith),
        (" endswith ", Operator::EndsWith),
        ("=~", Operator::EqualFolded),
        ("!~", Operator::UnequalFolded),
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
    ];
    // The operator stands before the first quote; what follows is the user's text. `in(` needs no space.
    let quote = text.find(['\'', '"']).unwrap_or(text.len());
    let (head, tail) = text.split_at_checked(quote).unwrap_or((text, ""));
    let text = format!("{}{tail}", head.replace('(', " ("));
    let head_end = text.find(['\'', '"']).unwrap_or(text.len());
    let found = OPERATORS.iter().find_map(|(sign, operator)| {
        let place = text.get(..head_end)?.to_ascii_lowercase().find(sign)?;
        Some((
            text.get(..place)?,
            *operator,
            text.get(place + sign.len()..)?,
        ))
    });
    let (name, operator, values) = found.ok_or_else(|| unknown(&text))?;
    let values = values.trim().trim_start_matches('(').trim_end_matches(')');
    let values = split_outside_quotes(values, ',');
    let values = values
        .iter()
        .map(|one| one.trim().trim_matches(['\'', '"']).to_owned());
    Ok(Condition {
        path: path(name)?,
        operator,
        values: values.collect(),
    })
}

fn column(text: &str) -> Result<(String, String), String> {
    let (name, source) = text.split_once('=').unwrap_or((text, text));
    let source = path(source)?;
    let name = name.trim();
    // Without a name of its own a nested column is called by its parts.
    let name = if name.contains('.') {
        name.replace('.', "_")
    } else {
        name.to_owned()
    };
    Ok((name, source))
}

/// Reads the name of a column, nested ones with dots; a conversion to text around it changes nothing.
fn path(text: &str) -> Result<String, String> {
    let text = text.trim();
    let inner = ["tostring ", "tostring", "tolower ", "tolower"]
        .iter()
        .find_map(|name| {
            text.strip_prefix(name)?
                .strip_prefix('(')?
                .strip_suffix(')')
        });
    let text = inner.unwrap_or(text).trim();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if text.is_empty() || !text.chars().all(allowed) {
        return Err(unknown(text));
    }
    Ok(text.to_owned())
}

fn at<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    names.try_fold(row, |value, name| {
        let mut members = value.as_object()?.iter();
        members
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn project(row: &Value, chosen: &[(String, String)]) -> Value {
    let cell = |(name, path): &(String, String)| {
        (name.clone(), at(row, path).cloned().unwrap_or_default())
    };
    Value::Object(chosen.iter().map(cell).collect::<Map<String, Value>>())
}

fn sort(rows: &mut [Value], path: &str, descending: bool) {
    let compare = |one: &Value, other: &Value| -> Ordering {
        plain(at(one, path)).cmp(&plain(at(other, path)))
    };
    rows.sort_by(|one, other| {
        if descending {
            compare(other, one)
        } else {
            compare(one, other)
        }
    });
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut quote = None;
    text.split(|letter: char| {
        match quote {
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            Some(open) if open == letter => quote = None,
            _ => {}
        }
        letter == separator && quote.is_none()
    })
    .collect()
}

/// Splits at a word that stands outside of quotes.
fn split_words<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(place) = rest
        .get(from..)
        .and_then(|tail| tail.to_ascii_lowercase().find(word))
    {
        let place = from + place;
        let before = rest.get(..place).unwrap_or_default();
        let is_inside = before.matches(['\'', '"']).count() % 2 == 1;
        if is_inside {
            from = place + word.len();
        } else {
            parts.push(before);
            rest = rest.get(place + word.len()..).unwrap_or_default();
            from = 0;
        }
    }
    parts.push(rest);
    parts
}

fn unknown(text: &str) -> String {
    format!("The emulator does not understand '{text}'.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Value> {
        vec![
            json!({"name": "b", "type": "microsoft.storage/storageaccounts", "properties": {"allowSharedKeyAccess": false}}),
            json!({"name": "a", "type": "microsoft.storage/storageaccounts", "properties": {}}),
            json!({"name": "kv | and", "type": "microsoft.keyvault/vaults", "properties": {}}),
        ]
    }

    fn check(query: &str, names: &[&str]) {
        let query = Query::parse(query).expect("a query that is understood");
        let (_, found) = query.run(rows());
        let found: Vec<String> = found.iter().map(|row| plain(row.get("name"))).collect();
        assert_eq!(found, names);
    }

    #[test]
    fn rows_are_chosen_projected_sorted_and_cut() {
        check("Resources", &["b", "a", "kv | and"]);
        check(
            "resources | where type =~ 'Microsoft.Storage/storageAccounts' | order by name asc",
            &["a", "b"],
        );
        check(
            "Resources | where type == \"microsoft.keyvault/vaults\" and name == 'kv | and'",
            &["kv | and"],
        );
        check(
            "Resources | where name in ('a', 'kv | and') | project name, type",
            &["a", "kv | and"],
        );
        check("Resources | where name in~('A') | project name", &["a"]);
        check(
            "Resources | where tostring(properties.allowSharedKeyAccess) == 'false' | limit 5",
            &["b"],
        );
        check(
            "Resources | where type contains 'storage' and name !~ 'A' | take 1",
            &["b"],
        );
    }

    #[test]
    fn a_count_is_one_row_and_a_nested_column_is_named_by_its_parts() {
        let count = Query::parse("Resources | where name == 'a' | count").expect("a query");
        assert_eq!(
            count.run(rows()),
            (vec!["Count".to_owned()], vec![json!({"Count": 1})])
        );
        let nested =
            Query::parse("Resources | project name, properties.allowSharedKeyAccess, kind = type");
        let (columns, _) = nested.expect("a query").run(rows());
        assert_eq!(columns, ["name", "properties_allowSharedKeyAccess", "kind"]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for query in [
            "Disks",
            "Resources | join x",
            "Resources | where name",
            "Resources | summarize count() by type",
        ] {
            assert!(Query::parse(query).is_err(), "{query}");
        }
    }
}
