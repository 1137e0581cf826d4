//! The shell that every service runs in, and the bus between them.
//!
//! In scope: what every process needs and none should write twice. Out of scope: what a service does.

pub mod bus;
