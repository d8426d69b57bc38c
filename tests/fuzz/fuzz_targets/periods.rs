//! Fuzzes the target `periods` of keyrotation-targets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("periods", bytes));
