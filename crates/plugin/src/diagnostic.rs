//! What a provider tells the person who runs a core.
//!
//! Wording belongs to whoever finds the fault; this file only carries it. No secret goes into a text.

use proto::tfplugin6 as wire;

use crate::path::Path;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on.
    Warning,
}

/// One message: a short summary without a full stop, a detail in sentences, and where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What went wrong, in a few words.
    pub summary: String,
    /// What, which object, why, and what to do.
    pub detail: String,
    /// The attribute to mend, if the fix is in the configuration.
    pub path: Option<Path>,
}

impl Diagnostic {
    /// Makes an error.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, summary.into(), detail.into())
    }

    /// Makes a warning.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, summary.into(), detail.into())
    }

    /// Makes the error for what can only be the fault of the provider's own code.
    pub(crate) fn bug(what: &str) -> Diagnostic {
        let detail = format!("{what} Please report this to the developers of the provider.");
        Diagnostic::error("Bug in this provider", detail)
    }

    /// Points at an attribute.
    #[must_use]
    pub fn at(mut self, path: Path) -> Diagnostic {
        self.path = Some(path);
        self
    }

    fn new(severity: Severity, summary: String, detail: String) -> Diagnostic {
        Diagnostic {
            severity,
            summary,
            detail,
            path: None,
        }
    }
}

/// The messages of one operation, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Makes an empty collection.
    #[must_use]
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Tells whether any message is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Tells whether there is no message at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Goes through the messages.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Returns the wire form; a message that says the same as an earlier one is left out.
    pub(crate) fn into_wire(self) -> Vec<wire::Diagnostic> {
        let mut sent: Vec<Diagnostic> = Vec::with_capacity(self.0.len());
        for diagnostic in self.0 {
            if !sent.contains(&diagnostic) {
                sent.push(diagnostic);
            }
        }
        sent.into_iter().map(wire::Diagnostic::from).collect()
    }

    /// Reads the wire form.
    pub(crate) fn from_wire(diagnostics: Vec<wire::Diagnostic>) -> Diagnostics {
        diagnostics.into_iter().map(Diagnostic::from).collect()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics(vec![diagnostic])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        self.0.extend(diagnostics);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Diagnostics(diagnostics.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Diagnostic> for wire::Diagnostic {
    fn from(diagnostic: Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            Severity::Error => wire::diagnostic::Severity::Error,
            Severity::Warning => wire::diagnostic::Severity::Warning,
        };
        wire::Diagnostic {
            severity: severity.into(),
            summary: diagnostic.summary,
            detail: diagnostic.detail,
            attribute: diagnostic.path.as_ref().map(wire::AttributePath::from),
        }
    }
}

impl From<wire::Diagnostic> for Diagnostic {
    fn from(diagnostic: wire::Diagnostic) -> Self {
        let severity = match diagnostic.severity() {
            wire::diagnostic::Severity::Warning => Severity::Warning,
            wire::diagnostic::Severity::Error | wire::diagnostic::Severity::Invalid => {
                Severity::Error
            }
        };
        Diagnostic {
            severity,
            summary: diagnostic.summary,
            detail: diagnostic.detail,
            path: diagnostic.attribute.map(Path::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_once_is_not_sent_again() {
        let once =
            Diagnostic::error("Cannot read", "The vault refused.").at(Path::attribute("vault"));
        let elsewhere = once.clone().at(Path::attribute("other"));
        let all = Diagnostics::from_iter([once.clone(), elsewhere.clone(), once.clone()]);
        let sent = Diagnostics::from_wire(all.into_wire());
        assert_eq!(sent, Diagnostics::from_iter([once, elsewhere]));
    }

    #[test]
    fn a_warning_is_no_error() {
        assert!(!Diagnostics::from(Diagnostic::warning("Old", "It is old.")).has_errors());
        assert!(Diagnostics::from(Diagnostic::bug("It broke.")).has_errors());
    }
}
