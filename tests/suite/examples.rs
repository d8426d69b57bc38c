//! The examples that people copy do on the emulator what their READMEs say.

mod action;
mod fleet;
mod module;
mod settings;
