//! Makes choices and values of bytes; when there are no more, every choice is the first one.

use std::collections::BTreeMap;

use plugin::{Type, Value};

/// How deep types may nest.
const DEPTH: usize = 3;

/// Texts that mean something somewhere, each of them nonsense elsewhere.
const TEXTS: [&str; 20] = [
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
     Microsoft.Storage/storageAccounts/stlogs",
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
     Microsoft.KeyVault/vaults/kv1",
    "https://kv1.vault.azure.net/",
    "https://kv1.vault.azure.net/storage/stlogs",
    "https://kv1.vault.azure.net/storage/stlogs/sas/rw",
    "22222222-2222-2222-2222-222222222201",
    "P30D",
    "PT4H",
    "stlogs",
    "b",
    "sco",
    "rw",
    "https",
    "key1",
    "sv=2018-03-28&ss=b&srt=sco&sp=rw&spr=https",
    "enrol",
    "access_policy",
    "30m",
    "registry.terraform.io/hashicorp/azurerm",
    "2026-01-01T00:00:00Z",
];

/// The bytes that are left.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Takes one byte; 0 if there is none.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Chooses one of several.
    pub(crate) fn one_of<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        let at = usize::from(self.byte()) % choices.len().max(1);
        choices.get(at).expect("there is something to choose from")
    }

    /// Takes some bytes, as many as the next one says.
    pub(crate) fn some(&mut self) -> &'a [u8] {
        let wanted = usize::from(self.byte());
        let (taken, rest) = self.0.split_at(wanted.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Takes all that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn text(&mut self) -> String {
        if self.byte().is_multiple_of(4) {
            String::from_utf8_lossy(self.some()).into_owned()
        } else {
            (*self.one_of(&TEXTS)).to_owned()
        }
    }

    pub(crate) fn ty(&mut self) -> Type {
        self.nested_type(DEPTH)
    }

    fn nested_type(&mut self, left: usize) -> Type {
        let kinds = if left == 0 { 4 } else { 9 };
        let item = |input: &mut Self| Box::new(input.nested_type(left.saturating_sub(1)));
        match self.byte() % kinds {
            0 => Type::String,
            1 => Type::Number,
            2 => Type::Bool,
            3 => Type::Dynamic,
            4 => Type::List(item(self)),
            5 => Type::Set(item(self)),
            6 => Type::Map(item(self)),
            7 => {
                let names = ["a", "b", "c"];
                let count = usize::from(self.byte() % 4);
                let parts = names.iter().take(count);
                Type::Object(
                    parts
                        .map(|name| ((*name).to_owned(), *item(self)))
                        .collect(),
                )
            }
            _ => {
                let count = self.byte() % 4;
                Type::Tuple((0..count).map(|_| *item(self)).collect())
            }
        }
    }

    /// Makes a value of a type.
    pub(crate) fn value(&mut self, ty: &Type) -> Value {
        match self.byte() % 8 {
            0 => return Value::Null,
            1 => return Value::UNKNOWN,
            _ => {}
        }
        match ty {
            Type::String => Value::from(self.text()),
            Type::Number => Value::from(i64::from(self.byte()) - 20),
            Type::Bool => Value::from(self.byte().is_multiple_of(2)),
            Type::Dynamic => {
                let ty = self.nested_type(0);
                // A value of an open type brings a type that is not open.
                let ty = if ty == Type::Dynamic { Type::Bool } else { ty };
                let value = self.value(&ty);
                Value::Dynamic(Box::new(ty), Box::new(value))
            }
            Type::List(item) | Type::Set(item) => {
                let count = self.byte() % 3;
                Value::List((0..count).map(|_| self.value(item)).collect())
            }
            Type::Map(item) => {
                let count = self.byte() % 3;
                let entries = (0..count).map(|_| (self.text(), self.value(item)));
                Value::Map(entries.collect::<BTreeMap<_, _>>())
            }
            Type::Object(types) => Value::Map(
                types
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.value(ty)))
                    .collect(),
            ),
            Type::Tuple(types) => Value::List(types.iter().map(|ty| self.value(ty)).collect()),
        }
    }
}
