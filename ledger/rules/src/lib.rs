//! The law, pure: the charter, the registry of keys and roles, the rules of scrutiny.
//!
//! One set of rules, run three times: early where a statement is taken in, again by the recorder at the
//! moment of commit, again by any auditor on replay. [`decide`] judges, [`evolve`] remembers.
//!
//! In scope: everything about a statement except its signature bytes. Out of scope: those
//! (`ledger_core::sshsig`), whether its id was seen before (the recorder), whether an erased digest was ever
//! committed to (the recorder and the audit), and what registers make of it (`projector`). No disk, no
//! clock, no network: the day comes in through [`Context`], and the crate builds for
//! `wasm32-unknown-unknown`.
//!
//! The order in which rules speak, so that a person hears the most telling one first: genesis, ledger,
//! stream, time, signers (INV-11), the two rules that no charter can change (INV-02, INV-08), charter,
//! version, body, domain.

mod bodies;
mod case;
pub mod charter;
pub mod civil;
pub mod clock;
pub mod delegation;
pub mod due;
pub mod envelope;
mod genesis;
pub mod keys;
mod kinds;
mod lockout;
mod meetings;
pub mod obligation;
pub mod occurred;
mod privacy;
mod refusal;
pub mod report;
mod response;
pub mod roles;
mod rules;
mod signers;
mod state;
#[cfg(test)]
mod tests;

pub use case::Context;
pub use refusal::{Class, Code, Refusal};
pub use rules::{decide, evolve};
pub use state::{SnapshotError, State};
