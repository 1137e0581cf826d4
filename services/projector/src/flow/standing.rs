//! What stands on the agenda of a body's meetings, and whether it was there.
//!
//! An item was there when something on the ledger shows it at the meeting: it was scrutinised there under its own
//! name, a paper or a decision has it for a title, or a kind of its own says so (disproportionality, figures, a panel's
//! annual general meeting). That nothing shows it is all that "not there" says.

use ledger_core::statement::Statement;
use ledger_rules::civil::{Day, month_number};
use ledger_rules::clock::Cadence;
use scrutiny_proto::governance::v1::{self as governance, ItemScrutinised, StandingItemConfigured};
use scrutiny_proto::review::v1::PanelSessionHeld;
use serde::Serialize;

use super::Flow;
use super::cadence::{cadence, months};
use crate::when::Happened;
use crate::{decode, stream_parts};

/// A panel's own name for the item.
const ANNUAL_MEETING: &str = "annual general meeting";

#[derive(Debug, Clone)]
pub(super) struct StandingItem {
    every_meeting: bool,
    cadence: Option<Cadence>,
    words: String,
    in_month: Option<i8>,
    since: Option<Day>,
    entry: u64,
}

/// An item that stands on a body's agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandingView {
    /// The body.
    pub body: String,
    /// The item.
    pub item: String,
    /// True where every meeting has it.
    pub every_meeting: bool,
    /// How often, in months; null where it is at every meeting, or the words allow two readings.
    pub every_months: Option<u8>,
    /// How often, as written.
    pub words: String,
    /// Each meeting or period in which it was expected.
    pub occasions: Vec<Occasion>,
    /// The entry that says how often.
    pub entry: u64,
}

/// A meeting or a period in which an item was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Occasion {
    /// The meeting's day, or the first day of the period.
    pub from: String,
    /// The same day, or the last of the period.
    pub to: String,
    /// Whether something shows it there.
    pub was_there: bool,
    /// What shows it.
    pub entries: Vec<u64>,
}

impl Flow {
    pub(super) fn standing_item(
        &mut self,
        entry: u64,
        statement: &Statement,
        of: String,
        body: StandingItemConfigured,
    ) {
        let key = (of, words(&body.item));
        if body.ended {
            self.standing.remove(&key);
            return;
        }
        let item = StandingItem {
            every_meeting: body.cadence() == governance::Cadence::EveryMeeting,
            cadence: cadence(body.cadence()),
            in_month: month_number(&body.in_month),
            since: Happened::of(statement).first(),
            words: body.cadence_words,
            entry,
        };
        self.standing.insert(key, item);
    }

    /// The stream is the meeting's.
    pub(super) fn dealt_with(&mut self, entry: u64, statement: &Statement, item: &str) {
        let [body, date] = stream_parts(statement);
        self.note(body, date, item, entry);
    }

    pub(super) fn scrutinised(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<ItemScrutinised>(statement) else { return };
        let [_, item] = stream_parts(statement);
        let mut meeting = body.meeting.split('/').skip(1);
        if let (Some(of), Some(date)) = (meeting.next(), meeting.next()) {
            self.note(of, date, item, entry);
        }
    }

    pub(super) fn session(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<PanelSessionHeld>(statement) else { return };
        let [panel, date] = stream_parts(statement);
        self.sessions.entry((panel.to_owned(), date.to_owned())).or_insert(entry);
        if body.annual_general_meeting {
            self.note(panel, date, ANNUAL_MEETING, entry);
        }
    }

    fn note(&mut self, body: &str, date: &str, item: &str, entry: u64) {
        let key = (body.to_owned(), date.to_owned(), words(item));
        self.dealt_with.entry(key).or_default().push(entry);
    }

    pub(super) fn standing_items(&self, as_of: Day) -> Vec<StandingView> {
        let view = |((body, item), standing): (&(String, String), &StandingItem)| StandingView {
            body: body.clone(),
            item: item.clone(),
            every_meeting: standing.every_meeting,
            every_months: standing.cadence.map(months),
            words: standing.words.clone(),
            occasions: self.occasions(body, item, standing, as_of),
            entry: standing.entry,
        };
        self.standing.iter().map(view).collect()
    }

    /// Before it was put on the agenda, and before the first meeting on the ledger, nothing was expected.
    fn occasions(&self, body: &str, item: &str, standing: &StandingItem, as_of: Day) -> Vec<Occasion> {
        let mut met = self.days_of(body, as_of);
        met.retain(|day| standing.since.is_none_or(|since| *day >= since));
        if standing.every_meeting {
            return met.iter().map(|day| self.occasion(body, item, *day, *day)).collect();
        }
        let (Some(cadence), Some(first)) = (standing.cadence, met.first()) else { return Vec::new() };
        let each = i32::from(months(cadence));
        let start = match standing.in_month {
            None => *first,
            Some(month) => {
                let Some(start) = next_month(*first, month) else { return Vec::new() };
                start
            }
        };
        // Of an annual item with a month of its own, that month is the period; else the periods follow each other.
        let length = if standing.in_month.is_some() { 1 } else { each };
        let mut all = Vec::new();
        let mut n = 0;
        while let Some((from, to)) = Some(window(start, n * each, length)).filter(|(_, to)| *to <= as_of) {
            all.push(self.occasion(body, item, from, to));
            n += 1;
        }
        all
    }

    fn occasion(&self, body: &str, item: &str, from: Day, to: Day) -> Occasion {
        // Dates are written so that their texts are in order.
        let (first, last) = (from.to_string(), to.to_string());
        let of_body = self.dealt_with.range((body.to_owned(), first, String::new())..);
        let inside = of_body.take_while(|((of, date, _), _)| of == body && *date <= last);
        let shown = inside.filter(|((_, _, name), _)| name == item);
        let mut entries: Vec<u64> = shown.flat_map(|(_, entries)| entries.iter().copied()).collect();
        entries.sort_unstable();
        Occasion { from: from.to_string(), to: to.to_string(), was_there: !entries.is_empty(), entries }
    }
}

/// The calendar months that begin so many months after this day's, and how many of them.
fn window(start: Day, after: i32, length: i32) -> (Day, Day) {
    let from = start.month_end(after - 1).plus(1);
    (from, from.month_end(length - 1))
}

/// This month of the day's year, or of the next one where it is over.
fn next_month(day: Day, month: i8) -> Option<Day> {
    let year = if day.month() > month { day.year().checked_add(1)? } else { day.year() };
    Day::first_of(year, month)
}

/// A name without the marks that streams use for spaces, in lower case.
fn words(item: &str) -> String {
    item.trim().to_lowercase().replace(['-', '_'], " ")
}

impl StandingView {
    /// One line for each occasion on which it was not there.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.occasions.iter().filter(|occasion| !occasion.was_there).map(|occasion| {
            let Occasion { from, to, .. } = occasion;
            let when = if from == to { format!("the meeting of {from}") } else { format!("{from} to {to}") };
            format!("{}: nothing shows the standing item \"{}\" at {when}", self.body, self.item)
        })
    }
}
