//! `action.yml`, read line by line: mappings two spaces deeper than what they belong to, and texts of one line.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// The action.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    inputs: BTreeMap<String, Option<String>>,
    outputs: BTreeMap<String, String>,
    steps: Vec<Step>,
}

/// One of its steps.
#[derive(Debug, Default)]
pub(super) struct Step {
    fields: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    with: BTreeMap<String, String>,
    act: Option<Act>,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Act {
    /// Runs a script.
    Run(String),
    /// Calls an action of somebody else.
    Uses(String),
}

impl Manifest {
    pub(super) fn read(text: &str) -> Result<Self> {
        let mut manifest = Self::default();
        let mut above: [&str; 2] = ["", ""];
        for line in text.lines() {
            let trimmed = line.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let depth = line.len() - trimmed.len();
            let (key, value) = field(trimmed).with_context(|| format!("odd: {line}"))?;
            match depth {
                0 => above = [key, ""],
                2 => above[1] = key,
                _ => {}
            }
            manifest
                .take(above, depth, key, value)
                .with_context(|| format!("this runner does not know: {line}"))?;
        }
        Ok(manifest)
    }

    fn take(&mut self, above: [&str; 2], depth: usize, key: &str, value: &str) -> Result<()> {
        match (above, depth) {
            (["name" | "description" | "author" | "branding", _], _) => {}
            (["inputs" | "outputs" | "runs", _], 0) | (["outputs", _], 2) => {}
            (["inputs", name], 2) => drop(self.inputs.insert(name.to_owned(), None)),
            (["inputs", name], 4) if key == "default" => {
                self.inputs.insert(name.to_owned(), Some(value.to_owned()));
            }
            (["inputs", _], 4) if ["description", "required"].contains(&key) => {}
            (["outputs", name], 4) if key == "value" => {
                self.outputs.insert(name.to_owned(), value.to_owned());
            }
            (["outputs", _], 4) if key == "description" => {}
            (["runs", "using"], 2) if value == "composite" => {}
            (["runs", "steps"], 2) => {}
            (["runs", "steps"], _) => self.take_of_step(depth, key, value)?,
            _ => bail!("a field out of place"),
        }
        Ok(())
    }

    fn take_of_step(&mut self, depth: usize, key: &str, value: &str) -> Result<()> {
        if depth == 4 {
            self.steps.push(Step::default());
        }
        let step = self.steps.last_mut().context("no step yet")?;
        let (key, value) = (key.trim_start_matches("- "), value.to_owned());
        match (depth, key) {
            (4 | 6, "env" | "with") => drop(step.fields.insert("part".to_owned(), key.to_owned())),
            (4 | 6, "run") => step.act = Some(Act::Run(value)),
            (4 | 6, "uses") => step.act = Some(Act::Uses(value)),
            (4 | 6, "shell") if value == "bash" => {}
            (4 | 6, "name" | "id" | "if" | "working-directory") => {
                step.fields.insert(key.to_owned(), value);
            }
            (8, _) if step.field("part") == "env" => drop(step.env.insert(key.to_owned(), value)),
            (8, _) => drop(step.with.insert(key.to_owned(), value)),
            _ => bail!("a field out of place"),
        }
        Ok(())
    }

    /// Gives each input its value.
    pub(super) fn inputs(&self, given: &[(&str, &str)]) -> Result<BTreeMap<String, String>> {
        let mut inputs: BTreeMap<String, String> = self
            .inputs
            .iter()
            .map(|(name, default)| (name.clone(), default.clone().unwrap_or_default()))
            .collect();
        for (name, value) in given {
            let place = inputs.get_mut(*name);
            *place.with_context(|| format!("the action has no input {name}"))? =
                (*value).to_owned();
        }
        Ok(inputs)
    }

    pub(super) fn outputs(&self) -> &BTreeMap<String, String> {
        &self.outputs
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl Step {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(super) fn id(&self) -> &str {
        self.field("id")
    }

    pub(super) fn condition(&self) -> &str {
        self.field("if")
    }

    pub(super) fn working_directory(&self) -> &str {
        self.field("working-directory")
    }

    pub(super) fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    pub(super) fn with(&self) -> &BTreeMap<String, String> {
        &self.with
    }

    pub(super) fn act(&self) -> &Act {
        const NOTHING: &Act = &Act::Run(String::new());
        self.act.as_ref().unwrap_or(NOTHING)
    }
}

/// Splits `key: value`; a remark behind the value and quotes around it are no part of it.
fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let value = value.split(" # ").next().unwrap_or_default().trim();
    let unquoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    Some((key, unquoted.unwrap_or(value)))
}
