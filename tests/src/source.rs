//! Reads our Rust sources the way the architecture tests need them: without comments and literals,
//! and function by function. No parser: brackets and the word `fn` are enough.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::metadata;
use crate::place;

/// One file of Rust source.
#[derive(Debug)]
pub struct SourceFile {
    /// Its path from the root of the checkout, with forward slashes.
    pub path: String,
    /// Its whole text.
    pub text: String,
    /// Its text with every comment, string and character turned into blanks.
    pub code: String,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// How many lines between its braces hold code.
    pub lines: usize,
}

impl SourceFile {
    /// Reads a text as a source file.
    #[must_use]
    pub fn new(path: String, text: String) -> Self {
        let code = without_comments_and_literals(&text);
        Self { path, text, code }
    }

    /// Returns the functions in the order of their names' appearance.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        words(&self.code, "fn")
            .filter_map(|start| function(self.code.get(start..)?))
            .collect()
    }

    /// Says whether the code uses the word, which may hold punctuation, on its own.
    #[must_use]
    pub fn uses(&self, word: &str) -> bool {
        words(&self.code, word).next().is_some()
    }
}

/// Returns every source file of the workspace.
///
/// # Errors
///
/// Fails if a file cannot be read.
pub fn all() -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for room in metadata::rooms()? {
        collect(&room.folder, &mut files)?;
    }
    ensure!(!files.is_empty(), "the workspace has no source");
    files.sort_by(|one, other| one.path.cmp(&other.path));
    // A room may lie in the folder of another one.
    files.dedup_by(|one, other| one.path == other.path);
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let name = path.strip_prefix(place::root()).unwrap_or(&path);
            files.push(SourceFile::new(
                name.to_string_lossy().replace('\\', "/"),
                text,
            ));
        }
    }
    Ok(())
}

/// Finds where `word` stands on its own in `code`, and returns what comes right behind it.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).filter_map(move |(start, _)| {
        let end = start + word.len();
        let before = code.get(..start).and_then(|text| text.chars().next_back());
        let after = code.get(end..).and_then(|text| text.chars().next());
        let alone_before = !word.starts_with(joins) || !before.is_some_and(joins);
        let alone_after = !word.ends_with(joins) || !after.is_some_and(joins);
        (alone_before && alone_after).then_some(end)
    })
}

/// Reads a function whose name comes next; a declaration without a body is none.
fn function(code: &str) -> Option<Function> {
    let name: String = code
        .trim_start()
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    if name.is_empty() {
        return None;
    }
    let mut depth = 0_i32;
    let mut body = None;
    for (position, letter) in code.char_indices() {
        match letter {
            ';' if depth == 0 => return None,
            '{' if depth == 0 && body.is_none() => body = Some(position + 1),
            _ => {}
        }
        depth += match letter {
            '(' | '[' | '{' => 1,
            ')' | ']' | '}' => -1,
            _ => 0,
        };
        if let Some(start) = body
            && depth == 0
        {
            let lines = code.get(start..position)?.lines();
            return Some(Function {
                name,
                lines: lines.filter(|line| !line.trim().is_empty()).count(),
            });
        }
    }
    None
}

/// Turns comments, strings and characters into blanks; line breaks stay where they are.
fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after_word = code
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_');
        let length = blank_length(rest, after_word);
        let (taken, left) = rest.split_at(length.unwrap_or(letter.len_utf8()));
        if length.is_some() {
            code.extend(
                taken
                    .chars()
                    .map(|letter| if letter == '\n' { '\n' } else { ' ' }),
            );
        } else {
            code.push_str(taken);
        }
        rest = left;
    }
    code
}

/// Returns the length of the comment or literal at the start of `rest`, if there is one.
fn blank_length(rest: &str, after_word: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_length(rest));
    }
    if rest.starts_with('"') {
        return Some(quoted_length(rest, '"'));
    }
    if rest.starts_with('\'') {
        return character_length(rest);
    }
    let opening = rest.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let hashes = opening.len() - opening.trim_start_matches('#').len();
    let is_raw = !after_word && opening.get(hashes..)?.starts_with('"');
    is_raw.then(|| raw_length(rest, hashes))
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut position = 0;
    while let Some(here) = rest.get(position..).filter(|here| !here.is_empty()) {
        let step = if here.starts_with("/*") {
            depth += 1;
            2
        } else if here.starts_with("*/") {
            depth = depth.saturating_sub(1);
            2
        } else {
            here.chars().next().map_or(1, char::len_utf8)
        };
        position += step;
        if depth == 0 {
            break;
        }
    }
    position
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (position, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return position + letter.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Tells a character from a lifetime, which has no closing quote.
fn character_length(rest: &str) -> Option<usize> {
    let mut letters = rest.chars().skip(1);
    let first = letters.next()?;
    let is_character = first == '\\' || letters.next() == Some('\'');
    is_character.then(|| quoted_length(rest, '\''))
}

fn raw_length(rest: &str, hashes: usize) -> usize {
    let closing = format!("\"{}", "#".repeat(hashes));
    let start = rest.find('"').map_or(rest.len(), |position| position + 1);
    let end = rest.get(start..).and_then(|text| text.find(&closing));
    end.map_or(rest.len(), |position| start + position + closing.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_code(text: &str, expected: &str) {
        let code = without_comments_and_literals(text);
        assert_eq!(code.len(), text.len(), "positions stay: {text}");
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words.join(" "), expected, "{text}");
    }

    #[test]
    fn comments_and_literals_become_blanks() {
        check_code("a // {\nb", "a b");
        check_code("a /* /* } */ */ b", "a b");
        check_code(r#"f("{\"}") + 1"#, "f( ) + 1");
        check_code(r##"f(r#"{"}"#)"##, "f( )");
        check_code(r#"f(b"{", br"}")"#, "f(b , )");
        check_code(r"'{' '\'' &'a str", "&'a str");
        check_code("var\"{\"", "var");
    }

    fn check_functions(text: &str, expected: &[(&str, usize)]) {
        let file = SourceFile::new("x.rs".to_owned(), text.to_owned());
        let found = file.functions();
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|function| (function.name.as_str(), function.lines))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn functions_are_measured_by_their_lines_of_code() {
        check_functions("fn a() {}", &[("a", 0)]);
        check_functions(
            "fn a() {\n  // why\n  b();\n\n  c();\n}\nfn d();",
            &[("a", 2)],
        );
        check_functions(
            "fn a(x: [u8; 3]) -> F where F: Fn(fn() -> u8) {\n  1\n}",
            &[("a", 1)],
        );
        check_functions(
            "fn a() {\n  fn b() {\n    c();\n  }\n}",
            &[("a", 3), ("b", 1)],
        );
    }
}
