//! The recorder as a process of its own.

use std::process::ExitCode;

use recorder::service;

fn main() -> ExitCode {
    host::run(&service::ROLE, service::serve)
}
