//! The response desk, as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    host::run(&response::ROLE, response::serve)
}
