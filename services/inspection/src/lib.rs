//! The desk for what an inspectorate publishes, finds, grades and closes, and its way in from a spreadsheet.
//!
//! In scope: reading an inspection report from XLSX, CSV or YAML into statements to sign ([`import`]). Out of
//! scope: signing them, and what may be recorded (`ledger-rules`,
//! early at the desk, and again by the recorder).

pub mod import;

use desk::Service;
use host::{Host, Outcome, Role};

/// What this process is.
pub static ROLE: Role = Role {
    name: "inspection",
    about: "Takes what an inspectorate publishes, finds, grades and closes",
    defaults: &[("ops.listen", "127.0.0.1:9464")],
    keys: desk::KEYS,
};

/// Serves the desk until the process is asked to stop.
///
/// # Errors
/// When its settings do not do, or its copy of the ledger is not of this log.
pub async fn serve(host: Host) -> Outcome {
    desk::run(host, Service::Inspection).await
}
