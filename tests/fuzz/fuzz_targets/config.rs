//! Fuzzes the target `config` of keyrotation-targets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("config", bytes));
