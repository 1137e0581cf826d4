//! The hub, under a name of its own so that a test can build, start and kill it.

use std::process::ExitCode;

fn main() -> ExitCode {
    host::run(&hub::ROLE, hub::serve)
}
