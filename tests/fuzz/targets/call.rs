#![no_main]
#[path = "../property/mod.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::call::hold(data));
