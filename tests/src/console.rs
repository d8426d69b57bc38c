//! What a page tells its reader to type and to save, in the order of the page.
//!
//! A block of the language `console` holds commands behind `$ ` and, below each, what it prints. A
//! line `[exit N]` says with which code the command ends, if it is not 0. A block below a line that
//! ends with a file's name, as in "Write `main.tf`:", is saved under that name; "Add to `main.tf`:"
//! appends it.

pub mod compare;
pub mod session;

use anyhow::{Context, Result, bail, ensure};

/// One thing that a reader does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Saves a file.
    File {
        /// Its name, below the folder in which the reader works.
        name: String,
        /// What is put into it.
        text: String,
        /// Whether it goes behind what the file holds.
        append: bool,
    },
    /// Types a command.
    Type(Command),
}

/// A command and what the page says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The line of the page, from 1.
    pub line: usize,
    /// What is typed, with its continuation lines.
    pub text: String,
    /// The lines that the page shows below it; none says nothing about what is printed.
    pub shown: Vec<String>,
    /// The code with which it ends.
    pub code: i32,
}

/// A fenced block of a page.
struct Block<'a> {
    line: usize,
    language: &'a str,
    before: &'a str,
    body: Vec<&'a str>,
}

/// Reads what a page tells its reader to do.
///
/// # Errors
///
/// Fails if a block is not closed, or if one of the language `console` begins without a command.
pub fn steps(page: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for block in blocks(page)? {
        if block.language == "console" {
            steps.extend(commands(&block)?.into_iter().map(Step::Type));
        } else if let Some(name) = file_name(block.before) {
            let mut text = block.body.join("\n");
            text.push('\n');
            steps.push(Step::File {
                name: name.to_owned(),
                text,
                append: block.before.contains("dd to `"),
            });
        }
    }
    Ok(steps)
}

fn blocks(page: &str) -> Result<Vec<Block<'_>>> {
    let mut found = Vec::new();
    let mut before = "";
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim_start();
        let Some(language) = trimmed.strip_prefix("```") else {
            if !trimmed.is_empty() {
                before = trimmed;
            }
            continue;
        };
        let indent = line.len() - trimmed.len();
        let mut body = Vec::new();
        loop {
            let inner = lines.next().map(|(_, inner)| inner);
            let inner = inner.with_context(|| format!("line {}: no end", number + 1))?;
            if inner.trim() == "```" {
                break;
            }
            body.push(inner.get(indent..).unwrap_or_default());
        }
        found.push(Block {
            line: number + 1,
            language,
            before,
            body,
        });
        before = "";
    }
    Ok(found)
}

/// Finds the name at the end of "Write `main.tf`:".
fn file_name(sentence: &str) -> Option<&str> {
    let (_, name) = sentence.strip_suffix("`:")?.rsplit_once('`')?;
    (name.contains('.') && !name.contains(char::is_whitespace)).then_some(name)
}

fn commands(block: &Block<'_>) -> Result<Vec<Command>> {
    let mut found: Vec<Command> = Vec::new();
    for (offset, line) in block.body.iter().enumerate() {
        let number = block.line + 1 + offset;
        if let Some(text) = line.strip_prefix("$ ") {
            found.push(Command {
                line: number,
                text: text.to_owned(),
                shown: Vec::new(),
                code: 0,
            });
            continue;
        }
        let Some(command) = found.last_mut() else {
            bail!("line {number}: a console block begins with a command behind `$ `");
        };
        if command.shown.is_empty() && command.text.ends_with('\\') {
            command.text = format!("{}\n{line}", command.text);
        } else if let Some(code) = exit_code(line) {
            command.code = code;
        } else {
            command.shown.push((*line).to_owned());
        }
    }
    ensure!(!found.is_empty(), "line {}: an empty block", block.line);
    Ok(found)
}

fn exit_code(line: &str) -> Option<i32> {
    line.strip_prefix("[exit ")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
Write `main.tf`:

```terraform
a = 1
```

1. Type it:

   ```console
   $ one \\
       more
   $ two
   said …
   [exit 2]
   ```

```json
{}
```
";

    #[test]
    fn files_commands_answers_and_codes_are_read() -> Result<()> {
        let command = |line, text: &str, shown: &[&str], code| {
            Step::Type(Command {
                line,
                text: text.to_owned(),
                shown: shown.iter().map(|&one| one.to_owned()).collect(),
                code,
            })
        };
        let file = Step::File {
            name: "main.tf".to_owned(),
            text: "a = 1\n".to_owned(),
            append: false,
        };
        let expected = [
            file,
            command(10, "one \\\n    more", &[], 0),
            command(12, "two", &["said …"], 2),
        ];
        assert_eq!(steps(PAGE)?, expected);
        Ok(())
    }

    #[test]
    fn a_block_that_begins_with_output_or_does_not_end_is_refused() {
        for page in ["```console\nsaid\n```\n", "```console\n$ one\n"] {
            assert!(steps(page).is_err(), "{page}");
        }
    }
}
