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
//! stream, time, signers (INV-11), recorders, the rules that no charter can change (INV-02, INV-08, INV-24), charter,
//! version, body, personal data (INV-31), domain.

mod actions;
mod bodies;
mod case;
pub mod charter;
pub mod civil;
pub mod clock;
pub mod clock_change;
pub mod conduct;
pub mod delegation;
pub mod due;
pub mod envelope;
pub mod facts;
mod flow;
mod genesis;
pub mod hold;
pub mod keys;
mod kinds;
mod learning;
mod lockout;
pub mod meetings;
pub mod obligation;
pub mod occurred;
pub mod panel;
pub mod personal_data;
pub mod powers;
mod privacy;
mod proceedings;
pub mod pseudonym;
mod quality;
pub mod recorders;
mod referral;
mod refusal;
pub mod report;
mod response;
pub mod review;
pub mod roles;
mod rules;
pub mod sampling;
mod scrutiny;
mod severity;
mod signers;
pub mod sources;
mod state;
pub mod submission;
#[cfg(test)]
mod tests;

pub use case::Context;
pub use refusal::{Class, Code, Refusal};
pub use rules::{decide, evolve, evolve_entry};
pub use state::{SnapshotError, State};
