//! Where in a value something is, for diagnostics and replacements.

use std::fmt;

use proto::tfplugin6::AttributePath;
use proto::tfplugin6::attribute_path::Step as WireStep;
use proto::tfplugin6::attribute_path::step::Selector;

/// A way into a value; the empty way is the value itself.
///
/// Elements of a set have no address: point at the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To an attribute of an object.
    Attribute(String),
    /// To an entry of a map.
    Key(String),
    /// To an item of a list or a tuple.
    Index(i64),
}

impl Path {
    /// Returns the path to the whole value.
    #[must_use]
    pub fn root() -> Path {
        Path::default()
    }

    /// Returns the path to an attribute at the top.
    #[must_use]
    pub fn attribute(name: &str) -> Path {
        Path::root().then(name)
    }

    /// Goes on to an attribute of the object reached so far.
    #[must_use]
    pub fn then(self, name: &str) -> Path {
        self.step(Step::Attribute(name.to_owned()))
    }

    /// Goes on to an entry of the map reached so far.
    #[must_use]
    pub fn key(self, key: &str) -> Path {
        self.step(Step::Key(key.to_owned()))
    }

    /// Goes on to an item of the list or tuple reached so far.
    #[must_use]
    pub fn index(self, index: i64) -> Path {
        self.step(Step::Index(index))
    }

    /// Returns the steps from the top.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Goes on by one step.
    pub(crate) fn step(mut self, step: Step) -> Path {
        self.0.push(step);
        self
    }
}

/// Shows the path as the configuration language would write it; the empty path is an empty text.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<&Path> for AttributePath {
    fn from(path: &Path) -> Self {
        let steps = path.steps().iter().map(|step| WireStep {
            selector: Some(selector(step)),
        });
        AttributePath {
            steps: steps.collect(),
        }
    }
}

impl From<AttributePath> for Path {
    fn from(path: AttributePath) -> Self {
        let selectors = path.steps.into_iter().filter_map(|step| step.selector);
        Path(selectors.map(from_selector).collect())
    }
}

fn selector(step: &Step) -> Selector {
    match step {
        Step::Attribute(name) => Selector::AttributeName(name.clone()),
        Step::Key(key) => Selector::ElementKeyString(key.clone()),
        Step::Index(index) => Selector::ElementKeyInt(*index),
    }
}

fn from_selector(selector: Selector) -> Step {
    match selector {
        Selector::AttributeName(name) => Step::Attribute(name),
        Selector::ElementKeyString(key) => Step::Key(key),
        Selector::ElementKeyInt(index) => Step::Index(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_it_would_be_written() {
        let path = Path::attribute("rules")
            .index(2)
            .then("tags")
            .key("team \"a\"");
        assert_eq!(path.to_string(), r#"rules[2].tags["team \"a\""]"#);
        assert_eq!(Path::root().to_string(), "");
    }

    #[test]
    fn a_path_survives_the_wire() {
        let path = Path::attribute("rules").index(2).then("tags").key("team");
        assert_eq!(Path::from(AttributePath::from(&path)), path);
    }
}
