//! Telling what is going to happen, and asking whether it may.

use super::error::VaultError;
use crate::output::Streams;

/// Whether somebody has to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// It was given on the command line.
    Given,
    /// A person has to give it.
    Asked,
}

impl Consent {
    /// Takes the flag of the command line.
    pub(super) fn of(yes: bool) -> Self {
        if yes { Self::Given } else { Self::Asked }
    }
}

/// Tells what is going to happen and asks a person, unless the consent is there already.
///
/// # Errors
/// The person said no, or there is nobody to ask. Nothing must be changed then.
pub(super) fn confirm(
    consent: Consent,
    what: &[String],
    streams: &mut Streams,
) -> Result<(), VaultError> {
    for line in what {
        streams.say(line);
    }
    if consent == Consent::Given {
        return Ok(());
    }
    if streams.answers.is_none() {
        return Err(VaultError::NobodyToAsk);
    }
    let answer = streams.ask("Go on? [y/N]").unwrap_or_default();
    if ["y", "yes"].contains(&answer.to_ascii_lowercase().as_str()) {
        Ok(())
    } else {
        Err(VaultError::Declined)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::output::tests::Captured;

    fn check(consent: Consent, answer: Option<&'static str>, expected: Option<&str>, said: &str) {
        let err = Captured::default();
        let mut streams = Streams::captured(io::sink(), err.clone());
        streams.answers = answer.map(|text| Box::new(text.as_bytes()) as Box<_>);
        let found = confirm(consent, &["purges it".to_owned()], &mut streams);
        let found = found.err().map(|error| error.to_string());
        assert_eq!(found.as_deref(), expected, "{answer:?}");
        assert_eq!(err.text(), said, "{answer:?}");
    }

    #[test]
    fn only_a_yes_is_consent_and_nobody_is_none() {
        let asked = "purges it\nGo on? [y/N] ";
        for yes in ["y\n", "YES\n", " yes \n"] {
            check(Consent::Asked, Some(yes), None, asked);
        }
        let declined = Some("nothing was changed");
        for no in ["n\n", "\n", "", "yess\n", "of course"] {
            check(Consent::Asked, Some(no), declined, asked);
        }
        let nobody = Some("nobody is there to be asked; nothing was changed");
        check(Consent::Asked, None, nobody, "purges it\n");
        check(Consent::Given, None, None, "purges it\n");
        check(Consent::Given, Some("n\n"), None, "purges it\n");
    }
}
