//! Every projection in one pass over the ledger.

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use serde::Serialize;

use crate::bodies::{Bodies, BodiesView};
use crate::conduct::{Conduct, ConductView};
use crate::dataset::Dataset;
use crate::facts::{Facts, FactsView};
use crate::flow::{Flow, FlowView};
use crate::judgments::{Judgments, JudgmentsView};
use crate::learning::{Learning, LearningView};
use crate::offices::{Offices, OfficesView};
use crate::oversight::{Oversight, OversightView};
use crate::panels::{Panels, PanelsView};
use crate::register::{Register, RegisterView};
use crate::responses::{Tracker, TrackerView};
use crate::reviews::{Reviews, ReviewsView};
use crate::series::{Series, SeriesView};
use crate::{Projection, Standing};

/// All of them, as folded so far.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each field is the projection that its type documents")]
pub struct All {
    pub register: Register,
    pub responses: Tracker,
    pub bodies: Bodies,
    pub judgments: Judgments,
    pub flow: Flow,
    pub conduct: Conduct,
    pub series: Series,
    pub facts: Facts,
    pub oversight: Oversight,
    pub offices: Offices,
    pub dataset: Dataset,
    pub reviews: Reviews,
    pub panels: Panels,
    pub learning: Learning,
}

impl All {
    /// Takes the next entry.
    pub fn apply(&mut self, index: EntryIndex, recorded_at_ms: u64, statement: &Statement) {
        // Every field is named, so that a projection added to the struct cannot be forgotten here.
        let Self {
            register,
            responses,
            bodies,
            judgments,
            flow,
            conduct,
            series,
            facts,
            oversight,
            offices,
            dataset,
            reviews,
            panels,
            learning,
        } = self;
        register.apply(index, recorded_at_ms, statement);
        responses.apply(index, recorded_at_ms, statement);
        bodies.apply(index, recorded_at_ms, statement);
        judgments.apply(index, recorded_at_ms, statement);
        flow.apply(index, recorded_at_ms, statement);
        conduct.apply(index, recorded_at_ms, statement);
        series.apply(index, recorded_at_ms, statement);
        facts.apply(index, recorded_at_ms, statement);
        oversight.apply(index, recorded_at_ms, statement);
        offices.apply(index, recorded_at_ms, statement);
        dataset.apply(index, recorded_at_ms, statement);
        reviews.apply(index, recorded_at_ms, statement);
        panels.apply(index, recorded_at_ms, statement);
        learning.apply(index, recorded_at_ms, statement);
    }

    /// The view of each on a day, from a tree of this size and root.
    #[must_use]
    pub fn views(&self, as_of: Day, at: &Standing) -> Views {
        Views {
            register: self.register.view(as_of, at),
            responses: self.responses.view(as_of, at),
            bodies: self.bodies.view(at),
            judgments: self.judgments.view(at),
            flow: self.flow.view(as_of, at),
            conduct: self.conduct.view(as_of, at),
            series: self.series.view(as_of, at),
            facts: self.facts.view(as_of, at),
            oversight: self.oversight.view(as_of, at),
            offices: self.offices.view(as_of, at),
            reviews: self.reviews.view(as_of, at),
            panels: self.panels.view(as_of, at),
            learning: self.learning.view(as_of, at),
        }
    }
}

/// The view of each, but for the scrutiny dataset, which is asked a body and a period. Of professional standards
/// it has the counts, not the cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is the view that its type documents")]
pub struct Views {
    pub register: RegisterView,
    pub responses: TrackerView,
    pub bodies: BodiesView,
    pub judgments: JudgmentsView,
    pub flow: FlowView,
    pub conduct: ConductView,
    pub series: SeriesView,
    pub facts: FactsView,
    pub oversight: OversightView,
    pub offices: OfficesView,
    pub reviews: ReviewsView,
    pub panels: PanelsView,
    pub learning: LearningView,
}
