//! The projector as a process of its own.

use std::process::ExitCode;

use projector::service;

fn main() -> ExitCode {
    host::run(&service::ROLE, service::serve)
}
