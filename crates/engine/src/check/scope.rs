//! What to look at: areas of Azure, and which of the accounts there.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use azure::id::{ManagementGroupName, ResourceGroupId, StorageAccountId, SubscriptionId};

/// What to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The areas; none stands for every subscription that the identity can read.
    pub areas: Vec<Area>,
    /// Which of the accounts there.
    pub filter: Filter,
}

/// A part of Azure that holds accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// Every subscription that the identity can read.
    EveryReadable,
    /// The subscriptions below a management group.
    ManagementGroup(ManagementGroupName),
    /// A subscription, and a hole if it cannot be read.
    Subscription(SubscriptionId),
    /// A resource group.
    ResourceGroup(ResourceGroupId),
    /// One account.
    Account(StorageAccountId),
}

/// Which accounts of an area are looked at; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only accounts that one of these describes, if there are any.
    pub include: Vec<Pattern>,
    /// No account that one of these describes.
    pub exclude: Vec<Pattern>,
    /// Only accounts that carry all of these.
    pub tags: Vec<TagFilter>,
    /// Only this share of the accounts.
    pub shard: Option<Shard>,
}

/// A tag that an account has to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilter {
    /// Its name; Azure compares it without case.
    pub name: String,
    /// Its value; any if there is none.
    pub value: Option<String>,
}

/// A description of accounts: `*` stands for any letters and `?` for one; case does not matter.
///
/// With a slash in it, it is about the whole resource id, else about the account's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// One of several shares that together are all accounts, and of which no two have one in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

/// A text is none of the words of a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// No share.
    #[error("`{0}` is no share such as 1/4, the first of four")]
    Shard(String),
    /// No tag.
    #[error("`{0}` is no tag such as env or env=prod")]
    Tag(String),
    /// No pattern.
    #[error("an empty pattern describes nothing")]
    Pattern,
    /// No area.
    #[error(
        "`{0}` is neither a subscription, a resource group, a storage account nor a management \
         group"
    )]
    Area(String),
}

/// What a filter makes of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is looked at.
    Mine,
    /// Another share looks at it.
    Others,
    /// Nobody looks at it.
    Nobodys,
}

impl Scope {
    /// Looks at these subscriptions.
    pub fn subscriptions(ids: Vec<SubscriptionId>) -> Self {
        Self {
            areas: ids.into_iter().map(Area::Subscription).collect(),
            filter: Filter::default(),
        }
    }

    /// Says the scope in words, one for each area and restriction.
    pub fn words(&self) -> Vec<String> {
        let everywhere = self
            .areas
            .is_empty()
            .then(|| Area::EveryReadable.to_string());
        let areas = self.areas.iter().map(Area::to_string);
        let filter = &self.filter;
        let include = filter.include.iter().map(|one| format!("include {one}"));
        let exclude = filter.exclude.iter().map(|one| format!("exclude {one}"));
        let tags = filter.tags.iter().map(|one| format!("tag {one}"));
        let shard = filter.shard.iter().map(|one| format!("shard {one}"));
        everywhere
            .into_iter()
            .chain(areas)
            .chain(include)
            .chain(exclude)
            .chain(tags)
            .chain(shard)
            .collect()
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryReadable => f.write_str("every readable subscription"),
            Self::ManagementGroup(name) => write!(f, "management group {name}"),
            Self::Subscription(id) => write!(f, "subscription {id}"),
            Self::ResourceGroup(id) => id.fmt(f),
            Self::Account(id) => id.fmt(f),
        }
    }
}

impl FromStr for Area {
    type Err = ScopeError;

    /// Reads a subscription's bare id, or the resource id of anything that holds accounts.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        const MANAGEMENT_GROUPS: &str = "/providers/microsoft.management/managementgroups/";
        let lower = text.to_ascii_lowercase();
        let management_group = lower
            .starts_with(MANAGEMENT_GROUPS)
            .then(|| text.get(MANAGEMENT_GROUPS.len()..)?.parse().ok())
            .flatten();
        let bare = lower.strip_prefix("/subscriptions/").unwrap_or(&lower);
        None.or_else(|| management_group.map(Self::ManagementGroup))
            .or_else(|| bare.parse().ok().map(Self::Subscription))
            .or_else(|| text.parse().ok().map(Self::ResourceGroup))
            .or_else(|| text.parse().ok().map(Self::Account))
            .ok_or_else(|| ScopeError::Area(text.to_owned()))
    }
}

impl Filter {
    /// Tells whether the account is looked at.
    pub fn fate(&self, id: &StorageAccountId, tags: &BTreeMap<String, String>) -> Fate {
        let is_of = |patterns: &[Pattern]| patterns.iter().any(|one| one.describes(id));
        let included = self.include.is_empty() || is_of(&self.include);
        let tagged = self.tags.iter().all(|one| one.is_among(tags));
        if !included || !tagged || is_of(&self.exclude) {
            return Fate::Nobodys;
        }
        match self.shard {
            Some(shard) if !shard.has(id) => Fate::Others,
            _ => Fate::Mine,
        }
    }
}

impl TagFilter {
    fn is_among(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case(&self.name)
                && self.value.as_ref().is_none_or(|wanted| wanted == value)
        })
    }
}

impl FromStr for TagFilter {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.trim().is_empty() {
            return Err(ScopeError::Tag(text.to_owned()));
        }
        let name = name.trim().to_owned();
        Ok(Self { name, value })
    }
}

impl fmt::Display for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.value
            .iter()
            .try_for_each(|value| write!(f, "={value}"))
    }
}

impl Pattern {
    /// Tells whether it describes the account.
    pub fn describes(&self, id: &StorageAccountId) -> bool {
        let text = if self.0.contains('/') {
            id.as_str()
        } else {
            id.name()
        };
        matches(self.0.as_bytes(), text.as_bytes())
    }
}

/// Compares letter by letter and, where a `*` took too little, goes on from there with one more.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star = None;
    while from < text.len() {
        let letter = text.get(from).map(u8::to_ascii_lowercase);
        match pattern.get(at).map(u8::to_ascii_lowercase) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(wanted) if wanted == b'?' || Some(wanted) == letter => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((place, taken)) = star else {
                    return false;
                };
                star = Some((place, taken + 1));
                at = place + 1;
                from = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == b'*')
}

impl FromStr for Pattern {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        match text.trim() {
            "" => Err(ScopeError::Pattern),
            text => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Shard {
    /// Tells whether the account is of this share: the same account is always of the same one.
    fn has(self, id: &StorageAccountId) -> bool {
        // FNV-1a, which will be the same in every version of this program.
        let hash = id
            .as_str()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, letter| {
                (hash ^ u64::from(letter.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
            });
        // The lower bits of this hash are poor, so the upper ones are mixed in.
        (hash ^ (hash >> 32)) % u64::from(self.of) == u64::from(self.number - 1)
    }
}

impl FromStr for Shard {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let read = |text: &str| text.trim().parse::<u32>().ok();
        text.split_once('/')
            .and_then(|(number, of)| Some((read(number)?, read(of)?)))
            .filter(|(number, of)| (1..=*of).contains(number))
            .map(|(number, of)| Self { number, of })
            .ok_or_else(|| ScopeError::Shard(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests;
