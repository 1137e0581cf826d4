//! `scrutiny import`: published records into the ledger, and back into files.

mod file;
mod report;
mod searches;
mod service;
mod stored;

pub(crate) use searches::stop_search;
pub(crate) use stored::{export_source, sources};
