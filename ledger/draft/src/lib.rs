//! A draft: what a person typed, on its way to a statement.
//!
//! In scope: reading drafts from YAML or JSON, making statements and addenda from them, and saying in
//! plain words everything that a signature on a statement would cover. Out of scope: signing
//! (`ledger-core`), whether the statement may be recorded (`ledger-rules`), and every file, clock and
//! random source: those come in through [`PrepareContext`].
//!
//! ```yaml
//! kind: FindingIssued                 # short or full name
//! stream: finding/dupp-2021/7
//! signed_by:                          # "<key> as [acting] <ROLE> of <body> [on behalf of <ROLE>]"
//!   - governance-officer as HMI-T of cambridgeshire
//!   - head-of-partnerships as HMI-T of cambridgeshire
//! occurred: 2021-02-26                # or 2021-06, 2022, 2022-autumn, an instant, unknown, {value, words}
//! imported: true                      # entered from older records; default false
//! marking: official                   # the default; or official-sensitive
//! regime: none                        # the default; or part3, uk-gdpr
//! expected: 3                         # or any; default: the version the stream has now
//! documents:
//!   - title: Board paper, 13 April 2021
//!     path: board-paper.txt           # or sha256: <64 hexadecimal digits>
//!     media_type: text/plain          # default: by the ending of the path
//! body: { kind: recommendation, title: Ethnicity on every record, addressees: [forces] }
//! # id, causation, correlation: UUIDs of version 7, where they are to be fixed
//! ```
//!
//! Sealed fields are typed in the body like any other. They leave it for an addendum, and only a
//! commitment to that addendum is signed.

mod describe;
mod draft;
pub mod examples;
mod occurred;
mod parse;
mod people;
mod prepare;
mod raw;
mod signer;

pub use describe::{describe, is_deceptive, render};
pub use draft::{Draft, DraftDocument, DraftSigner, SealedText, Source};
pub use parse::DraftError;
pub use people::{Person, RoleLine};
pub use prepare::{PrepareContext, PrepareError, Prepared};
