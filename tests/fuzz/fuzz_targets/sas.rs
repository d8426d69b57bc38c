//! Fuzzes the target `sas` of keyrotation-targets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("sas", bytes));
