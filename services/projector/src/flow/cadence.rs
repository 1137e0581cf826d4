//! Meetings that were expected and are not on the ledger (R8).

use ledger_core::statement::Statement;
use ledger_rules::civil::{Day, month_number};
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
    /// Months in which nothing is expected.
    except: Vec<i8>,
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
            return self.standing_item(entry, statement, of.to_owned(), body);
        }
        if body.ended {
            self.cadences.remove(of);
            return;
        }
        let cadence = cadence(body.cadence());
        let except = body.except_months.iter().filter_map(|name| month_number(name)).collect();
        self.cadences.insert(of.to_owned(), Standing { cadence, words: body.cadence_words, except, entry });
    }

    /// The days on which a body met, sessions of a panel included.
    pub(super) fn days_of(&self, body: &str, as_of: Day) -> Vec<Day> {
        let meetings = self.meetings.iter().filter(|(_, meeting)| meeting.held.is_some()).map(|(key, _)| key);
        let all = meetings.chain(self.sessions.keys()).filter(|(of, _)| of == body);
        let mut days: Vec<Day> =
            all.filter_map(|(_, date)| date.parse().ok()).filter(|day| *day <= as_of).collect();
        days.sort_unstable();
        days
    }

    pub(super) fn gaps(&self, as_of: Day) -> Vec<CadenceView> {
        let view = |(body, standing): (&String, &Standing)| CadenceView {
            body: body.clone(),
            every_months: standing.cadence.map(months),
            words: standing.words.clone(),
            gaps: standing
                .cadence
                .map_or_else(Vec::new, |cadence| self.missing(body, cadence, &standing.except, as_of)),
            entry: standing.entry,
        };
        self.cadences.iter().map(view).collect()
    }

    /// Before the first meeting that the ledger knows of, nothing was expected.
    fn missing(&self, body: &str, cadence: Cadence, except: &[i8], as_of: Day) -> Vec<Gap> {
        let held = self.days_of(body, as_of);
        let next = held.iter().skip(1).copied().map(Some).chain([None]);
        let options = Options { cadence: Some(cadence), ..Options::default() };
        let gap = |(after, came): (&Day, Option<Day>)| {
            let mut expected = reckon(Rule::R8, Start::Day(*after), &options).ok()?.last_day?;
            // Twelve months at most: a body that meets in none of them has no cadence.
            for _ in 0..12 {
                if except.contains(&expected.month()) {
                    expected = expected.month_end(1);
                }
            }
            (came.unwrap_or(as_of) > expected).then(|| Gap {
                after: after.to_string(),
                expected_by: expected.to_string(),
                came: came.map(|day| day.to_string()),
            })
        };
        held.iter().zip(next).filter_map(gap).collect()
    }
}

/// None where no gap can be computed.
pub(super) fn cadence(cadence: governance::Cadence) -> Option<Cadence> {
    match cadence {
        governance::Cadence::Monthly => Some(Cadence::Monthly),
        governance::Cadence::TwoMonthly => Some(Cadence::TwoMonthly),
        governance::Cadence::Quarterly => Some(Cadence::Quarterly),
        governance::Cadence::Annual => Some(Cadence::Annual),
        _ => None,
    }
}

pub(super) fn months(cadence: Cadence) -> u8 {
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
