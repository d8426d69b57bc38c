//! What a command is to do, settled once: arguments over environment over default.
//!
//! Pure: the environment comes in as a value, and nothing is opened or sent.

use std::path::PathBuf;

use azure::cloud::{Cloud, UnknownCloud};
use azure::env::Env;
use engine::check::{Evidence, Question};
use jiff::Timestamp;
use rotation::drift::Demand;
use rotation::finding::Severity;
use rotation::period::Period;
use rotation::profile::Profile;

use crate::args::{CheckArgs, Color, EvidenceArg, Output};
use crate::config::Config;
use crate::output::Screen;
use crate::report::format::Format;
use crate::report::human::{GroupBy, Look, Paint};
use crate::scope::Wanted;

/// The age that no key may outgrow, in days.
const DEFAULT_MAX_AGE: u32 = 90;
/// How long before that age a key counts as due soon, in days.
const DEFAULT_DUE_SOON: u32 = 14;

/// What `check` is to do.
#[derive(Clone, Debug)]
pub(crate) struct CheckSettings {
    pub(crate) question: Question,
    pub(crate) fail_on: Severity,
    /// Whether the settings of apps are looked at.
    pub(crate) app_settings: bool,
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
    #[error("--app-settings is of use with the profile entra only, and this is {profile}")]
    AppSettings { profile: Profile },
}

impl CheckSettings {
    /// Settles what is to be done.
    ///
    /// # Errors
    /// A variable that has no usable value, two reports for one place, or options that do not go together.
    pub(crate) fn resolve(
        args: &CheckArgs,
        wanted: Wanted,
        config: Config,
        env: &Env,
        screen: Screen,
    ) -> Result<Self, SettingsError> {
        let fail_on = args.fail_on.or(config.fail_on);
        let question = question(args, wanted, config);
        let profile = question.demand.profile;
        if args.app_settings && profile != Profile::Entra {
            return Err(SettingsError::AppSettings { profile });
        }
        Ok(Self {
            fail_on: fail_on.unwrap_or(Severity::Info),
            question,
            app_settings: args.app_settings,
            as_of: args.as_of,
            cloud: cloud(args.cloud, env)?,
            outputs: outputs(args.format, &args.outputs)?,
            look: look(args.color, args.group_by, env, screen),
        })
    }
}

fn question(args: &CheckArgs, wanted: Wanted, config: Config) -> Question {
    let demand = Demand {
        profile: args.profile.or(config.profile).unwrap_or_default(),
        ..demand(args.max_age, args.due_soon, &config)
    };
    let mut scope = wanted.scope;
    scope.filter.include.extend(config.include);
    scope.filter.exclude.extend(config.exclude);
    Question {
        scope,
        demand,
        evidence: match args.evidence {
            EvidenceArg::Needed => Evidence::Needed,
            EvidenceArg::Log => Evidence::Log,
        },
        declared: wanted.declared,
        waivers: config.waivers,
        published: false,
    }
}

/// Settles what is demanded of the keys, by the profile that is about their ages alone.
pub(crate) fn demand(max_age: Option<Period>, due_soon: Option<Period>, config: &Config) -> Demand {
    Demand {
        max_key_age: max_age
            .or(config.max_age)
            .unwrap_or(Period::days(DEFAULT_MAX_AGE)),
        due_soon: due_soon
            .or(config.due_soon)
            .unwrap_or(Period::days(DEFAULT_DUE_SOON)),
        profile: Profile::default(),
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

/// Lists where the report goes, and refuses to write two to one place.
pub(crate) fn outputs(
    format: Option<Format>,
    named: &[Output],
) -> Result<Vec<Output>, SettingsError> {
    let mut outputs: Vec<_> = format.map(Output::stdout).into_iter().collect();
    outputs.extend(named.iter().cloned());
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

/// Settles how the human report looks.
pub(crate) fn look(color: Color, group_by: GroupBy, env: &Env, screen: Screen) -> Look {
    Look {
        paint: paint(color, env, screen),
        width: screen.width,
        group_by,
    }
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
    use engine::check::scope::Scope;

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
        let env = Env::from_pairs(variables.iter().copied());
        let wanted = args.scope.resolve(&env).expect("no file is named");
        CheckSettings::resolve(&args, wanted, Config::default(), &env, screen)
    }

    #[test]
    fn without_words_the_whole_of_the_public_cloud_is_held_to_ninety_days() {
        let settings = resolve(&[], &[]).expect("nothing contradicts");
        assert_eq!(settings.question.scope, Scope::default());
        assert_eq!(settings.question.demand.max_key_age.to_string(), "P90D");
        assert_eq!(settings.question.demand.due_soon.to_string(), "P14D");
        assert_eq!((settings.cloud, settings.as_of), (Cloud::Public, None));
    }

    #[test]
    fn an_argument_wins_over_the_file_and_the_file_over_the_default() {
        let check = |words: &[&str], expected: &str| {
            let args = Check::try_parse_from([&["check"], words].concat())
                .expect("usage")
                .args;
            let nothing: [(&str, &str); 0] = [];
            let env = Env::from_pairs(nothing);
            let wanted = args.scope.resolve(&env).expect("no file is named");
            let config = Config {
                max_age: Some(Period::days(60)),
                ..Config::default()
            };
            let question = question(&args, wanted, config);
            let demand = question.demand;
            let said = format!(
                "{} {} {}",
                demand.max_key_age, demand.due_soon, demand.profile
            );
            assert_eq!(said, expected, "{words:?}");
        };
        check(&[], "P60D P14D keys");
        check(&["--max-age", "P30D", "--profile", "cis"], "P30D P14D cis");
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
