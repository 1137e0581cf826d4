//! Recorders, officers and a broker on one thread, in virtual time: schedules of what they do and of what goes wrong,
//! from seeds, and what must hold after every step.
//!
//! ```text
//! seed ─► generate ─► schedule: steps, as text ─► run: world ─► outcome: a digest of all that happened, what broke
//!                        ▲                                          │
//!                        └────────────── shrink ◄──── broken ───────┘──► tests/simulation/regressions/*.txt
//! ```
//!
//! In scope: the protocol of several recorders around one sealed stream (`recorder::Node`, `recorder::service::StreamLog`),
//! on the in-process bus and the store in memory, with power cuts at any await and in any call of the store, pauses, cut
//! ways, appends without an answer or long after it, deliveries that are lost, doubled and out of order, streams that
//! lose their end, a message or a bit, disks that fail, fill and rot, and clocks that jump. Out of scope: real brokers
//! and processes (`tests/faults`), the store's own files (`ledger-store`, `tests/campaign`), threads and heartbeats (a
//! heartbeat only decides who *tries*; here the schedule does).
//!
//! The same schedule gives the same run, in every process: there is no thread, no clock and no random number but the
//! seed's; keys come from seeds, and what is iterated has an order. What a lost stream tail excuses is written down in
//! [`excuse`].

mod book;
mod broken;
pub mod excuse;
mod fragile;
pub mod generate;
mod machine;
mod mirror_copy;
pub mod pool;
mod process;
mod random;
mod run;
mod schedule;
mod settle;
mod shrink;
mod step;
mod truth;
mod world;

pub use broken::{Broken, Promise};
pub use run::{Counts, Outcome, run};
pub use schedule::{MOST_RECORDERS, NoSchedule, Schedule};
pub use shrink::shrink;
pub use step::{Append, Delivery, Disk, NoStep, Step, Who};
