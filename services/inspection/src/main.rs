//! The inspection desk, as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    host::run(&inspection::ROLE, inspection::serve)
}
