//! The door to environment variables, small files and random ids.
//!
//! Each `main.rs` builds one [`Env::process`]; everything below takes it as an argument, so that
//! tests put a map in its place.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use uuid::Uuid;

/// Answers questions about the surroundings of the process, or about invented ones.
#[derive(Clone)]
pub struct Env(Source);

#[derive(Clone)]
enum Source {
    Process,
    Invented(Arc<Invented>),
}

struct Invented {
    variables: BTreeMap<String, String>,
    ids: AtomicU64,
}

impl Env {
    /// Opens the real environment.
    #[must_use]
    pub fn process() -> Self {
        Self(Source::Process)
    }

    /// Invents an environment of these variables alone; its ids count up from one.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        Self(Source::Invented(Arc::new(Invented {
            variables,
            ids: AtomicU64::new(0),
        })))
    }

    /// Reads a variable; one that is empty or not Unicode counts as absent.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Source::Process => read_variable(name),
            Source::Invented(invented) => invented.variables.get(name).cloned(),
        };
        value.filter(|text| !text.is_empty())
    }

    /// Reads the first of several variables that is set.
    #[must_use]
    pub fn first_var(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.var(name))
    }

    /// Reads a small text file, such as a certificate bundle.
    ///
    /// # Errors
    /// Whatever the file system says; the caller adds the path.
    pub fn read_file(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    /// Reads a small file of any bytes, such as a certificate with its key.
    ///
    /// # Errors
    /// Whatever the file system says; the caller adds the path.
    pub fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    /// Makes an id that nobody else has.
    #[must_use]
    pub fn random_id(&self) -> Uuid {
        match &self.0 {
            Source::Process => Uuid::new_v4(),
            Source::Invented(invented) => {
                Uuid::from_u128(u128::from(invented.ids.fetch_add(1, Ordering::Relaxed)) + 1)
            }
        }
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Variables hold client secrets, so not even invented ones are shown.
        f.write_str(match self.0 {
            Source::Process => "Env(process)",
            Source::Invented(_) => "Env(invented)",
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the door to the environment"
)]
fn read_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_an_absent_one() {
        let env = Env::from_pairs([("EMPTY", ""), ("FULL", "x")]);
        assert_eq!(env.var("EMPTY"), None);
        assert_eq!(env.var("FULL").as_deref(), Some("x"));
        assert_eq!(env.first_var(&["EMPTY", "FULL"]).as_deref(), Some("x"));
    }

    #[test]
    fn an_invented_environment_does_not_see_the_real_one() {
        let nothing: [(&str, &str); 0] = [];
        assert_eq!(Env::from_pairs(nothing).var("PATH"), None);
    }

    #[test]
    fn ids_differ() {
        let env = Env::from_pairs([("A", "b")]);
        assert_ne!(env.random_id(), env.random_id());
        assert_ne!(Env::process().random_id(), Env::process().random_id());
    }

    #[test]
    fn debug_shows_no_variable() {
        let env = Env::from_pairs([("ARM_CLIENT_SECRET", "canary")]);
        assert_eq!(format!("{env:?}"), "Env(invented)");
    }
}
