//! Professional standards on a day.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Provenance;
use crate::table::{Table, or_empty};
use crate::when::When;

/// Counts on a day: what may be shown outside the department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConductView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// One for each body that decides cases.
    pub bodies: Vec<ConductCounts>,
}

/// Counts of one body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ConductCounts {
    /// The body.
    pub body: String,
    /// Cases received.
    pub cases: usize,
    /// Of these, not closed.
    pub open: usize,
    /// Cases by the severity that stands; those without one are left out.
    pub severity: BTreeMap<&'static str, usize>,
    /// By what the clock is for: "report to the barred list".
    pub clocks: BTreeMap<&'static str, ClockCounts>,
    /// Every entry the counts rest on.
    pub entries: Vec<u64>,
}

/// How often a limit was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ClockCounts {
    /// Clocks that began.
    pub begun: usize,
    /// Done on or before the last day.
    pub in_time: usize,
    /// Done after it.
    pub late: usize,
    /// Not done, and the last day has passed.
    pub overdue: usize,
    /// Not done, and the last day has not come.
    pub running: usize,
    /// Nobody can say: the calendar does not reach so far.
    pub cannot_decide: usize,
}

/// Every case on a day. For those who work on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CasesView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// Always true: a reader must be told.
    pub restricted: bool,
    /// One for each case.
    pub rows: Vec<CaseRow>,
}

/// A case, by its pseudonym.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseRow {
    /// Its stream.
    pub case: String,
    /// The body that decides it.
    pub body: String,
    /// The way the allegation came.
    pub route: &'static str,
    /// When it came.
    pub received: When,
    /// The severity that stands.
    pub severity: Option<&'static str>,
    /// Days from the allegation to the first assessment of its severity.
    pub days_to_severity: Option<i32>,
    /// How far it has come.
    pub stage: &'static str,
    /// Its clocks.
    pub clocks: Vec<ClockView>,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// One clock of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockView {
    /// The rule: "R12".
    pub rule: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// The day it began with.
    pub from: String,
    /// The last day, until 23:59:59 in London.
    pub last_day: Option<String>,
    /// When it was done.
    pub done_on: Option<String>,
    /// What that makes.
    #[serde(flatten)]
    pub state: ClockState,
    /// Where the rule stands.
    pub source: &'static str,
    /// The entries: what began it, what ended it.
    pub entries: Vec<u64>,
}

/// What the ledger allows to be said about a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ClockState {
    /// Done on or before the last day.
    InTime,
    /// Done after it.
    Late {
        /// 1 for the day after.
        days: i32,
    },
    /// Not done, and the last day has not passed.
    Running {
        /// 0 on the last day.
        days_left: i32,
    },
    /// Not done, and the last day has passed.
    Overdue {
        /// 1 on the day after.
        days: i32,
    },
    /// Nobody can say.
    CannotDecide {
        /// Why, in words.
        because: String,
    },
}

impl ClockState {
    /// In a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::InTime => "in time".to_owned(),
            Self::Late { days } => format!("late by {days} {}", plural(*days)),
            Self::Running { days_left } => format!("{days_left} {} left", plural(*days_left)),
            Self::Overdue { days } => format!("overdue by {days} {}", plural(*days)),
            Self::CannotDecide { because } => {
                if because.starts_with("cannot decide") {
                    because.clone()
                } else {
                    format!("cannot decide: {because}")
                }
            }
        }
    }
}

fn plural(days: i32) -> &'static str {
    if days == 1 { "day" } else { "days" }
}

impl ConductCounts {
    pub(super) fn add(&mut self, row: &CaseRow) {
        self.cases += 1;
        self.open += usize::from(row.stage != "closed");
        if let Some(severity) = row.severity {
            *self.severity.entry(severity).or_default() += 1;
        }
        for clock in &row.clocks {
            let counts = self.clocks.entry(clock.what).or_default();
            counts.begun += 1;
            *counts.of(&clock.state) += 1;
        }
        self.entries.extend(&row.entries);
        self.entries.sort_unstable();
    }
}

impl ClockCounts {
    fn of(&mut self, state: &ClockState) -> &mut usize {
        match state {
            ClockState::InTime => &mut self.in_time,
            ClockState::Late { .. } => &mut self.late,
            ClockState::Running { .. } => &mut self.running,
            ClockState::Overdue { .. } => &mut self.overdue,
            ClockState::CannotDecide { .. } => &mut self.cannot_decide,
        }
    }
}

impl ConductView {
    /// One line for each body and clock.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        for counts in &self.bodies {
            let severity: Vec<_> = counts.severity.iter().map(|(name, n)| format!("{n} {name}")).collect();
            notes.push(format!(
                "{}: {} cases, {} open; severity: {}",
                counts.body,
                counts.cases,
                counts.open,
                if severity.is_empty() { "none assessed".to_owned() } else { severity.join(", ") }
            ));
            for (what, clock) in &counts.clocks {
                let numbers = [
                    clock.begun,
                    clock.in_time,
                    clock.late,
                    clock.overdue,
                    clock.running,
                    clock.cannot_decide,
                ];
                let mut row = vec![counts.body.clone(), (*what).to_owned()];
                row.extend(numbers.map(|n| n.to_string()));
                rows.push(row);
            }
        }
        Table {
            title: format!("Professional standards: clocks kept, as of {}", self.as_of),
            columns: vec!["Body", "Clock", "Begun", "In time", "Late", "Overdue", "Running", "Cannot decide"],
            rows,
            notes,
        }
    }
}

impl CasesView {
    /// One line for each clock of each case.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut rows = Vec::new();
        for case in &self.rows {
            let mut line = |clock: Option<&ClockView>| {
                rows.push(vec![
                    case.case.trim_start_matches("psdcase/").to_owned(),
                    case.body.clone(),
                    case.stage.to_owned(),
                    case.severity.unwrap_or_default().to_owned(),
                    or_empty(clock.map(|c| c.what)),
                    or_empty(clock.map(|c| c.rule)),
                    or_empty(clock.and_then(|c| c.last_day.as_ref())),
                    or_empty(clock.and_then(|c| c.done_on.as_ref())),
                    clock.map_or_else(String::new, |c| c.state.words()),
                ]);
            };
            if case.clocks.is_empty() {
                line(None);
            }
            case.clocks.iter().for_each(|clock| line(Some(clock)));
        }
        Table {
            title: format!("Restricted: cases and their clocks, as of {}", self.as_of),
            columns: vec!["Case", "Body", "Stage", "Severity", "Clock", "Rule", "Last day", "Done", "State"],
            rows,
            notes: Vec::new(),
        }
    }
}
