//! The desk for what an inspectorate publishes, finds, grades and closes, and its way in from a spreadsheet.
//!
//! In scope: reading an inspection report from XLSX, CSV or YAML into statements to sign ([`import`]). Out of
//! scope: signing them, and what may be recorded (`ledger-rules`).

pub mod import;
