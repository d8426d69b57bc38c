//! What all names and ids have in common, written once.
//!
//! The macros speak the words of the module above: `Folded`, `Resource`, `IdError`.

/// Gives a newtype over [`Folded`] its constructor, display and conversions.
macro_rules! folded_name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Folded);

        impl $name {
            /// Borrows the name in its original letters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(Folded(text.to_owned())))
                } else {
                    Err(IdError::new($kind, text, $rule))
                }
            }
        }

        text_conversions!($name);
    };
}

/// Gives a type that has `FromStr` and `as_str` the conversions every id has.
macro_rules! text_conversions {
    ($name:ident) => {
        impl TryFrom<&str> for $name {
            type Error = IdError;

            fn try_from(text: &str) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }
    };
}

/// Gives an ARM resource type its id: parts, constructor and conversions.
macro_rules! resource_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $provider:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Resource);

        impl $name {
            /// Builds the id from its parts.
            ///
            /// # Errors
            /// A resource group or name that Azure would not accept.
            pub fn new(
                subscription: &SubscriptionId,
                resource_group: &str,
                name: &str,
            ) -> Result<Self, IdError> {
                concat_id(subscription, resource_group, $provider, name).parse()
            }

            /// Borrows the subscription the resource is in.
            #[must_use]
            pub fn subscription(&self) -> &SubscriptionId {
                &self.0.subscription
            }

            /// Borrows the name of the resource group.
            #[must_use]
            pub fn resource_group(&self) -> &str {
                &self.0.resource_group.0
            }

            /// Borrows the name of the resource.
            #[must_use]
            pub fn name(&self) -> &str {
                &self.0.name.0
            }

            /// Borrows the whole id in its original letters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0.text.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                Resource::parse(text, $provider, check)
                    .map(Self)
                    .map_err(|rule| IdError::new($kind, text, rule))
            }
        }

        text_conversions!($name);
    };
}
