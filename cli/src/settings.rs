//! What a command is to do, settled once: arguments over environment over default.
//!
//! Pure: the environment comes in as a value, and nothing is opened or sent.

use azure::cloud::{Cloud, UnknownCloud};
use azure::env::Env;
use engine::check::Scope;
use jiff::Timestamp;
use rotation::drift::Demand;

use crate::args::{CheckArgs, Color, Format};
use crate::report::human::Paint;

/// What `check` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckSettings {
    pub(crate) scope: Scope,
    pub(crate) demand: Demand,
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) cloud: Cloud,
    pub(crate) format: Format,
    pub(crate) paint: Paint,
}

/// The settings contradict what there is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("cannot use the variable {name}")]
    Variable {
        name: &'static str,
        source: UnknownCloud,
    },
}

impl CheckSettings {
    /// Settles what is to be done.
    ///
    /// # Errors
    /// A variable that has no usable value.
    pub(crate) fn resolve(
        args: &CheckArgs,
        env: &Env,
        out_is_terminal: bool,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            scope: match args.subscriptions.as_slice() {
                [] => Scope::EveryReadable,
                some => Scope::Subscriptions(some.to_vec()),
            },
            demand: Demand {
                max_key_age: args.max_age,
                due_soon: args.due_soon,
            },
            as_of: args.as_of,
            cloud: cloud(args.cloud, env)?,
            format: args.format,
            paint: paint(args.color, env, out_is_terminal),
        })
    }
}

/// Settles the cloud: the argument over the variable over the public one.
///
/// # Errors
/// A variable that names no cloud.
pub(crate) fn cloud(argument: Option<Cloud>, env: &Env) -> Result<Cloud, SettingsError> {
    const NAME: &str = "ARM_ENVIRONMENT";
    if let Some(cloud) = argument {
        return Ok(cloud);
    }
    let Some(text) = env.var(NAME) else {
        return Ok(Cloud::default());
    };
    text.parse()
        .map_err(|source| SettingsError::Variable { name: NAME, source })
}

fn paint(color: Color, env: &Env, out_is_terminal: bool) -> Paint {
    match color {
        Color::Always => Paint::Colored,
        Color::Auto if out_is_terminal && env.var("NO_COLOR").is_none() => Paint::Colored,
        Color::Auto | Color::Never => Paint::Plain,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Check {
        #[command(flatten)]
        args: CheckArgs,
    }

    fn resolve(words: &[&str], variables: &[(&str, &str)]) -> Result<CheckSettings, SettingsError> {
        let words = std::iter::once(&"check").chain(words);
        let Check { args } = Check::try_parse_from(words).expect("good usage");
        CheckSettings::resolve(&args, &Env::from_pairs(variables.iter().copied()), true)
    }

    #[test]
    fn without_words_the_whole_of_the_public_cloud_is_held_to_ninety_days() {
        let settings = resolve(&[], &[]).expect("nothing contradicts");
        assert_eq!(settings.scope, Scope::EveryReadable);
        assert_eq!(settings.demand.max_key_age.to_string(), "P90D");
        assert_eq!(settings.demand.due_soon.to_string(), "P14D");
        assert_eq!((settings.cloud, settings.as_of), (Cloud::Public, None));
    }

    #[test]
    fn an_argument_wins_over_a_variable_and_a_bad_variable_is_refused() {
        let check = |words: &[&str], value: &str, expected: Option<Cloud>| {
            let cloud = resolve(words, &[("ARM_ENVIRONMENT", value)]).map(|found| found.cloud);
            assert_eq!(cloud.ok(), expected, "{words:?} {value}");
        };
        check(&[], "usgovernment", Some(Cloud::UsGovernment));
        check(&["--cloud", "china"], "usgovernment", Some(Cloud::China));
        check(&[], "moon", None);
    }

    #[test]
    fn colour_needs_a_terminal_and_consent_unless_it_is_demanded() {
        let check = |words: &[&str], variables: &[(&str, &str)], expected: Paint| {
            let settings = resolve(words, variables).expect("nothing contradicts");
            assert_eq!(settings.paint, expected, "{words:?} {variables:?}");
        };
        check(&[], &[], Paint::Colored);
        check(&[], &[("NO_COLOR", "1")], Paint::Plain);
        check(&["--color", "always"], &[("NO_COLOR", "1")], Paint::Colored);
        check(&["--color", "never"], &[], Paint::Plain);
    }
}
