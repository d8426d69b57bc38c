//! The objects that are touched, and their names: parsed once, so that a name is fit for an address
//! and for a command line ever after.

use std::fmt;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `v1`, `Secret`.
    Secret,
    /// `apps/v1`, `Deployment`.
    Deployment,
    /// `apps/v1`, `StatefulSet`.
    StatefulSet,
    /// `apps/v1`, `DaemonSet`.
    DaemonSet,
}

impl Kind {
    /// The kinds whose pods can be restarted.
    pub const WORKLOADS: [Self; 3] = [Self::Deployment, Self::StatefulSet, Self::DaemonSet];

    /// Gives the word that `kubectl` uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
        }
    }

    /// Gives the name of the kind in an object.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }

    /// Gives the version of the API.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Secret => "v1",
            Self::Deployment | Self::StatefulSet | Self::DaemonSet => "apps/v1",
        }
    }

    fn root(self) -> &'static str {
        match self {
            Self::Secret => "/api/v1",
            Self::Deployment | Self::StatefulSet | Self::DaemonSet => "/apis/apps/v1",
        }
    }
}

/// One object in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    kind: Kind,
    namespace: String,
    name: String,
}

/// A text is no name that Kubernetes takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no name of a {what}: it takes lower-case letters, digits, `-` and inner dots, \
     253 characters at most, and begins and ends with a letter or digit"
)]
pub struct BadName {
    text: String,
    what: &'static str,
}

impl Object {
    /// Names an object.
    ///
    /// # Errors
    /// A name that a cluster would refuse.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Result<Self, BadName> {
        Ok(Self {
            kind,
            namespace: checked(namespace, "namespace")?,
            name: checked(name, kind.word())?,
        })
    }

    /// Gives the kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Borrows the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Borrows the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the path within the API.
    pub(crate) fn path(&self) -> String {
        let (root, kind) = (self.kind.root(), self.kind.word());
        format!("{root}/namespaces/{}/{kind}s/{}", self.namespace, self.name)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.word(), self.namespace, self.name)
    }
}

/// Keeps to the rule for DNS names (RFC 1123), which both kinds of names obey.
fn checked(text: &str, what: &'static str) -> Result<String, BadName> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let longest = if what == "namespace" { 63 } else { 253 };
    let label = |label: &str| {
        label.starts_with(is_plain)
            && label.ends_with(is_plain)
            && label
                .chars()
                .all(|letter| is_plain(letter) || letter == '-')
    };
    let parts = text.split('.').count();
    let fits = text.len() <= longest && text.split('.').all(label);
    if fits && (what != "namespace" || parts == 1) {
        return Ok(text.to_owned());
    }
    Err(BadName {
        text: text.to_owned(),
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_fit_for_an_address_and_a_command_line() {
        let check = |namespace: &str, name: &str, expected: bool| {
            let made = Object::new(Kind::Secret, namespace, name);
            assert_eq!(made.is_ok(), expected, "{namespace} {name}");
        };
        check("team", "storage", true);
        check("team-1", "storage.sas-0", true);
        for bad in [
            "", "-a", "a-", "A", "a_b", "a b", "a/b", "..", "a..b", "a;b", "$(x)", "é",
        ] {
            check("team", bad, false);
            check(bad, "storage", false);
        }
        check("te.am", "storage", false);
        check(&"n".repeat(64), "storage", false);
        check("team", &"n".repeat(254), false);
    }

    #[test]
    fn each_kind_has_its_place_in_the_api() {
        let path = |kind| Object::new(kind, "team", "web").map(|object| object.path());
        assert_eq!(
            path(Kind::Secret),
            Ok("/api/v1/namespaces/team/secrets/web".into())
        );
        assert_eq!(
            path(Kind::DaemonSet),
            Ok("/apis/apps/v1/namespaces/team/daemonsets/web".into())
        );
    }
}
