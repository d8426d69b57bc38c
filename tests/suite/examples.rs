//! The examples that people copy do on the emulator what their READMEs say.

mod fleet;
mod module;
