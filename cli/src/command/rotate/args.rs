//! The words of `keyrotation rotate`.

pub(crate) mod apps;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use azure::cloud::Cloud;
use clap::Subcommand;
use jiff::Timestamp;
use rotation::period::Period;
use rotation::slot::KeySlot;

use self::apps::AppsArgs;
use crate::plan_file::Content;
use crate::scope::ScopeArgs;

/// What stands for the name of an account.
const ACCOUNT: &str = "{account}";

/// What makes a plan, and is of no use beside one. The groups of arguments that hold other groups
/// have no members for clap.
const PLANNED: [&str; 22] = [
    "management_groups",
    "subscriptions",
    "resource_groups",
    "accounts",
    "fleets",
    "states",
    "FilterArgs",
    "shard",
    "max_age",
    "due_soon",
    "both",
    "wait",
    "vault_uri",
    "secret_name",
    "content",
    "in_use",
    "no_verify",
    "assume_unmanaged",
    "group_by",
    "AppsArgs",
    "config",
    "cloud",
];

/// Renews keys that are due, without breaking those who use them
///
/// An account that a vault manages is rotated through the vault. Of any other one the key in use is
/// published as a secret of a vault; the other key is renewed, published in its place, and the one
/// before stays good until the next turn. An account whose key has no place to be published is
/// never touched.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct RotateArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RotateCommand,
}

/// The parts of a rotation.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "clap would take the texts instead of those of the arguments"
)]
pub enum RotateCommand {
    Plan(Box<PlanCommandArgs>),
    Apply(Box<ApplyArgs>),
    Resume(ResumeArgs),
    Status(StatusArgs),
}

/// Says which keys would be renewed, by which way, and who is affected
///
/// Looks at the same accounts as `keyrotation check` and takes those with a key that is overdue, due
/// soon or of unknown age, unless somebody has waived that. Nothing is changed, no key is listed.
///
/// Exit codes:
///   0  the plan covers every account that is due, or none is
///   1  no plan was made: wrong usage, no sign-in, no account, a bug
///   2  some accounts are due and cannot be rotated as things are; the plan says why
///   3  nothing else is wrong, but part of the scope, or an app, could not be read
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct PlanCommandArgs {
    /// What is planned.
    #[command(flatten)]
    pub plan: PlanArgs,

    /// The file that the plan is written to.
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "keyrotation-plan.json"
    )]
    pub out: PathBuf,

    /// What time it is.
    #[command(flatten)]
    pub moment: MomentArgs,
}

/// Carries a plan out, at most one step an account unless the plan is for both keys
///
/// Makes a plan if none is given, asks at a terminal, and writes a journal before each change. An
/// account whose keys have changed since the plan was made is refused; the others go on.
///
/// Exit codes:
///   0  everything was done, and nothing was skipped
///   1  nothing was done: wrong usage, no sign-in, no consent, a bug
///   2  something was skipped, refused or left; `keyrotation rotate resume` goes on
///   3  nothing else is wrong, but part of the scope could not be read
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct ApplyArgs {
    /// The plan, as `keyrotation rotate plan` writes it; without one it is made now.
    #[arg(value_name = "PLAN", conflicts_with_all = PLANNED)]
    pub file: Option<PathBuf>,

    /// What is planned if no plan is given.
    #[command(flatten)]
    pub plan: PlanArgs,

    /// Goes on without asking.
    #[arg(long)]
    pub auto_approve: bool,

    /// The journal; a file that is there already is left alone
    /// [default: `keyrotation-ID.journal`, with an id of its own].
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,

    /// What is run after each publication.
    #[command(flatten)]
    pub hook: HookArgs,

    /// What time it is.
    #[command(flatten)]
    pub moment: MomentArgs,
}

/// Goes on where a run ended, by its journal
///
/// What was done is not done again: the keys and the secret tell what is left. No consent is asked:
/// it was given when the journal was begun.
///
/// Exit codes:
///   0  everything is done, and nothing was skipped
///   1  nothing was done: wrong usage, no sign-in, no journal, a bug
///   2  something is skipped, refused or left
///   3  nothing else is wrong, but part of the scope could not be read
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct ResumeArgs {
    /// The journal.
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,

    /// What is run after each publication.
    #[command(flatten)]
    pub hook: HookArgs,

    /// What time it is.
    #[command(flatten)]
    pub moment: MomentArgs,
}

/// Says how far a run came, by its journal alone
///
/// Exit codes:
///   0  everything is done, and nothing was skipped
///   1  the journal cannot be read
///   2  something is skipped, refused or left
///   3  nothing else is wrong, but part of the scope could not be read
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct StatusArgs {
    /// The journal.
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,
}

/// What is run after a publication.
#[derive(Debug, Default, clap::Args)]
pub struct HookArgs {
    /// Runs this command after each publication; the other key waits until it has ended well.
    ///
    /// It is given references in its environment and never a key: `KEYROTATION_ACCOUNT`,
    /// `KEYROTATION_SLOT`, `KEYROTATION_SECRET_ID` and `KEYROTATION_SECRET_VERSION`.
    #[arg(long, value_name = "COMMAND")]
    pub after_publish: Option<String>,
}

/// What time it is.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct MomentArgs {
    /// The moment it is at the start, such as 2026-06-01T00:00:00Z [default: now].
    ///
    /// For rehearsals on an emulator whose clock was put forward. In Azure, a moment ahead of the
    /// time lets a key be renewed before its clients have had their time.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
}

/// How a key is renewed, with a person or without.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TurnArgs {
    /// How long clients have to take up what was published, before the key before it is renewed
    /// [default: P1D].
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<Period>,

    /// The slot that clients use where nothing is published yet [default: key1].
    #[arg(long, value_name = "SLOT")]
    pub in_use: Option<KeySlot>,

    /// Publishes a new key without having seen that it opens the account, for accounts that this
    /// machine cannot reach.
    #[arg(long)]
    pub no_verify: bool,

    /// Vouches that no vault manages the accounts, where a role of Key Vault says that one may.
    #[arg(long)]
    pub assume_unmanaged: bool,
}

/// What is planned.
#[derive(Debug, Default, clap::Args)]
pub struct PlanArgs {
    /// Where to look.
    #[command(flatten)]
    pub scope: ScopeArgs,

    /// The age that no key may outgrow, as an ISO 8601 duration in days or smaller units
    /// [default: P90D].
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<Period>,

    /// How long before that age a key is due [default: P14D].
    #[arg(long, value_name = "DURATION")]
    pub due_soon: Option<Period>,

    /// Renews both keys where the one in use is due: publishes one, renews the other, publishes that,
    /// and renews the first, with the waiting time in between.
    #[arg(long, requires = "wait")]
    pub both: bool,

    /// The vault in which keys are published, as `https://{vault}.vault.azure.net`.
    #[arg(long, value_name = "URI")]
    pub vault_uri: Option<String>,

    /// The name of the secret, such as `st-{account}`, in which the account's name is put.
    #[arg(long, value_name = "TEMPLATE")]
    pub secret_name: Option<SecretTemplate>,

    /// What the secret holds [default: key].
    #[arg(long, value_enum, value_name = "CONTENT")]
    pub content: Option<Content>,

    /// How a key is renewed.
    #[command(flatten)]
    pub turn: TurnArgs,

    /// Which apps get the other key.
    #[command(flatten)]
    pub apps: AppsArgs,

    /// Never has two accounts with the same value of a tag under way at once, such as `tag=team`.
    #[arg(long, value_name = "tag=NAME")]
    pub group_by: Option<GroupTag>,

    /// The settings with waivers and places
    /// [default: `keyrotation.toml` in the current folder, if there is one].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The cloud the subscriptions are in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
}

/// The name of a secret with a place for the name of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretTemplate(String);

impl SecretTemplate {
    /// Puts the name of an account in its place.
    pub fn name_for(&self, account: &str) -> String {
        self.0.replace(ACCOUNT, account)
    }
}

/// The tag by which accounts are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTag(pub(crate) String);

/// A text is none of the words of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordError {
    /// No template: every account would be published in one place.
    Template(String),
    /// No tag.
    Tag(String),
}

impl std::error::Error for WordError {}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(text) => write!(f, "`{text}` has no {ACCOUNT} in it"),
            Self::Tag(text) => write!(f, "`{text}` is no tag such as tag=team"),
        }
    }
}

impl FromStr for SecretTemplate {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        if text.contains(ACCOUNT) {
            Ok(Self(text.to_owned()))
        } else {
            Err(WordError::Template(text.to_owned()))
        }
    }
}

impl FromStr for GroupTag {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let name = text.strip_prefix("tag=").map(str::trim);
        let name = name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| WordError::Tag(text.to_owned()))?;
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::args::Args;

    #[test]
    fn nothing_that_makes_a_plan_is_taken_beside_one() {
        let mut command = Args::command();
        command.build();
        let rotate = command.find_subcommand("rotate").expect("the command");
        let plan = rotate.find_subcommand("plan").expect("the command");
        let of_itself = ["out", "as_of", "help", "verbose"];
        for argument in plan.get_arguments() {
            let (id, long) = (argument.get_id().as_str(), argument.get_long());
            if of_itself.contains(&id) {
                continue;
            }
            let flag = format!("--{}", long.expect("a name"));
            let value = match id {
                "both" | "no_verify" | "assume_unmanaged" | "app_settings" => String::new(),
                "management_groups" => "=root".to_owned(),
                "subscriptions" | "apps_in" => "=00000000-0000-0000-0000-000000000001".to_owned(),
                "resource_groups" => format!("={GROUP}"),
                "accounts" => {
                    format!("={GROUP}/providers/Microsoft.Storage/storageAccounts/stlogs")
                }
                "shard" => "=1/2".to_owned(),
                "max_age" | "due_soon" | "wait" => "=P1D".to_owned(),
                "secret_name" => "=st-{account}".to_owned(),
                "content" => "=key".to_owned(),
                "in_use" => "=key1".to_owned(),
                "group_by" => "=tag=team".to_owned(),
                "cloud" => "=public".to_owned(),
                _ => "=x".to_owned(),
            };
            check(&format!("{flag}{value}"), false);
        }
        check("--auto-approve", true);
    }

    const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg";

    fn check(word: &str, is_taken: bool) {
        let words = ["keyrotation", "rotate", "apply", "plan.json", word];
        let refused = Args::try_parse_from(words).err();
        let refused = refused.map(|error| error.to_string());
        let conflict = refused
            .as_deref()
            .map(|text| text.contains("cannot be used with"));
        assert_eq!(conflict, (!is_taken).then_some(true), "{word}: {refused:?}");
    }
}
