//! Where to look, as the command line says it.

use std::path::{Path, PathBuf};

use azure::env::Env;
use azure::id::{ManagementGroupName, ResourceGroupId, StorageAccountId, SubscriptionId};
use engine::check::declared::Declarations;
use engine::check::scope::{Area, Filter, Pattern, Scope, ScopeError, Shard, TagFilter};

use crate::config::fault::Fault;
use crate::state::{self, StateFileError};

/// What is said if there turned out to be nothing to look at.
pub(crate) const NOTHING_EXAMINED: &str = "error: no storage account was examined; a missing role \
     can look exactly like a scope without accounts";

/// Which parts of Azure to look at.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AreaArgs {
    /// Looks at the subscriptions below this management group; repeat it for more.
    #[arg(long = "management-group", value_name = "NAME")]
    pub management_groups: Vec<ManagementGroupName>,

    /// Looks at this subscription instead of all that can be read; repeat it for more.
    #[arg(long = "subscription", value_name = "ID")]
    pub subscriptions: Vec<SubscriptionId>,

    /// Looks at this resource group, given by its resource id; repeat it for more.
    #[arg(long = "resource-group", value_name = "ID")]
    pub resource_groups: Vec<ResourceGroupId>,

    /// Looks at this storage account, given by its resource id; repeat it for more.
    #[arg(long = "account", value_name = "ID")]
    pub accounts: Vec<StorageAccountId>,

    /// Looks at what this file lists: one subscription, resource group, account or management group a
    /// line, each by its id; `#` begins a remark.
    #[arg(long = "fleet", value_name = "FILE")]
    pub fleets: Vec<PathBuf>,
}

/// Where to look.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ScopeArgs {
    /// Which parts of Azure.
    #[command(flatten)]
    pub area: AreaArgs,

    /// Compares with this Terraform state or plan, as `terraform show -json` writes it; repeat it for
    /// more. Without another area, its accounts are looked at.
    #[arg(long = "state", value_name = "FILE")]
    pub states: Vec<PathBuf>,

    /// Which accounts there.
    #[command(flatten)]
    pub filter: FilterArgs,

    /// Looks only at this share of the accounts, such as 1/4 for the first of four.
    #[arg(long, value_name = "N/OF")]
    pub shard: Option<Shard>,
}

/// Which of the accounts to look at.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FilterArgs {
    /// Looks only at accounts with this tag, such as `env` or `env=prod`; all of several have to fit.
    #[arg(long = "tag", value_name = "NAME[=VALUE]")]
    pub tags: Vec<TagFilter>,

    /// Looks only at accounts whose name, or with a slash whose id, fits: `*` is any letters, `?` one.
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<Pattern>,

    /// Leaves out the accounts that fit.
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<Pattern>,
}

/// A file does not say where to look.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScopeFileError {
    #[error("cannot read `{path}`")]
    Read {
        path: String,
        source: std::io::Error,
    },
    #[error("line {line} of `{path}` names nothing to look at")]
    Line {
        path: String,
        line: usize,
        source: ScopeError,
    },
    #[error(transparent)]
    State(#[from] StateFileError),
    #[error("`{path}` names nothing to look at")]
    Empty { path: String },
}

/// Where to look, and what a configuration says about it.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) scope: Scope,
    pub(crate) declared: Option<Declarations>,
}

impl FilterArgs {
    /// Puts the filter together; it leaves no account to others.
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            tags: self.tags.clone(),
            shard: None,
        }
    }
}

impl ScopeArgs {
    /// Reads the files and puts everything together.
    ///
    /// # Errors
    /// A file that cannot be read, or that names nothing: it must not come to stand for everything.
    pub(crate) fn resolve(&self, env: &Env) -> Result<Wanted, ScopeFileError> {
        let mut areas = self.area.resolve(env)?;
        let state = state::read(env, &self.states)?;
        if let (true, Some(path)) = (areas.is_empty(), self.states.first()) {
            if state.accounts.is_empty() {
                return Err(empty(path));
            }
            areas.extend(state.accounts.into_iter().map(Area::Account));
        }
        let filter = Filter {
            shard: self.shard,
            ..self.filter.filter()
        };
        Ok(Wanted {
            scope: Scope { areas, filter },
            declared: (!self.states.is_empty()).then(|| Declarations::new(state.declared)),
        })
    }
}

impl AreaArgs {
    /// Reads the files and lists the areas; none stands for every readable subscription.
    ///
    /// # Errors
    /// A file that cannot be read, or that names nothing: it must not come to stand for everything.
    pub(crate) fn resolve(&self, env: &Env) -> Result<Vec<Area>, ScopeFileError> {
        let mut areas = self.areas();
        for path in &self.fleets {
            areas.extend(fleet(env, path)?);
        }
        Ok(areas)
    }

    fn areas(&self) -> Vec<Area> {
        let groups = self.management_groups.iter().cloned();
        let subscriptions = self.subscriptions.iter().cloned();
        let resource_groups = self.resource_groups.iter().cloned();
        let accounts = self.accounts.iter().cloned();
        groups
            .map(Area::ManagementGroup)
            .chain(subscriptions.map(Area::Subscription))
            .chain(resource_groups.map(Area::ResourceGroup))
            .chain(accounts.map(Area::Account))
            .collect()
    }
}

fn fleet(env: &Env, path: &Path) -> Result<Vec<Area>, ScopeFileError> {
    let text = env.read_file(path);
    let text = text.map_err(|source| ScopeFileError::Read {
        path: path.display().to_string(),
        source,
    })?;
    let areas = lines(&text).map(|(line, entry)| {
        entry.parse().map_err(|source| ScopeFileError::Line {
            path: path.display().to_string(),
            line,
            source,
        })
    });
    let areas: Vec<Area> = areas.collect::<Result<_, _>>()?;
    if areas.is_empty() {
        return Err(empty(path));
    }
    Ok(areas)
}

/// Reads a list for somebody who wants to mend it: gives the mistakes in it.
pub(crate) fn faults(text: &str) -> Vec<Fault> {
    if lines(text).next().is_none() {
        return vec![Fault::new("it names nothing to look at")];
    }
    let parsed = lines(text).map(|(line, entry)| (line, entry.parse::<Area>()));
    let refused = parsed.filter_map(|(line, area)| Some((line, area.err()?)));
    refused
        .map(|(line, error)| Fault::in_line(line, error))
        .collect()
}

/// Gives the lines that say something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(number, line)| {
        let entry = line.split('#').next().unwrap_or_default().trim();
        (!entry.is_empty()).then_some((number + 1, entry))
    })
}

fn empty(path: &Path) -> ScopeFileError {
    ScopeFileError::Empty {
        path: path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_file_has_one_area_a_line_and_remarks() {
        let text = "# ours\n\n00000000-0000-0000-0000-000000000001 # main\r\n  x\n";
        let found: Vec<_> = lines(text).collect();
        let expected = [(3, "00000000-0000-0000-0000-000000000001"), (4, "x")];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_and_not_every_subscription() {
        let nothing: [(&str, &str); 0] = [];
        let area = AreaArgs {
            fleets: vec!["/nowhere/fleet".into()],
            ..AreaArgs::default()
        };
        let args = ScopeArgs {
            area,
            ..ScopeArgs::default()
        };
        let refused = args
            .resolve(&Env::from_pairs(nothing))
            .expect_err("no such file");
        assert_eq!(refused.to_string(), "cannot read `/nowhere/fleet`");
    }
}
