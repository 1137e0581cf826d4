//! Professional standards: how long things took, and what the law gave. Counts and clocks, nothing else.
//!
//! What a case is about is sealed and never reaches this fold. Two views: [`Conduct::view`] counts, and is the
//! one that may leave the department; [`Conduct::cases`] has a row for each case, known by its pseudonym, and
//! is for those who work on them. A thing done after its limit is accepted, and shown as late (INV-27).
//!
//! | Clock | From | Until |
//! |---|---|---|
//! | R12 | the day it became clear that a referral must be made | the referral |
//! | R11 | the dismissal, finding or departure | the report to the list |
//! | R14-17 | the notice of investigation, then each notice of progress | the next, or the investigator's report |
//! | R14-19 | the allegation, then every six months after the first twelve | each report on timeliness, while open |
//! | R14-23 | the investigator's report | the determination of a case to answer |
//!
//! From which day R14's periods run was not checked against the full text of the regulations; each says so
//! in its source.

mod clocks;
mod fold;
mod view;

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;

use crate::when::Happened;
use crate::{Projection, Standing, kind_of, stream_parts};

use fold::{Event, What};
pub use view::{CaseRow, CasesView, ClockCounts, ClockState, ClockView, ConductCounts, ConductView};

/// Professional standards, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    /// Pseudonym → case.
    cases: BTreeMap<String, Case>,
}

#[derive(Debug, Clone, Default)]
struct Case {
    body: String,
    route: &'static str,
    received: Happened,
    events: Vec<Event>,
}

impl Projection for Conduct {
    const NAME: &'static str = "conduct";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        if !statement.stream.as_str().starts_with("psdcase/") {
            return;
        }
        let Some(what) = What::read(kind_of(statement), statement) else { return };
        let [case] = stream_parts(statement);
        let case = self.cases.entry(case.to_owned()).or_default();
        if let What::Received(route) = what {
            case.route = route;
            case.body = statement.signers.first().map_or_else(String::new, |signer| signer.body.clone());
            case.received = Happened::of(statement);
        }
        case.events.push(Event { entry: index.0, happened: Happened::of(statement), what });
    }
}

impl Conduct {
    /// Counts on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> ConductView {
        let mut bodies: BTreeMap<String, ConductCounts> = BTreeMap::new();
        for row in self.rows(as_of) {
            bodies.entry(row.body.clone()).or_default().add(&row);
        }
        let named = bodies.into_iter().map(|(body, counts)| ConductCounts { body, ..counts });
        ConductView {
            provenance: <Self as Projection>::provenance(at),
            as_of: as_of.to_string(),
            bodies: named.collect(),
        }
    }

    /// Each case on a day. Restricted.
    #[must_use]
    pub fn cases(&self, as_of: Day, at: &Standing) -> CasesView {
        CasesView {
            provenance: <Self as Projection>::provenance(at),
            as_of: as_of.to_string(),
            restricted: true,
            rows: self.rows(as_of).collect(),
        }
    }

    fn rows(&self, as_of: Day) -> impl Iterator<Item = CaseRow> {
        let past = self.cases.iter().filter(move |(_, case)| case.received.by(as_of));
        past.map(move |(pseudonym, case)| case.row(pseudonym, as_of))
    }
}
