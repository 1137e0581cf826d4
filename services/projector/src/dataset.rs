//! The scrutiny dataset: stop and search and use of force, counted month by month.
//!
//! Each record is kept as a row of codes and counted when somebody asks. So a late form, a link, footage or a
//! review is in every figure it belongs to, and a month's figures at an earlier tree size are what an earlier
//! tree gives: nothing is overwritten, and a revision is two views side by side.
//!
//! In scope: the formulas ([`measure`]), the closed lists they are broken down by ([`words`]), rates against the
//! population, which records stand behind a cell, what nobody looked at. Out of scope: which reviews wait, and since
//! when (`reviews`), what a
//! row of a public file says (`imports`), files and layouts (`submissions`), what the public may see.

mod behind;
pub mod disparity;
mod fold;
mod item;
pub mod measure;
pub mod month;
mod oversight;
pub mod population;
mod rows;
mod tally;
mod view;
pub mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;

pub use behind::Behind;
pub use oversight::{CoverageView, Issue, SampleView, Tabled};
pub use tally::Cell;
pub use view::{DatasetView, MeasureView, Question};

use crate::{Projection, Provenance, Standing};
use fold::Because;
use month::Month;
use rows::{Force, Review, Search, Subject};

/// Every record and review, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Bodies by number, in the order in which they were first met.
    bodies: Vec<String>,
    /// Source file → what it is about.
    sources: HashMap<String, fold::SourceFile>,
    /// Streams of files by the force and the period they are about.
    files: BTreeMap<(u16, String), Vec<String>>,
    /// Searches that a record of force named before they were recorded → that record.
    awaited: HashMap<[u8; 16], Vec<u64>>,
    searches: Vec<Search>,
    forces: Vec<Force>,
    /// Stream of a record → its row.
    places: HashMap<[u8; 16], Subject>,
    /// Rows of each body and month; none for a month that no record tells.
    months: BTreeMap<(u16, Option<Month>), Vec<Subject>>,
    /// The last completed review of a record at a level.
    reviews: HashMap<(Subject, u8), Review>,
    /// Entries beside the record's own, in the order of the ledger.
    behind: Vec<(Subject, Because, u64)>,
    /// Body and level → whether it counts uses by joint units too, as the force has adopted.
    counts_joint: HashMap<(u16, String), bool>,
    oversight: oversight::Fold,
}

impl Projection for Dataset {
    const NAME: &'static str = "scrutiny-dataset";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        self.take(index.0, statement);
    }
}

impl Dataset {
    /// Bodies with records, and the months they have records of.
    #[must_use]
    pub fn months(&self) -> BTreeMap<&str, BTreeSet<Month>> {
        let mut found: BTreeMap<&str, BTreeSet<Month>> = BTreeMap::new();
        for (body, month) in self.months.keys() {
            let months = found.entry(self.bodies[usize::from(*body)].as_str()).or_default();
            months.extend(*month);
        }
        found
    }

    /// Records of a body whose month nobody can tell. They are in no figure.
    #[must_use]
    pub fn without_month(&self, body: &str) -> usize {
        let number = self.number(body);
        number.and_then(|body| self.months.get(&(body, None))).map_or(0, Vec::len)
    }

    fn number(&self, body: &str) -> Option<u16> {
        self.bodies.iter().position(|b| b == body).and_then(|at| u16::try_from(at).ok())
    }

    /// Every record of a body in a period, in the order of the months and the ledger.
    fn subjects(&self, body: &str, period: month::Period) -> impl Iterator<Item = Subject> {
        let body = self.number(body).into_iter();
        body.flat_map(move |body| self.months.range((body, Some(period.from))..=(body, Some(period.to))))
            .flat_map(|(_, subjects)| subjects.iter().copied())
    }

    fn counts_joint(&self, body: u16, level: &str) -> bool {
        self.counts_joint.get(&(body, level.to_owned())).copied().unwrap_or_default()
    }

    fn standing(at: &Standing) -> Provenance {
        <Self as Projection>::provenance(at)
    }
}
