//! The rule that accounts are held to: whose question is asked.

use std::fmt;
use std::str::FromStr;

/// A rule, with the findings that break it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Each key by itself is within the limit.
    #[default]
    Keys,
    /// Some key was regenerated within the limit: rule StorageAccounts-002 of Trend Micro Conformity.
    Conformity002,
    /// The benchmark of the Center for Internet Security: each key within the limit, a reminder set,
    /// and keys refused where they are not needed.
    Cis,
    /// Each key within the limit, and what keeps the account from refusing its keys altogether.
    Entra,
}

impl Profile {
    /// Lists all profiles, the default one first.
    pub const ALL: [Self; 4] = [Self::Keys, Self::Conformity002, Self::Cis, Self::Entra];

    /// Gives the name that people and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Conformity002 => "conformity-002",
            Self::Cis => "cis",
            Self::Entra => "entra",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownProfile(text.to_owned()))
    }
}

/// The text names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no profile; there are `keys`, `conformity-002`, `cis` and `entra`")]
pub struct UnknownProfile(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_read_by_its_name_and_others_are_refused() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        assert_eq!(
            "strict".parse::<Profile>(),
            Err(UnknownProfile("strict".to_owned()))
        );
    }
}
