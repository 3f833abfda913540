//! An HTTP/2 client: any number of URLs at once, over one connection for each origin. `fetch --help` tells more.

use std::process::ExitCode;

use clap::Parser;
use examples::fetch::{Options, run};

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fetch: {error:#}");
            ExitCode::FAILURE
        }
    }
}
