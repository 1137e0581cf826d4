//! Meetings that were expected and are not on the ledger (R8).

use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use ledger_rules::clock::{Cadence, Options, Rule, Start, reckon};
use scrutiny_proto::governance::v1::{self as governance, StandingItemConfigured};
use serde::Serialize;

use super::Flow;
use crate::{decode, stream_parts};

/// The item that stands for a body's own meetings.
const MEETING: &str = "meeting";

#[derive(Debug, Clone)]
pub(super) struct Standing {
    cadence: Option<Cadence>,
    words: String,
    entry: u64,
}

/// A body that meets at a cadence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CadenceView {
    /// The body.
    pub body: String,
    /// How often; null where the words allow two readings, and then no gap is computed.
    pub every_months: Option<u8>,
    /// How often, as written.
    pub words: String,
    /// Where a meeting was expected and the next came later, or has not come.
    pub gaps: Vec<Gap>,
    /// The entry that says how often.
    pub entry: u64,
}

/// A meeting that was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The meeting before.
    pub after: String,
    /// Until when the next was expected.
    pub expected_by: String,
    /// When it came; null while it has not.
    pub came: Option<String>,
}

impl Flow {
    pub(super) fn standing(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<StandingItemConfigured>(statement) else { return };
        let [of] = stream_parts(statement);
        if body.item != MEETING {
            return;
        }
        if body.ended {
            self.cadences.remove(of);
            return;
        }
        let cadence = match body.cadence() {
            governance::Cadence::Monthly => Some(Cadence::Monthly),
            governance::Cadence::TwoMonthly => Some(Cadence::TwoMonthly),
            governance::Cadence::Quarterly => Some(Cadence::Quarterly),
            governance::Cadence::Annual => Some(Cadence::Annual),
            _ => None,
        };
        self.cadences.insert(of.to_owned(), Standing { cadence, words: body.cadence_words, entry });
    }

    pub(super) fn gaps(&self, as_of: Day) -> Vec<CadenceView> {
        let view = |(body, standing): (&String, &Standing)| CadenceView {
            body: body.clone(),
            every_months: standing.cadence.map(months),
            words: standing.words.clone(),
            gaps: standing.cadence.map_or_else(Vec::new, |cadence| self.missing(body, cadence, as_of)),
            entry: standing.entry,
        };
        self.cadences.iter().map(view).collect()
    }

    /// Before the first meeting that the ledger knows of, nothing was expected.
    fn missing(&self, body: &str, cadence: Cadence, as_of: Day) -> Vec<Gap> {
        let days = self.meetings.iter().filter(|((of, _), meeting)| of == body && meeting.held.is_some());
        let mut held: Vec<Day> = days.filter_map(|((_, date), _)| date.parse().ok()).collect();
        held.retain(|day| *day <= as_of);
        held.sort_unstable();
        let next = held.iter().skip(1).copied().map(Some).chain([None]);
        let options = Options { cadence: Some(cadence), ..Options::default() };
        let gap = |(after, came): (&Day, Option<Day>)| {
            let expected = reckon(Rule::R8, Start::Day(*after), &options).ok()?.last_day?;
            (came.unwrap_or(as_of) > expected).then(|| Gap {
                after: after.to_string(),
                expected_by: expected.to_string(),
                came: came.map(|day| day.to_string()),
            })
        };
        held.iter().zip(next).filter_map(gap).collect()
    }
}

fn months(cadence: Cadence) -> u8 {
    match cadence {
        Cadence::Monthly => 1,
        Cadence::TwoMonthly => 2,
        Cadence::Quarterly => 3,
        Cadence::Annual => 12,
    }
}

impl CadenceView {
    /// One line for each gap.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.gaps.iter().map(|gap| {
            let came = gap
                .came
                .as_ref()
                .map_or("none is on the ledger".to_owned(), |day| format!("the next was on {day}"));
            format!(
                "{}: a meeting was expected by {} after {}; {came}",
                self.body, gap.expected_by, gap.after
            )
        })
    }
}
