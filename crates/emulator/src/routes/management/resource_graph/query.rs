//! The part of the query language that tools for fleets send: `Resources | where .. | project .. | order by .. | limit ..`
//! and `count`. Whatever else there is to the language is refused, never misread. Running a query is in `query::run`.

mod run;

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
