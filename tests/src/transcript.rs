//! What was typed and what came of it, as one text that is the same on every day.
//!
//! Moments, ages and tokens differ from run to run; they are replaced by words.

use std::fmt::Write as _;

use anyhow::Result;

use crate::cli;
use crate::emulator::Emulator;

/// A session at a terminal, written down.
#[derive(Debug)]
pub struct Transcript<'a> {
    emulator: &'a Emulator,
    text: String,
    words: Vec<(String, String)>,
}

impl<'a> Transcript<'a> {
    /// Begins an empty one.
    #[must_use]
    pub fn new(emulator: &'a Emulator) -> Self {
        let folder = emulator.scratch().path().display().to_string();
        Self {
            emulator,
            text: String::new(),
            words: vec![(folder, "[folder]".to_owned())],
        }
    }

    /// Abbreviates a long text in command lines and answers; later ones are replaced first.
    #[must_use]
    pub fn abbreviate(mut self, long: &str, short: &str) -> Self {
        self.words.insert(0, (long.to_owned(), short.to_owned()));
        self
    }

    /// Runs `keyrotation` with the words of a line, in which abbreviations stand for what they are, and
    /// writes down what came of it.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be run.
    pub fn run(&mut self, line: &str) -> Result<()> {
        let typed: Vec<String> = line.split(' ').map(|word| self.expanded(word)).collect();
        let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
        let said = cli::keyrotation(self.emulator, &typed)?;
        let code = said
            .code
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        writeln!(self.text, "$ keyrotation {line}")?;
        for (stream, text) in [("", &said.stdout), ("! ", &said.stderr)] {
            for shown in text.lines() {
                let shown = self.abbreviated(shown);
                writeln!(self.text, "{}", format!("{stream}{shown}").trim_end())?;
            }
        }
        writeln!(self.text, "[exit {code}]\n")?;
        Ok(())
    }

    /// Writes down something that happened in between.
    pub fn note(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    /// Gives the whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn expanded(&self, word: &str) -> String {
        let long = |text: String, (long, short): &(String, String)| text.replace(short, long);
        self.words.iter().fold(word.to_owned(), long)
    }

    fn abbreviated(&self, line: &str) -> String {
        let short = |text: String, (long, short): &(String, String)| text.replace(long, short);
        let line = self.words.iter().fold(line.to_owned(), short);
        narrowed(&without_days(&without_tokens(&without_moments(&line))))
    }
}

/// Replaces moments and days of this century's twenties after 2025; fixtures are of that year.
fn without_moments(line: &str) -> String {
    const FORM: &str = "0000-00-00";
    let mut shown = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let is_day = rest.len() >= FORM.len()
            && rest.is_char_boundary(FORM.len())
            && rest
                .bytes()
                .zip(FORM.bytes())
                .all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    other => byte == other,
                })
            && !rest.starts_with("2025-")
            && !rest.starts_with("2018-");
        if is_day {
            let moment = |letter: char| letter.is_ascii_digit() || "-:.TZ".contains(letter);
            rest = rest.trim_start_matches(moment);
            shown.push_str("[time]");
        } else {
            shown.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    shown
}

/// A line with a signature in it is a token.
fn without_tokens(line: &str) -> String {
    match line.find("sig=") {
        None => line.to_owned(),
        Some(_) if line.trim_start().starts_with("\"token\"") => "  \"token\": [token],".to_owned(),
        Some(_) => "[token]".to_owned(),
    }
}

/// Replaces ages of a year and more: they grow with the calendar.
fn without_days(line: &str) -> String {
    let words: Vec<_> = line.split(' ').collect();
    let shown = words.iter().enumerate().map(|(place, word)| {
        let number = word.trim_end_matches(',');
        let is_long = number.len() >= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        let before = place.checked_sub(1).and_then(|before| words.get(before));
        let after = words.get(place + 1);
        let is_age = before.is_some_and(|before| before.contains("age_days"))
            || after.is_some_and(|after| after.starts_with("days"));
        if is_long && is_age {
            word.replace(number, "[n]")
        } else {
            (*word).to_owned()
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Columns are as wide as the longest age in them, so their gaps are made alike.
fn narrowed(line: &str) -> String {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let cells = text
        .split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty());
    let cells: Vec<_> = cells.collect();
    format!("{}{}", " ".repeat(indent), cells.join("  "))
}
