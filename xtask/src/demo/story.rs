//! How the demo talks: numbered steps, commands, remarks, and what other programs said.

use crate::screen;

/// Counts the steps of the demo while it tells them.
pub struct Story {
    steps: u32,
}

impl Story {
    /// Opens the story.
    pub fn new() -> Self {
        screen::say("The life of a rotated storage account, on an emulated Azure.");
        Self { steps: 0 }
    }

    /// Begins the next step.
    pub fn step(&mut self, title: &str) {
        self.steps += 1;
        screen::say(&format!("\n{:2}. {title}", self.steps));
    }

    /// Shows what a person would type or send.
    pub fn command(&self, text: &str) {
        screen::say(&format!("    $ {text}"));
    }

    /// Makes a remark.
    pub fn tell(&self, text: &str) {
        screen::say(&format!("    {text}"));
    }

    /// Shows what another program said.
    pub fn quote(&self, text: &str) {
        screen::quote(text);
    }

    /// Ends the story.
    pub fn end(self, text: &str) {
        screen::say(&format!("\n{text}"));
    }
}
