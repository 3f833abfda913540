//! Tells the program whether nghttp2 was built with assertions, which would make it slower than it is.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(nghttp2_asserts)");
    println!("cargo::rerun-if-changed=build");
    let root = env::var("DEP_NGHTTP2_ROOT").expect("libnghttp2-sys tells where it is");
    let library = Path::new(&root).join("lib/libnghttp2.a");
    println!("cargo::rerun-if-changed={}", library.display());
    let octets = fs::read(&library).expect("nghttp2 is linked statically");
    let marker = b"__assert";
    if octets.windows(marker.len()).any(|window| window == marker) {
        println!("cargo::rustc-cfg=nghttp2_asserts");
    }
}
