//! The hub as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    host::run(&hub::ROLE, hub::serve)
}
