//! `scrutiny hub`: every force's ledger side by side.

mod check_fork;
mod register;
mod status;

use crate::cli::{Common, Hub};
use crate::exit::Done;
use crate::output::Output;

pub(crate) fn run(command: &Hub, at: &Common, out: Output) -> Done {
    match command {
        Hub::Status(args) => status::run(args, at, out),
        Hub::Register(args) => register::run(args, out),
        Hub::CheckFork(args) => check_fork::run(args, out),
    }
}
