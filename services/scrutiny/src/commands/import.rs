//! `scrutiny import`: published records into the ledger, and back into files.

mod counts;
mod file;
mod report;
mod searches;
mod service;
mod stored;
mod workbook;

pub(crate) use counts::use_of_force;
pub(crate) use searches::stop_search;
pub(crate) use stored::{export_source, sources};
