#![no_main]
use hfetch_fuzz::property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::template::hold(data));
