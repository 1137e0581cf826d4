//! The audit: everything recomputed from bytes, and every finding reported.
//!
//! In scope: reading a ledger from wherever it is kept ([`Source`]), checking each entry's form, signatures and
//! sealed fields, the chain, the tree with all its tiles, every checkpoint and cosignature, and judging every
//! statement again at its place by the same rules that the recorder applied. Out of scope: what the rules are
//! (`ledger-rules`), how a single proof is verified (`ledger-core`), fetching over a network (the command line
//! brings its own [`Source`]). Nothing here writes, except to nameless temporary files.
//!
//! ```text
//! reading ──chunks──► every entry by itself, on all cores ──in order──► the walk ──► Report
//!                     form, leaf hash, signatures, addenda              chain, rules, tree, tiles, checkpoints
//! ```
//!
//! Three chunks of at most 4,096 entries or 8 MiB are under way at once. What must be known of the whole ledger
//! (which ids were used, which version each stream is at, which addenda were erased) goes to temporary files when
//! there is much of it. What grows is the state of the rules: a line for each key, role, report, finding,
//! obligation and body.
//!
//! **What is trusted.** Only what the auditor brings along ([`Trust`]) and this program. A source that lies is
//! found out; a ledger that was forged throughout, keys and all, agrees with itself, and only a key, a first entry,
//! a remembered checkpoint or a witness from outside can tell.

mod addenda;
mod audit;
mod examine;
mod finding;
mod in_force;
mod keys;
mod note;
mod read;
mod report;
pub mod source;
mod spill;
mod streams;
mod suspects;
mod tree;
mod trust;
mod uniqueness;
mod walk;

pub use audit::{Progress, audit};
pub use finding::{Code, Finding, MAX_TOLD, Severity};
pub use report::{AddendaCount, CosignedBy, Counts, Head, LAYOUT, Recorded, Report, Verdict, Witnessed};
pub use source::{Export, Folder, MemoryFiles, Source};
pub use trust::{KeyBasis, Trust};

/// An export in a folder: what `scrutiny export` writes, and any log that serves tlog-tiles.
pub type ExportDir = Export<Folder>;
