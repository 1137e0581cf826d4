//! Real nats-server processes for tests: started on a free port in a folder of their own, stopped, killed,
//! started again where they were, and looked into.
//!
//! In scope: the broker. Out of scope: what is sent through it.
//!
//! [`Server`] is one of them, [`Cluster`] several that know each other, [`Link`] what lies between a force's server and
//! the hub's. `tests/topology.rs` shows them together. Whatever a test does, its servers end with it, each by its own
//! number: also those that were paused, and also when the test panics.
//!
//! A test that needs one begins with
//!
//! ```no_run
//! let Some(server) = brokers::Server::start() else { return };
//! ```
//!
//! and says `SKIPPED` on a machine without a nats-server. `./test` brings one.

mod cluster;
mod link;
mod look;
mod ports;
mod server;

use std::path::{Path, PathBuf};

use host::broker::Program;

pub use cluster::Cluster;
pub use link::Link;
pub use look::Copy;
pub use ports::free_ports;
pub use server::Server;

/// Names the program, when neither PATH nor the build folder has one.
pub const VARIABLE: &str = "SCRUTINY_NATS_SERVER";

/// The program for tests: named by [`VARIABLE`], brought by `tests/nats/obtain.sh`, or on PATH.
pub fn program() -> Option<Program> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let brought = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/nats-server/nats-server");
    let given = named.or_else(|| brought.is_file().then_some(brought));
    match Program::find(given.as_deref()) {
        Ok(program) => Some(program),
        Err(why) => {
            eprintln!("SKIPPED: {why}. `tests/nats/obtain.sh` brings one");
            None
        }
    }
}
