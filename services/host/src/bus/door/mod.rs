//! The door: how other commands of the same person reach the bus inside `scrutiny up`.
//!
//! A Unix socket, mode 0600 in a folder of mode 0700: whoever may open it may hand statements in, ask and look,
//! as a client of a broker might, and nothing else. Publishing to streams, consuming, following and provisioning
//! are for services, and services do not come through the door.
//!
//! One connection is one question. A frame is a head and a payload, each after its length:
//!
//! ```text
//! length of head, 4 bytes, big-endian │ head, JSON │ length of payload, 4 bytes, big-endian │ payload
//! 00 00 00 2a                         │ {"Ask":{"subject":"svc.…","headers":{},"timeout_ms":2000}} │ 00 00 01 00 │ …
//! ```

mod client;
mod frame;
mod server;

pub(super) use client::Client;
pub use server::Door;

/// Questions at once: an officer's command asks one at a time. Others wait to be taken.
const QUESTIONS: usize = 64;

/// How long a question may take to arrive, and an answer to be read.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The longest time that a question may ask the door to wait.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(60);
