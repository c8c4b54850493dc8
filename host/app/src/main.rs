//! The `shopkeeper` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    shopkeeper::cli::main()
}
