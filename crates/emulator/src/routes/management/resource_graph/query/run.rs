//! Running a query: resources pass its steps as what they are, and are written as rows only while a step looks at them,
//! so that a query over a large tenant needs little more than its answer.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use super::{Condition, Operator, Query, Step};

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

/// One row of a result.
enum Row<R> {
    /// A resource, with all projections so far still to be made.
    Of(R),
    /// A row that a step has made.
    Made(Value),
}

/// What a query has found.
pub(in super::super) struct Found<'a, R, W> {
    rows: Vec<Row<R>>,
    projections: Vec<&'a [(String, String)]>,
    columns: Vec<String>,
    write: W,
}

impl Query {
    /// Runs the query over resources, each of which `write` writes as a row.
    pub(in super::super) fn run<R, W: Fn(&R) -> Value>(
        &self,
        resources: impl Iterator<Item = R>,
        write: W,
    ) -> Found<'_, R, W> {
        let mut found = Found {
            rows: resources.map(Row::Of).collect(),
            projections: Vec::new(),
            columns: COLUMNS.iter().map(|name| (*name).to_owned()).collect(),
            write,
        };
        self.steps.iter().for_each(|step| found.take(step));
        found
    }
}

impl<'a, R, W: Fn(&R) -> Value> Found<'a, R, W> {
    /// Gives the names of the columns.
    pub(in super::super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Gives how many rows there are.
    pub(in super::super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Writes some of the rows.
    pub(in super::super) fn page(&self, start: usize, size: usize) -> Vec<Value> {
        let rows = self.rows.iter().skip(start).take(size);
        rows.map(|row| self.written(row)).collect()
    }

    fn take(&mut self, step: &'a Step) {
        match step {
            Step::Where(conditions) => {
                let rows = std::mem::take(&mut self.rows).into_iter();
                self.rows = rows.filter(|row| self.holds(row, conditions)).collect();
            }
            Step::Project(chosen) => {
                self.columns = chosen.iter().map(|(name, _)| name.clone()).collect();
                self.projections.push(chosen);
                for row in &mut self.rows {
                    if let Row::Made(value) = row {
                        *value = project(value, chosen);
                    }
                }
            }
            Step::Order { path, descending } => self.sort(path, *descending),
            Step::Limit(limit) => self.rows.truncate(*limit),
            Step::Count => {
                self.columns = vec!["Count".to_owned()];
                self.rows = vec![Row::Made(json!({"Count": self.rows.len()}))];
            }
        }
    }

    fn holds(&self, row: &Row<R>, conditions: &[Condition]) -> bool {
        let row = self.written(row);
        conditions.iter().all(|condition| condition.holds(&row))
    }

    fn sort(&mut self, path: &str, descending: bool) {
        let mut rows = std::mem::take(&mut self.rows);
        let key = |row: &Row<R>| plain(at(&self.written(row), path));
        if descending {
            rows.sort_by_cached_key(|row| Reverse(key(row)));
        } else {
            rows.sort_by_cached_key(key);
        }
        self.rows = rows;
    }

    fn written(&self, row: &Row<R>) -> Value {
        match row {
            Row::Of(resource) => {
                let whole = (self.write)(resource);
                let chosen = self.projections.iter();
                chosen.fold(whole, |row, chosen| project(&row, chosen))
            }
            Row::Made(value) => value.clone(),
        }
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

fn at<'v>(row: &'v Value, path: &str) -> Option<&'v Value> {
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

    /// Gives the columns that a query shows and its rows.
    fn run(query: &str) -> (Vec<String>, Vec<Value>) {
        let query = Query::parse(query).expect("a query that is understood");
        let found = query.run(rows().into_iter(), Value::clone);
        (found.columns().to_vec(), found.page(0, found.len()))
    }

    fn check(query: &str, names: &[&str]) {
        let (_, found) = run(query);
        let found: Vec<String> = found.iter().map(|row| plain(row.get("name"))).collect();
        assert_eq!(found, names, "{query}");
    }

    #[test]
    fn rows_are_chosen_projected_sorted_and_cut() {
        check("Resources", &["b", "a", "kv | and"]);
        check(
            "resources | where type =~ 'Microsoft.Storage/storageAccounts' | order by name asc",
            &["a", "b"],
        );
        check("Resources | order by name", &["kv | and", "b", "a"]);
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
            "Resources | project name = type, type = name | where type == 'a' | project name",
            &["microsoft.storage/storageaccounts"],
        );
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
        let one = |name: &str| (vec![name.to_owned()], vec![json!({name: 1})]);
        let query = "Resources | project name | where name == 'a' | count";
        assert_eq!(run(query), one("Count"));
        assert_eq!(run(&format!("{query} | project n = Count")), one("n"));
        let (columns, _) =
            run("Resources | project name, properties.allowSharedKeyAccess, kind = type");
        assert_eq!(columns, ["name", "properties_allowSharedKeyAccess", "kind"]);
    }
}
