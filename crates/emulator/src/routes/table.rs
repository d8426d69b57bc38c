//! Tables of operations: a method and a path pattern lead to a handler. `{name}` stands for one part of the path,
//! `{*name}` at the start for any number of parts; fixed parts are compared without case, as Azure does.

use super::call::Call;
use super::{Answer, Context};
use crate::world::vault::Objects;

/// What performs an operation.
pub(crate) type Handler = fn(&mut Context<'_>) -> Answer;

/// The operations of a service, in tables that lie beside their handlers.
pub(crate) type Tables = &'static [&'static [Route]];

/// What a caller needs in a vault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permission {
    pub(crate) objects: Objects,
    /// The permission of an access policy.
    pub(crate) policy: &'static str,
    /// The data action of a vault with role-based access, without its common start.
    pub(crate) data_action: &'static str,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) pattern: &'static str,
    /// The published operation id.
    pub(crate) operation: &'static str,
    pub(crate) permission: Option<Permission>,
    /// Whether nobody needs to sign in for it.
    pub(crate) open: bool,
    pub(crate) handler: Handler,
}

impl Route {
    /// Makes an operation whose handler decides who may perform it.
    pub(crate) const fn new(
        method: &'static str,
        pattern: &'static str,
        operation: &'static str,
        handler: Handler,
    ) -> Self {
        Self {
            method,
            pattern,
            operation,
            permission: None,
            open: false,
            handler,
        }
    }

    /// Lets everybody in.
    pub(crate) const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// Demands a permission in the vault.
    pub(crate) const fn needs(
        mut self,
        objects: Objects,
        policy: &'static str,
        data_action: &'static str,
    ) -> Self {
        self.permission = Some(Permission {
            objects,
            policy,
            data_action,
        });
        self
    }
}

/// The parts of a path that a pattern leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Captures(Vec<(&'static str, String)>);

impl Captures {
    /// Gives a part, or an empty text if the pattern has none of that name.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value)
    }
}

/// Finds the operation of a request; the first match counts.
pub(crate) fn find(tables: Tables, call: &Call) -> Option<(&'static Route, Captures)> {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    // A name that decodes to a slash would read as another path further on.
    if segments.iter().any(|segment| segment.contains('/')) {
        return None;
    }
    let mut of_method = tables
        .iter()
        .flat_map(|table| table.iter())
        .filter(|route| call.method.as_str() == route.method);
    of_method.find_map(|route| Some((route, captures(route.pattern, &segments)?)))
}

fn captures(pattern: &'static str, segments: &[&str]) -> Option<Captures> {
    let mut parts: Vec<&'static str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let mut captures = Captures::default();
    let mut segments = segments;
    if let Some(name) = parts
        .first()
        .and_then(|part| part.strip_prefix("{*")?.strip_suffix('}'))
    {
        parts.remove(0);
        let (scope, rest) = segments.split_at_checked(segments.len().checked_sub(parts.len())?)?;
        let scope: String = scope.iter().map(|segment| format!("/{segment}")).collect();
        captures.0.push((name, scope));
        segments = rest;
    }
    if parts.len() != segments.len() {
        return None;
    }
    for (part, segment) in parts.into_iter().zip(segments) {
        match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) => captures.0.push((name, (*segment).to_owned())),
            None if part.eq_ignore_ascii_case(segment) => {}
            None => return None,
        }
    }
    Some(captures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &'static str, path: &str, expected: Option<&[(&str, &str)]>) {
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let found = captures(pattern, &segments);
        let found: Option<Vec<(&str, &str)>> = found.as_ref().map(|found| {
            found
                .0
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect()
        });
        assert_eq!(found.as_deref(), expected, "{pattern} {path}");
    }

    #[test]
    fn a_pattern_matches_part_by_part_and_without_case() {
        check(
            "/storage/{account}",
            "//Storage/a/",
            Some(&[("account", "a")]),
        );
        check("/storage/{account}", "/storage", None);
        check("/storage/{account}", "/storage/a/sas", None);
    }

    #[test]
    fn a_scope_takes_all_that_comes_before() {
        let pattern = "/{*scope}/providers/X/things/{name}";
        check(
            pattern,
            "/subscriptions/s/providers/x/things/n",
            Some(&[("scope", "/subscriptions/s"), ("name", "n")]),
        );
        check(
            pattern,
            "/providers/X/things/n",
            Some(&[("scope", ""), ("name", "n")]),
        );
        check(pattern, "/things/n", None);
    }
}
