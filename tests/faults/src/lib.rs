//! The services as processes around a real broker, something that happens to them, and what must hold after it.
//!
//! ```text
//! officer (here) ─► desk (process) ─► nats-server (process) ─► recorder (process) ─► ledger (folder)
//!    outbox ◄──────── receipts ◄───────────┴──► mirror (here)
//! ```
//!
//! A [`Scene`] is one force: one broker or three, one recorder or several. A [`Nation`] is several of them and their hub.
//!
//! Everybody connects with the key and the permissions that `scrutiny bus provision` gives. After each fault
//! ([`Scene::all_is_well`]): every statement that was sent has a receipt or a recorded refusal; every one that was
//! acknowledged as durable is in the ledger exactly once, where it was said to be; the mirror agrees with the
//! recorder on root and size; and an audit of an export is clean.
//!
//! In scope: what crosses processes. Out of scope: what happens inside one (`tests/campaign`: power cuts, failing
//! system calls; each crate's own tests).

pub mod figures;
mod here;
pub mod in_process;
mod ledger;
mod nation;
mod officer;
mod process;
mod running;
mod scene;
mod servers;
mod services;
mod setting;
mod standby;

pub use here::RecorderHere;
pub use ledger::{signer, statements};
pub use nation::Nation;
pub use officer::Officer;
pub use process::{Process, Programs};
pub use running::{Running, good_and_bad};
pub use scene::{SETTLE, Scene, force};
pub use setting::Setting;

/// What went wrong, as a sentence.
pub type Outcome<T = ()> = Result<T, String>;
