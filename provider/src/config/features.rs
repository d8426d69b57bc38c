//! How the resources shall behave where they do not say so themselves.

use engine::precheck::Deleted;
use plugin::{Attribute, Value};

/// What the provider block says about the behaviour of all resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Features {
    /// Whether a soft-deleted object of the same name is recovered instead of being an error.
    pub(crate) recover_soft_deleted: bool,
    /// Whether destroying an object also purges what the vault would keep of it.
    pub(crate) purge_on_destroy: bool,
    /// Whether resources grant what is missing, unless their own `grant_access` says otherwise.
    pub(crate) grant_access: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            recover_soft_deleted: true,
            purge_on_destroy: false,
            grant_access: true,
        }
    }
}

impl Features {
    /// Says what to do about a deleted object that holds a name.
    pub(crate) fn of_deleted(self) -> Deleted {
        if self.recover_soft_deleted {
            Deleted::Recover
        } else {
            Deleted::Refuse
        }
    }

    /// Reads the provider block; what is not set, or not known yet, has its default.
    pub(crate) fn read(block: &Value) -> Self {
        let default = Self::default();
        let switch = |name: &str, otherwise| block.get(name).as_bool().unwrap_or(otherwise);
        Self {
            recover_soft_deleted: switch("recover_soft_deleted", default.recover_soft_deleted),
            purge_on_destroy: switch("purge_on_destroy", default.purge_on_destroy),
            grant_access: switch("grant_access", default.grant_access),
        }
    }
}

/// Describes the arguments.
pub(super) fn attributes() -> [Attribute; 3] {
    [
        Attribute::bool("recover_soft_deleted").optional().describe(
            "Whether an object that was deleted, and that the vault still keeps, is recovered \
             when one of the same name is created. Otherwise creating it fails. Default: `true`.",
        ),
        Attribute::bool("purge_on_destroy").optional().describe(
            "Whether destroying an object also purges what the vault would keep of it. Nothing \
             brings it back then. Default: `false`.",
        ),
        Attribute::bool("grant_access").optional().describe(
            "Whether resources grant the rights that are missing, unless their own \
             `grant_access` says otherwise. Default: `true`.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_or_not_known_has_its_default() {
        let check = |block: Value, expected: Features| {
            assert_eq!(Features::read(&block), expected, "{block:?}");
        };
        let default = Features::default();
        check(Value::Null, default);
        let unknown = Value::object([("purge_on_destroy", Value::unknown())]);
        check(unknown, default);
        let set = Value::object([
            ("recover_soft_deleted", Value::from(false)),
            ("purge_on_destroy", Value::from(true)),
            ("grant_access", Value::from(false)),
        ]);
        check(
            set,
            Features {
                recover_soft_deleted: false,
                purge_on_destroy: true,
                grant_access: false,
            },
        );
    }
}
