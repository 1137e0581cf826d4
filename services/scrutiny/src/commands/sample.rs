//! `scrutiny sample`: samples that nobody can cherry-pick.
//!
//! The order is what makes them so. The frame is committed to while the seed does not exist; the seed is the root of
//! the first checkpoint that covers an entry behind the frame; and the draw is a function of both (`ledger-sample`).

mod check;
mod draw;
mod frame;
mod place;
mod query;
mod show;

pub(crate) use check::{Wrong, check, repeat_all};
pub(crate) use draw::draw;
pub(crate) use frame::frame;
pub(crate) use place::each;
pub(crate) use show::{drawn_records, show};
