//! Fuzzes the target `rpc` of keyrotation-targets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("rpc", bytes));
