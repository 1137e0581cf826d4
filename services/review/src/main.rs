//! The review desk, as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    host::run(&review::ROLE, review::serve)
}
