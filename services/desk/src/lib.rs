//! A desk: where signed statements are handed in.
//!
//! In scope: taking statements of one service's kinds, checking them early (form, signatures, charter, rules,
//! against a replica of the ledger), answering at once, and passing on what may be recorded. Out of scope:
//! deciding (the recorder does, alone), keeping (the inbox and the ledger do), signing (officers do).
//!
//! ```text
//! submit ─► form, signatures ─► charter, rules ─► outgoing ─► inbox of the recorder
//!           all cores           replica           many in one message
//!                                  │ no?
//!                                  └► wait until the replica has seen all that came before ─► still no: refused
//!                                                                                     not in time: passed on
//! ```
//!
//! **What an answer means.** *Accepted*: stored in the inbox; the recorder decides. *Refused*: by the charter or a
//! rule, and never because the replica lagged: a refusal is only given by a replica that holds everything that was
//! sealed, and everything that stood in the inbox, when the statement was judged ([`freshness`]). The refusal is on
//! its way to the recorder, which keeps it. *Unavailable*: send it again, nothing is promised.
//!
//! **Trust.** A desk is not trusted: a desk that lies can keep a statement back, and the officer's outbox notices,
//! since no receipt comes. It can neither alter a statement nor make up a receipt.

pub mod client;
mod desk;
mod form;
pub mod freshness;
mod judge;
mod outgoing;
mod replica;
mod run;
mod serve;
mod service;

pub use desk::{Desk, Figures, Limits, WRONG_DESK};
pub use replica::Replica;
pub use run::{KEYS, run};
pub use serve::{SUBMIT, VERSIONS, serve};
pub use service::Service;
