//! Fuzzes the target `answers` of keyrotation-targets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("answers", bytes));
