//! Returns and publications: what leaves the house as files.
//!
//! In scope: templates as data, workbooks as the Analysis Function's guidance wants them, one writer for each
//! format, the manifest that binds files to a tree, and what of it the public may see. Out of scope: what is
//! counted (`projector`), who approves (`ledger-rules`), disk and clock (the command line).
//!
//! The same template over the same entries gives the same bytes, on any machine: no clock, no locale, no
//! compressor, nothing sorted by chance.

pub mod diff;
pub mod fill;
pub mod manifest;
pub mod publication;
pub mod sheet;
pub mod submission;
pub mod template;
pub mod write;
