//! What a command is to do, settled once: arguments over environment over default.
//!
//! Pure: the environment comes in as a value, and nothing is opened or sent.

use std::path::PathBuf;

use azure::cloud::{Cloud, UnknownCloud};
use azure::env::Env;
use engine::check::scope::Scope;
use jiff::Timestamp;
use rotation::drift::Demand;
use rotation::profile::Profile;

use crate::args::{CheckArgs, Color, Output};
use crate::output::Screen;
use crate::report::format::Format;
use crate::report::human::{Look, Paint};

/// What `check` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckSettings {
    pub(crate) scope: Scope,
    pub(crate) demand: Demand,
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) cloud: Cloud,
    pub(crate) outputs: Vec<Output>,
    pub(crate) look: Look,
}

/// The settings contradict what there is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("cannot use the variable {name}")]
    Variable {
        name: &'static str,
        source: UnknownCloud,
    },
    #[error("cannot write two reports to {place}: name a file for one of them")]
    SamePlace { place: String },
}

impl CheckSettings {
    /// Settles what is to be done.
    ///
    /// # Errors
    /// A variable that has no usable value, or two reports for one place.
    pub(crate) fn resolve(
        args: &CheckArgs,
        env: &Env,
        screen: Screen,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            scope: match args.subscriptions.as_slice() {
                [] => Scope::default(),
                some => Scope::subscriptions(some.to_vec()),
            },
            demand: Demand {
                max_key_age: args.max_age,
                due_soon: args.due_soon,
                profile: Profile::Keys,
            },
            as_of: args.as_of,
            cloud: cloud(args.cloud, env)?,
            outputs: outputs(args)?,
            look: Look {
                paint: paint(args.color, env, screen),
                width: screen.width,
                group_by: args.group_by,
            },
        })
    }
}

fn cloud(argument: Option<Cloud>, env: &Env) -> Result<Cloud, SettingsError> {
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

/// Lists where the report goes, and refuses to write two to one place.
fn outputs(args: &CheckArgs) -> Result<Vec<Output>, SettingsError> {
    let mut outputs: Vec<_> = args.format.map(Output::stdout).into_iter().collect();
    outputs.extend(args.outputs.iter().cloned());
    if outputs.is_empty() {
        outputs.push(Output::stdout(Format::Human));
    }
    for (number, output) in outputs.iter().enumerate() {
        if outputs
            .iter()
            .skip(number + 1)
            .any(|other| other.file == output.file)
        {
            let stdout = || "stdout".to_owned();
            let file = |file: &PathBuf| format!("`{}`", file.display());
            let place = output.file.as_ref().map_or_else(stdout, file);
            return Err(SettingsError::SamePlace { place });
        }
    }
    Ok(outputs)
}

fn paint(color: Color, env: &Env, screen: Screen) -> Paint {
    match color {
        Color::Always => Paint::Colored,
        Color::Auto if screen.is_terminal && env.var("NO_COLOR").is_none() => Paint::Colored,
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
        let screen = Screen {
            is_terminal: true,
            width: Some(80),
        };
        CheckSettings::resolve(&args, &Env::from_pairs(variables.iter().copied()), screen)
    }

    #[test]
    fn without_words_the_whole_of_the_public_cloud_is_held_to_ninety_days() {
        let settings = resolve(&[], &[]).expect("nothing contradicts");
        assert_eq!(settings.scope, Scope::default());
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
    fn no_two_reports_go_to_one_place() {
        let check = |words: &[&str], expected: Option<usize>| {
            let count = resolve(words, &[]).map(|found| found.outputs.len());
            assert_eq!(count.ok(), expected, "{words:?}");
        };
        check(&[], Some(1));
        check(&["--output", "html=a.html"], Some(1));
        check(&["--output", "html=a", "-o", "sarif=b", "-o", "-"], Some(3));
        check(&["--format", "json", "-o", "html=a"], Some(2));
        check(&["--format", "json", "-o", "-"], None);
        check(&["-o", "json", "-o", "sarif"], None);
        check(&["-o", "json=a", "-o", "sarif=a"], None);
    }

    #[test]
    fn colour_needs_a_terminal_and_consent_unless_it_is_demanded() {
        let check = |words: &[&str], variables: &[(&str, &str)], expected: Paint| {
            let settings = resolve(words, variables).expect("nothing contradicts");
            assert_eq!(settings.look.paint, expected, "{words:?} {variables:?}");
        };
        check(&[], &[], Paint::Colored);
        check(&[], &[("NO_COLOR", "1")], Paint::Plain);
        check(&["--color", "always"], &[("NO_COLOR", "1")], Paint::Colored);
        check(&["--color", "never"], &[], Paint::Plain);
    }
}
