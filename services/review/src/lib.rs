//! The desk for reviews of how powers are used, for professional standards, and for acts of privacy.
//!
//! In scope: what this process is, and its domain's way in: a batch of reviews from CSV ([`batch`]). Out of scope: how a
//! desk works (`desk`), signing, and what may be recorded (`ledger-rules`).

mod batch;

pub use batch::{MAX_BATCH_BYTES, Problem, batch, template};

use desk::Service;
use host::{Host, Outcome, Role};

/// What this process is.
pub static ROLE: Role = Role {
    name: "review",
    about: "Takes reviews, what professional standards decide, and acts of privacy",
    defaults: &[("ops.listen", "127.0.0.1:9463")],
    keys: desk::KEYS,
};

/// Serves the desk until the process is asked to stop.
///
/// # Errors
/// When its settings do not do, or its copy of the ledger is not of this log.
pub async fn serve(host: Host) -> Outcome {
    desk::run(host, Service::Review).await
}
