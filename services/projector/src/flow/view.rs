//! The flow on a day.

use serde::Serialize;

use super::cadence::CadenceView;
use super::standing::StandingView;
use crate::Provenance;
use crate::table::{Table, or_empty};
use crate::when::When;

/// The flow on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// Items that no receipt is on the ledger for.
    pub undelivered: Vec<ItemView>,
    /// Items that arrived.
    pub delivered: Vec<ItemView>,
    /// Bodies that meet at a cadence, with the meetings that are missing.
    pub cadences: Vec<CadenceView>,
    /// What stands on a body's agenda, and where it was not there.
    pub standing: Vec<StandingView>,
    /// Meetings with their papers and decisions.
    pub meetings: Vec<MeetingView>,
}

/// An item on its way to one body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemView {
    /// Its stream.
    pub item: String,
    /// Its title.
    pub title: String,
    /// The body that passes it on.
    pub from: String,
    /// The body it is meant for.
    pub to: String,
    /// "up", "lateral", "down", "external".
    pub direction: &'static str,
    /// The meeting that decided so.
    pub meeting: String,
    /// The streams it concerns.
    pub concerns: Vec<String>,
    /// When it was forwarded.
    pub forwarded: When,
    /// Days without a receipt; null once there is one, or while the day it was forwarded is unknown.
    pub days_undelivered: Option<i32>,
    /// The receipt.
    pub received: Option<Receipt>,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A body has what was forwarded to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// When.
    pub when: When,
    /// What it will do with it.
    pub note: String,
    /// The entry.
    pub entry: u64,
}

/// A meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeetingView {
    /// Its stream.
    pub meeting: String,
    /// The body that met.
    pub body: String,
    /// The day, as the stream has it.
    pub on: String,
    /// The body's name as the minutes write it; empty while nobody recorded that it was held.
    pub body_as_written: String,
    /// True when the public could attend.
    pub in_public: bool,
    /// Whether it is recorded that it was held.
    pub minuted: bool,
    /// Papers tabled.
    pub papers: Vec<Agenda>,
    /// Decisions taken.
    pub decisions: Vec<DecisionView>,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A paper before a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agenda {
    /// Its title.
    pub title: String,
    /// The office it comes from.
    pub from_office: String,
    /// What it asks: "note", "approve", "refer".
    pub ask: &'static str,
    /// The report it is about.
    pub about: String,
    /// What the meeting did; null while nothing is recorded.
    pub decision: Option<&'static str>,
    /// The entries: tabled, decided.
    pub entries: Vec<u64>,
}

/// A decision of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionView {
    /// In a short title.
    pub title: String,
    /// The decision.
    pub text: String,
    /// The paper it rests on.
    pub paper: String,
    /// The streams it concerns.
    pub concerns: Vec<String>,
    /// Who signed.
    pub signed_by: String,
    /// The entry.
    pub entry: u64,
}

impl ItemView {
    /// "delivered", or since how many days it is not.
    #[must_use]
    pub fn state(&self) -> String {
        match (&self.received, self.days_undelivered) {
            (Some(_), _) => "delivered".to_owned(),
            (None, Some(days)) => format!("undelivered, {days} days"),
            (None, None) => "undelivered, forwarded on an unknown day".to_owned(),
        }
    }
}

impl FlowView {
    fn notes(&self) -> Vec<String> {
        let waiting = self.undelivered.len();
        let undelivered = (waiting > 0).then(|| format!("{waiting} without a receipt"));
        let gaps = self.cadences.iter().flat_map(CadenceView::notes);
        undelivered
            .into_iter()
            .chain(gaps)
            .chain(self.standing.iter().flat_map(StandingView::notes))
            .collect()
    }

    /// One line for each item, those without a receipt first.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |item: &ItemView| {
            vec![
                item.item.trim_start_matches("item/").to_owned(),
                item.title.clone(),
                item.from.clone(),
                item.to.clone(),
                item.direction.to_owned(),
                item.forwarded.to_string(),
                or_empty(item.received.as_ref().map(|r| &r.when)),
                item.state(),
                item.entries.last().map_or_else(String::new, u64::to_string),
            ]
        };
        Table {
            title: format!("Items forwarded between bodies, as of {}", self.as_of),
            columns: vec![
                "Item",
                "Title",
                "From",
                "To",
                "Way",
                "Forwarded",
                "Received",
                "State",
                "Last entry",
            ],
            rows: self.undelivered.iter().chain(&self.delivered).map(line).collect(),
            notes: self.notes(),
        }
    }
}
