//! The desk for what forces and local policing bodies owe, answer and decide, and for the registry.
//!
//! In scope: what this process is, and its domain's way in: a form with a gap for each obligation ([`form`]), and the
//! statements that a filled-in one comes to ([`assemble`]). Out of scope: how a desk works (`desk`), signing, and what
//! may be recorded (`ledger-rules`).

mod assemble;
mod form;

pub use assemble::{Assembled, FormError, MAX_FORM_BYTES, assemble};
pub use form::form;

use desk::Service;
use host::{Host, Outcome, Role};

/// What this process is.
pub static ROLE: Role = Role {
    name: "response",
    about: "Takes what forces and local policing bodies owe, answer and decide, and the registry",
    defaults: &[("ops.listen", "127.0.0.1:9465")],
    keys: desk::KEYS,
};

/// Serves the desk until the process is asked to stop.
///
/// # Errors
/// When its settings do not do, or its copy of the ledger is not of this log.
pub async fn serve(host: Host) -> Outcome {
    desk::run(host, Service::Response).await
}
