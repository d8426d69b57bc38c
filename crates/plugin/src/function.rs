//! The trait a function implements: the same arguments always give the same answer.

use thiserror::Error;

use crate::types::Type;
use crate::value::Value;

/// One function, called as `provider::NAME::function(...)`.
///
/// It is pure: no clock, no request. A core may call it at any time and before the provider is configured.
pub trait Function: Send + Sync + 'static {
    /// Returns the name, without the provider's.
    fn name(&self) -> &str;

    /// Returns what it takes and gives; it must always be the same.
    fn signature(&self) -> Signature;

    /// Answers arguments that fit the signature: as many as there are parameters, and of their types.
    ///
    /// # Errors
    /// [`FunctionError`] with what is wrong, and with which argument.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// What it takes, in order.
    pub parameters: Vec<Parameter>,
    /// What it takes after that, any number of times.
    pub variadic: Option<Parameter>,
    /// What it gives.
    pub returns: Type,
    /// What it is for, in one line.
    pub summary: String,
    /// The manual, in Markdown.
    pub description: String,
    /// What to use instead.
    pub deprecation: Option<String>,
}

/// One parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, which is only shown.
    pub name: String,
    /// What it takes.
    pub ty: Type,
    /// Whether the argument may be null; a core refuses it otherwise.
    pub allow_null: bool,
    /// Whether the argument may be unknown; otherwise a core does not call, and takes the answer for unknown.
    pub allow_unknown: bool,
    /// What it is for, in Markdown.
    pub description: String,
}

/// The function cannot answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{text}")]
pub struct FunctionError {
    /// What is wrong, in sentences.
    pub text: String,
    /// With which argument, counted from 0.
    pub argument: Option<i64>,
}

impl Signature {
    /// Makes the signature of a function without parameters.
    pub fn new(returns: Type, summary: impl Into<String>) -> Signature {
        Signature {
            parameters: Vec::new(),
            variadic: None,
            returns,
            summary: summary.into(),
            description: String::new(),
            deprecation: None,
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Signature {
        self.parameters.push(parameter);
        self
    }

    /// Lets the last arguments be any number of this one.
    #[must_use]
    pub fn variadic(mut self, parameter: Parameter) -> Signature {
        self.variadic = Some(parameter);
        self
    }

    /// Sets the text of the manual.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Signature {
        self.description = description.into();
        self
    }

    /// Says what to use instead.
    #[must_use]
    pub fn deprecated(mut self, instead: impl Into<String>) -> Signature {
        self.deprecation = Some(instead.into());
        self
    }

    /// Returns the parameter that an argument is for.
    pub(crate) fn parameter_at(&self, position: usize) -> Option<&Parameter> {
        self.parameters.get(position).or(self.variadic.as_ref())
    }
}

impl Parameter {
    /// Makes a parameter that takes known values.
    pub fn new(name: impl Into<String>, ty: Type) -> Parameter {
        Parameter {
            name: name.into(),
            ty,
            allow_null: false,
            allow_unknown: false,
            description: String::new(),
        }
    }

    /// Sets the text of the manual.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Parameter {
        self.description = description.into();
        self
    }

    /// Takes null too.
    #[must_use]
    pub fn allow_null(mut self) -> Parameter {
        self.allow_null = true;
        self
    }

    /// Takes unknown values, and values of which parts are unknown, too.
    #[must_use]
    pub fn allow_unknown(mut self) -> Parameter {
        self.allow_unknown = true;
        self
    }
}

impl FunctionError {
    /// Makes an error that no single argument is to blame for.
    pub fn new(text: impl Into<String>) -> FunctionError {
        FunctionError {
            text: text.into(),
            argument: None,
        }
    }

    /// Blames an argument, counted from 0.
    #[must_use]
    pub fn at(mut self, argument: i64) -> FunctionError {
        self.argument = Some(argument);
        self
    }
}
