//! The two key slots of a storage account.
//!
//! What is *in* a slot is key material and lives in the Azure room; this is only its name.

use std::fmt;
use std::str::FromStr;

/// One of the two slots that hold an account's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySlot {
    /// The slot Azure calls `key1`.
    Key1,
    /// The slot Azure calls `key2`.
    Key2,
}

impl KeySlot {
    /// Both slots, in Azure's order.
    pub const ALL: [Self; 2] = [Self::Key1, Self::Key2];

    /// Names the slot that is left when this one is in use.
    pub fn other(self) -> Self {
        match self {
            Self::Key1 => Self::Key2,
            Self::Key2 => Self::Key1,
        }
    }

    /// Gives the name that Azure uses on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key1 => "key1",
            Self::Key2 => "key2",
        }
    }
}

impl fmt::Display for KeySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeySlot {
    type Err = UnknownSlot;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|slot| slot.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownSlot(text.to_owned()))
    }
}

/// The text names no slot of a storage account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key slot; the slots are `key1` and `key2`")]
pub struct UnknownSlot(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_written_as_azure_writes_them() {
        assert_eq!("Key2".parse(), Ok(KeySlot::Key2));
        assert_eq!(KeySlot::Key1.to_string(), "key1");
        assert_eq!(KeySlot::Key1.other(), KeySlot::Key2);
    }

    #[test]
    fn kerberos_and_classic_names_are_refused() {
        for text in ["kerb1", "primary", "", "key3"] {
            assert_eq!(text.parse::<KeySlot>(), Err(UnknownSlot(text.to_owned())));
        }
    }
}
