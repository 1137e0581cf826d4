//! The proof, from outside: everything here runs the program as a person would.
//!
//! In scope: the acceptance scenarios by number, the journeys, the manual, and a look at our own house.
//! Out of scope: what a crate can prove about itself; that stands beside its code.

mod acceptance;
mod broker;
mod deploy;
mod harness;
mod journeys;
mod manual;
mod tidy;
