//! The statutory response tracker: each local policing body and report, its 56 days, what was published,
//! what it covers, and to whom copies went (Police Act 1996 s.55(4) to (6)).
//!
//! Only a publication stops the clock. The date on a letter is shown, with the day of the period it falls
//! on, and decides nothing (INV-07). Where a date is unknown the verdict is "cannot decide": nothing is
//! assumed.
//!
//! What a response must cover are the report's obligations of the forces that the local policing body
//! answers for: those its own responses name, those registered as part of it, and the force whose
//! identifier is the body's without "-lpb". What a force answered as not addressed to it is left out,
//! on every day.

mod build;
mod coverage;
mod fold;
mod verdict;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::response::v1 as response;

use crate::when::Happened;
use crate::{Projection, kind_of};

pub use verdict::{Clock, Verdict};
pub use view::{
    Citation, Copies, Copy, CoverageView, Letter, ObligationCoverage, PaperView, Publication, TrackerRow,
    TrackerView,
};

/// The tracker, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Tracker {
    reports: BTreeMap<String, Report>,
    /// Body → the body it is part of.
    part_of: BTreeMap<String, String>,
    /// Obligation stream → whether its body answered that it is not addressed to it.
    obligations: BTreeMap<String, bool>,
    papers: Vec<Paper>,
    /// (local policing body, report) → what happened.
    cases: BTreeMap<(String, String), Case>,
}

#[derive(Debug, Clone, Default)]
struct Report {
    title: String,
    published_on: Option<Day>,
    addressed_to: BTreeSet<String>,
    entry: Option<u64>,
}

#[derive(Debug, Clone)]
struct Paper {
    meeting_body: String,
    meeting_day: Option<Day>,
    report: String,
    tabled: scrutiny_proto::governance::v1::PaperTabled,
    decision: Option<&'static str>,
    entry: u64,
}

#[derive(Debug, Clone, Default)]
struct Case {
    invited: Vec<(Noted, response::ChiefOfficerCommentsInvited)>,
    submitted: Vec<(Noted, response::ChiefOfficerCommentsSubmitted)>,
    prepared: Vec<(Noted, response::StatutoryResponsePrepared)>,
    published: Vec<(Noted, response::StatutoryResponsePublished)>,
    copies: Vec<(Noted, response::CopySent)>,
}

/// What every entry of a case has.
#[derive(Debug, Clone)]
struct Noted {
    entry: u64,
    happened: Happened,
    signed_by: String,
    documents: Vec<String>,
}

impl Projection for Tracker {
    const NAME: &'static str = "responses";
    const DEFINITION_VERSION: u32 = 2;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        match kind_of(statement) {
            "ReportPublished" => self.report(index.0, statement),
            "BodyRegistered" => self.body(statement),
            "ObligationCreated" => self.obligation(statement),
            "ForceResponseRecorded" => self.answer(statement),
            "PaperTabled" => self.paper(index.0, statement),
            "PaperDecided" => self.paper_decided(statement),
            kind => self.case(kind, index.0, statement),
        }
    }
}
