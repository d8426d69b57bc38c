//! The expressions of `action.yml`: inputs, outputs of steps, and comparisons with a text.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// What expressions can name.
#[derive(Debug)]
pub(super) struct Values(BTreeMap<String, String>);

impl Values {
    pub(super) fn of_inputs(inputs: BTreeMap<String, String>) -> Self {
        let named = inputs.into_iter();
        Self(
            named
                .map(|(name, value)| (format!("inputs.{name}"), value))
                .collect(),
        )
    }

    /// Keeps an output of a step.
    pub(super) fn set(&mut self, step: &str, name: &str, value: &str) {
        let name = format!("steps.{step}.outputs.{name}");
        self.0.insert(name, value.to_owned());
    }

    /// Puts values in the places of `${{ .. }}`.
    pub(super) fn fill(&self, text: &str) -> Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${{") {
            let (name, after) = behind.split_once("}}").context("an open expression")?;
            filled.push_str(before);
            filled.push_str(self.value(name.trim())?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    pub(super) fn fill_all(
        &self,
        texts: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        let filled = texts
            .iter()
            .map(|(name, text)| Ok((name.clone(), self.fill(text)?)));
        filled.collect()
    }

    /// Tells whether a step is to be run, after others have failed or not.
    pub(super) fn wants(&self, condition: &str, has_failed: bool) -> Result<bool> {
        let mut always = false;
        let mut holds = true;
        for term in condition.split(" && ").filter(|term| !term.is_empty()) {
            if term == "always()" {
                always = true;
                continue;
            }
            let words: Vec<&str> = term.split(' ').collect();
            let [name, comparison, text] = words[..] else {
                bail!("a condition that this runner does not know: {term}");
            };
            let is_equal = self.value(name)? == text.trim_matches('\'');
            holds &= match comparison {
                "==" => is_equal,
                "!=" => !is_equal,
                other => bail!("a comparison that this runner does not know: {other}"),
            };
        }
        Ok(holds && (always || !has_failed))
    }

    /// An output that no step has set is empty; an input that there is not is a mistake.
    fn value(&self, name: &str) -> Result<&str> {
        match self.0.get(name) {
            Some(value) => Ok(value),
            None if name.starts_with("steps.") => Ok(""),
            None => bail!("there is no {name}"),
        }
    }
}
