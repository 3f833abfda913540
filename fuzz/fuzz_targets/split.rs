#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sans_h2_fuzz::split(data));
