//! Every force's ledger side by side, so that the inspectorate reads all of them and can write none.
//!
//! In scope: a verified mirror of each force's ledger, what its recorder says of itself, and an alarm where a log is
//! behind, silent, lacking, shorter than it was, or two. Out of scope: whether entries were *allowed* (`scrutiny verify`
//! asks the rules of a mirror as of any ledger), what they mean (`projector`), writing.
//!
//! ```text
//! SEALED_<FORCE> at the hub ──► mirror ──► compare ──► watch ──► report ──► `scrutiny hub status`, log, figures
//! svc.recorder.<force>.head ───────┴─────────▲            └──► evidence/<force>/fork-<n>.txt
//!                              remembered ───┘
//! ```
//!
//! **What a fork is.** Two notes that the log signed and that cannot both be true ([`Fork`]). Wherever one turns up (in
//! the sealed stream, in the recorder's answer, or remembered from before a mirror was thrown away), it is compared
//! with the mirror: by the root of as many entries there, and by a consistency proof between the two. What is found is
//! kept as evidence, the force's mirror stops where it is, and no restart lifts the alarm.
//!
//! **Trust.** Neither the stream nor whoever answers for a recorder is trusted: what the log did not sign is never
//! evidence against it. With a policy file of a force its keys are *pinned*; without one they are those that its
//! first entry names, which are remembered from then on, and the state says so.
//!
//! A force that misbehaves costs the others nothing: each has its own task, its own mirror and bounded queues
//! (`bounds.rs` derives what 43 of them take).

mod bounds;
mod compare;
pub mod evidence;
mod folder;
mod force;
mod fork;
mod inquest;
mod note;
mod remembered;
mod report;
mod reports;
mod role;
mod say;
mod watch;

pub use fork::Fork;
pub use note::Note;
pub use report::{CheckpointReport, ForceReport, Report, State};
pub use role::{NAME, ROLE, serve};
