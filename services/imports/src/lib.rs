//! Public records of stop and search and of use of force, read without losing a byte.
//!
//! In scope: cutting a published file into rows whose bytes, put together again, are the file ([`source`]); what a
//! row says, word for word ([`search`]); what its words mean by dated tables, and which of them no table knows
//! ([`codes`]); the month and the force of a file ([`period`]); tables of counts, and totals that
//! their parts do not come to ([`tables`], [`sums`]); the signed statement of a row ([`record`]). Out of scope: what is recorded of it (the vocabulary), who may import (the charter), and
//! files on a disk: everything here takes bytes.
//!
//! The files are public: the publisher has removed names and moved each place to a near map point.

pub mod codes;
mod csv;
mod json;
pub mod period;
pub mod record;
pub mod search;
pub mod source;
pub mod sums;
pub mod tables;

pub use codes::{Flag, flags};
pub use csv::COLUMNS;
pub use search::{Search, When, YesNo};
pub use source::{Format, LineEnds, ReadError, RowError, Source};
