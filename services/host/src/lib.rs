//! The shell that every service runs in, and the bus between them.
//!
//! In scope: what every process needs and none should write twice: what it was told ([`config`]), how it is
//! ([`health`]), what it says and counts ([`telemetry`], [`metrics`]), when to stop ([`stopping`]), the
//! [`clock`], and the [`bus`]. Out of scope: what a service does.
//!
//! A service is a library with a [`Role`] and an async function that takes a [`Host`]; its `main.rs` calls
//! [`run`], where the whole pattern is shown. `scrutiny up` runs the same functions in one process.

pub mod broker;
pub mod bus;
pub mod clock;
pub mod config;
pub mod health;
pub mod metrics;
pub mod provision;
pub mod role;
pub mod stopping;
pub mod telemetry;

mod args;
mod ops;
mod probe;
mod shell;

pub use args::command;
pub use clock::Clock;
pub use config::{Config, ConfigError, Given, Key, Shape};
pub use health::{Board, Health};
pub use role::{ROLES, Role};
pub use shell::{Host, Outcome, run, serve_ops};
pub use stopping::Stopping;
