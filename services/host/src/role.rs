//! What a process is.
//!
//! A service's library has `pub static ROLE: Role` and `pub async fn serve(host: Host) -> Outcome`, at its top or
//! in a module `service`; its `main.rs` has nothing but [`crate::run`] of the two. Unless told otherwise, a role's health and
//! figures are at its own port of the loopback:
//!
//! | role | `ops.listen` |
//! |---|---|
//! | recorder | 127.0.0.1:9461 |
//! | projector | 127.0.0.1:9462 |
//! | review | 127.0.0.1:9463 |
//! | inspection | 127.0.0.1:9464 |
//! | response | 127.0.0.1:9465 |
//! | hub | 127.0.0.1:9468 |

use crate::config::Key;

/// Every role there is. One environment may hold settings for all of them.
pub const ROLES: [&str; 8] =
    ["recorder", "projector", "review", "inspection", "response", "gateway", "witness", "hub"];

/// One role: its name is the folder's, the crate's, the binary's, the compose service's and the log field's.
#[derive(Debug)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// One sentence for `--help` and for whoever asks on the bus.
    pub about: &'static str,
    /// Defaults of common keys that are this role's own, first of all where it listens: `("ops.listen", "127.0.0.1:9461")`.
    pub defaults: &'static [(&'static str, &'static str)],
    /// What it can be told beyond what every role knows. They stand in the section of its name.
    pub keys: &'static [Key],
}
