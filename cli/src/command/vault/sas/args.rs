//! The flags of `keyrotation vault sas-definition`; their texts are the help.

use azure::cloud::Cloud;
use azure::id::{ManagedStorageName, VaultUrl};
use azure::sas::SasTemplate;
use clap::{ArgAction, Args, Subcommand, ValueEnum};
use engine::managed::Place;
use rotation::period::Period;

use super::super::args::{ChangeArgs, DefinitionArgs, Form, Tag};
use super::super::error::VaultError;

/// Works with the recipes by which a vault mints tokens
///
/// Each reading of a definition's secret mints a token, signed by the active key and good for the
/// validity period. Keep that within the regeneration period, so that no token outlives its key.
#[derive(Debug, Args)]
pub struct SasArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SasCommand,
}

/// A command over SAS definitions.
#[derive(Debug, Subcommand)]
pub enum SasCommand {
    /// Defines a kind of token.
    Create(CreateArgs),
    /// Lists the definitions of an enrolment.
    List(ListArgs),
    /// Shows one definition.
    Show(ShowArgs),
    /// Changes a definition; what is not named stays.
    Update(UpdateArgs),
    /// Deletes a definition: no more tokens can be had by it.
    Delete(OneArgs),
    /// Lists the definitions of an enrolment that were deleted and can be recovered.
    ListDeleted(ListArgs),
    /// Shows one definition that was deleted.
    ShowDeleted(ShowArgs),
    /// Brings a definition back that was deleted.
    Recover(OneArgs),
}

/// An enrolment whose definitions are looked at.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The name of the vault.
    #[arg(long, value_name = "NAME")]
    pub vault_name: String,
    /// The name of the enrolment in the vault.
    #[arg(long, value_name = "NAME")]
    pub account_name: ManagedStorageName,
    /// The cloud the vault is in: public, usgovernment or china
    /// [default: `ARM_ENVIRONMENT`, else public].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// The form of what is shown.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub format: Form,
}

/// One definition to look at.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which.
    #[command(flatten)]
    pub place: DefinitionArgs,
    /// The form of what is shown.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub format: Form,
}

/// One definition to act on.
#[derive(Debug, Args)]
pub struct OneArgs {
    /// Which.
    #[command(flatten)]
    pub place: DefinitionArgs,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// What tokens to define.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Where.
    #[command(flatten)]
    pub place: DefinitionArgs,
    /// What tokens allow, as an account token without start, end and signature, such as
    /// `sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https`; newer versions than that are refused, because
    /// Storage would refuse their tokens.
    #[arg(long, value_name = "TEMPLATE")]
    pub template_uri: SasTemplate,
    /// The kind of token.
    #[arg(long, value_enum, default_value_t = SasType::Account)]
    pub sas_type: SasType,
    /// How long each token is good, as an ISO 8601 duration such as PT4H.
    #[arg(long, value_name = "DURATION")]
    pub validity_period: Period,
    /// Defines tokens that nobody can have yet.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1)]
    #[arg(default_value_t = false, default_missing_value = "true")]
    pub disabled: bool,
    /// The tags of the record, as NAME=VALUE.
    #[arg(long, value_name = "NAME=VALUE", num_args = 0..)]
    pub tags: Vec<Tag>,
    /// Brings a deleted definition back that holds the name.
    #[arg(long)]
    pub recover: bool,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// What to change of a definition.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Which.
    #[command(flatten)]
    pub place: DefinitionArgs,
    /// What tokens allow, as an account token without start, end and signature.
    #[arg(long, value_name = "TEMPLATE")]
    pub template_uri: Option<SasTemplate>,
    /// The kind of token, which does not change.
    #[arg(long, value_enum)]
    pub sas_type: Option<SasType>,
    /// How long each token is good, as an ISO 8601 duration such as PT4H.
    #[arg(long, value_name = "DURATION")]
    pub validity_period: Option<Period>,
    /// Whether nobody can have tokens.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1)]
    #[arg(default_missing_value = "true")]
    pub disabled: Option<bool>,
    /// All tags of the record, as NAME=VALUE; without a value there are none.
    #[arg(long, value_name = "NAME=VALUE", num_args = 0..)]
    pub tags: Option<Vec<Tag>>,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// A kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SasType {
    /// Tokens of an account: the only ones that a vault can be relied on for.
    Account,
}

impl ListArgs {
    /// Says which enrolment is meant.
    ///
    /// # Errors
    /// A name that no vault can have.
    pub(super) fn place(&self, cloud: &Cloud) -> Result<Place, VaultError> {
        Ok(Place {
            vault: VaultUrl::of_name(&self.vault_name, cloud)?,
            name: self.account_name.clone(),
        })
    }
}

impl SasCommand {
    /// Gives the cloud that the command names.
    pub(in super::super) fn cloud(&self) -> Option<Cloud> {
        match self {
            Self::Create(args) => args.place.cloud,
            Self::List(args) | Self::ListDeleted(args) => args.cloud,
            Self::Show(args) | Self::ShowDeleted(args) => args.place.cloud,
            Self::Update(args) => args.place.cloud,
            Self::Delete(args) | Self::Recover(args) => args.place.cloud,
        }
    }
}
