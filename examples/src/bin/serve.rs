//! An HTTP/2 server: files, an echo, and as many octets as are asked for. `serve --help` tells more.

use std::process::ExitCode;

use clap::Parser;
use examples::serve::{Options, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error:#}");
            ExitCode::FAILURE
        }
    }
}
