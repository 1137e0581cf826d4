//! The register of recommendations and areas for improvement: each obligation with what the inspectorate
//! found, what the body answered, and where both say it stands, side by side.
//!
//! Every obligation on the ledger has its row on every day, also a day before it was written down; what was
//! answered, done or closed counts from the day it happened.
//!
//! Colours are computed for a day by [`rag`](mod@rag), and shown beside the one that a body declared. Rows are
//! counted against the totals that the report itself states (INV-05): a register that lacks one says so.

mod build;
mod fold;
mod natural;
mod past;
pub mod rag;
mod view;

use std::collections::BTreeMap;

use ledger_core::ids::{EntryIndex, KeyId};
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::inspection::v1 as inspection;

use crate::figure::FigureView;
use crate::when::Happened;
use crate::{Projection, area, kind_of};

use fold::Event;
use natural::Natural;
pub use view::{
    Alias, Closure, DueView, FindingView, Gap, Happening, Progress, RegisterView, Remark, Row, Totals,
};

/// The register, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Register {
    reports: BTreeMap<String, Report>,
    findings: BTreeMap<FindingKey, Finding>,
    obligations: BTreeMap<ObligationKey, Obligation>,
    /// Compromised key → the first entry in doubt (INV-34).
    compromised: BTreeMap<KeyId, u64>,
}

/// Report, then the finding's number in the order a person counts.
type FindingKey = (String, Natural);
/// Body, finding, limb.
type ObligationKey = (String, FindingKey, Natural);

#[derive(Debug, Clone, Default)]
struct Report {
    title: String,
    inspection: &'static str,
    programme: String,
    last_updated_on: Option<Day>,
    published_on: Option<Day>,
    expected: Option<inspection::ExpectedCounts>,
    remarks: Vec<Remark>,
    entries: Vec<u64>,
}

#[derive(Debug, Clone, Default)]
struct Finding {
    issued: inspection::FindingIssued,
    aliases: Vec<Alias>,
    figures: Vec<FigureView>,
    remarks: Vec<Remark>,
    attested: bool,
    entries: Vec<u64>,
}

#[derive(Debug, Clone, Default)]
struct Obligation {
    stream: String,
    strict_55_5b: bool,
    owner_role: String,
    oversight: Vec<String>,
    created: Happened,
    created_entry: u64,
    events: Vec<Event>,
}

impl Projection for Register {
    const NAME: &'static str = "register";
    const DEFINITION_VERSION: u32 = 3;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        match kind_of(statement) {
            "ReportPublished" => self.report(index.0, statement),
            "FindingIssued" => self.finding(index.0, statement),
            "FindingAliasAdded" => self.alias(index.0, statement),
            "InspectorateAuditReported" => self.figure(index.0, statement),
            "InspectorateRemarkRecorded" => self.remark(index.0, statement),
            "KeyRevoked" => self.revoked(statement),
            "ObligationCreated" => self.obligation(index.0, statement),
            _ => self.event(index.0, statement),
        }
    }
}

impl Register {
    /// The findings that a body's documents call by this label: streams, in order. A force and its local
    /// policing body are asked for together.
    #[must_use]
    pub fn resolve(&self, used_by: &str, label: &str) -> Vec<String> {
        let called =
            |f: &Finding| f.aliases.iter().any(|a| area(&a.used_by) == area(used_by) && a.label == label);
        let named = self.findings.iter().filter(|(_, finding)| called(finding));
        named.map(|(key, _)| finding_stream(key)).collect()
    }
}

fn finding_stream((report, finding): &FindingKey) -> String {
    format!("finding/{report}/{finding}")
}
