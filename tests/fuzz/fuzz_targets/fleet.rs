//! Fuzzes the target `fleet` of keyrotation-targets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("fleet", bytes));
