//! The board pack: what a board needs to know about a force area for a period, on one page.
//!
//! It is put together from the other views and adds no number of its own. The rows are those at the end of
//! the period; what was new, closed or reopened is what happened in it. Professional standards are left out:
//! their timeliness is restricted.

mod page;

use std::collections::BTreeMap;

use ledger_rules::civil::Day;
use serde::Serialize;

use crate::all::Views;
use crate::area;
use crate::facts::Issue;
use crate::flow::{ItemView, MeetingView};
use crate::register::rag::Rag;
use crate::register::{FindingView, Row};
use crate::responses::{TrackerRow, Verdict};
use crate::series::OneSeries;
use crate::when::When;

/// How many of the longest open obligations are shown.
pub const OLDEST: usize = 10;

/// The period that a pack is about, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Day,
    /// Last day. The views that a pack is made from are views of this day.
    pub to: Day,
}

/// What was checked before the pack was made, by whoever makes it. The pack only repeats it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether everything that was recomputed agreed.
    pub clean: bool,
    /// The result in words.
    pub result: String,
    /// The last checkpoint: size and root; null where there is none.
    pub checkpoint: Option<(u64, String)>,
    /// Witnesses whose cosignatures on it were checked.
    pub witnesses: Vec<String>,
}

/// A board pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pack {
    /// The body it is for.
    pub body: String,
    /// Its name.
    pub name: String,
    /// First day of the period.
    pub from: String,
    /// Last day.
    pub to: String,
    /// How many entries it was computed from.
    pub tree_size: u64,
    /// Their root hash.
    pub root: String,
    /// Obligations by colour at the end: red, amber, green, blue, grey.
    pub colours: [usize; 5],
    /// Obligations that came to be in the period.
    pub new: Vec<Row>,
    /// Obligations that the inspectorate closed in it.
    pub closed: Vec<Row>,
    /// Obligations that it reopened in it.
    pub reopened: Vec<Row>,
    /// Red, and past their date.
    pub overdue: Vec<Row>,
    /// Statutory limits that were broken in the period, or that nobody can decide.
    pub breaches: Vec<TrackerRow>,
    /// The ten that are open longest.
    pub oldest: Vec<Row>,
    /// Areas for improvement.
    pub areas: Vec<Row>,
    /// Findings of those rows that have figures.
    pub findings: Vec<FindingView>,
    /// Figures that the body reports itself.
    pub series: Vec<OneSeries>,
    /// Meetings of the period with what was asked of them.
    pub meetings: Vec<MeetingView>,
    /// Items passed on without a receipt.
    pub undelivered: Vec<ItemView>,
    /// Data-quality issues that nobody has resolved.
    pub issues: Vec<Issue>,
    /// What was checked.
    pub verification: Verification,
}

impl Pack {
    /// The pack of a body's force area. `views` are those of the period's last day.
    #[must_use]
    pub fn new(views: &Views, body: &str, period: Period, verification: Verification) -> Self {
        let scope = Scope::of(views, body);
        let rows: Vec<&Row> = views.register.rows.iter().filter(|row| scope.has(&row.body)).collect();
        let pick = |keep: &dyn Fn(&Row) -> bool| -> Vec<Row> {
            rows.iter().filter(|row| keep(row)).map(|row| (*row).clone()).collect()
        };
        let happened = |row: &Row, what: &str| {
            row.history.iter().any(|event| event.what == what && period.has(&event.when))
        };
        let about: Vec<&str> = rows.iter().map(|row| row.finding.as_str()).collect();
        let colour = |colour| rows.iter().filter(|row| row.rag == colour).count();
        Self {
            body: body.to_owned(),
            name: views.bodies.bodies.iter().find(|b| b.body == body).map_or(body, |b| &b.name).to_owned(),
            from: period.from.to_string(),
            to: period.to.to_string(),
            tree_size: views.register.provenance.tree_size,
            root: views.register.provenance.root.clone(),
            colours: [Rag::Red, Rag::Amber, Rag::Green, Rag::Blue, Rag::Grey].map(colour),
            new: pick(&|row| period.has(&row.created)),
            closed: pick(&|row| happened(row, "closed")),
            reopened: pick(&|row| happened(row, "reopened")),
            overdue: pick(&|row| row.overdue),
            breaches: breaches(views, &scope, period),
            oldest: oldest(&rows),
            areas: pick(&|row| row.kind == "area for improvement"),
            findings: views
                .register
                .findings
                .iter()
                .filter(|f| !f.figures.is_empty() && about.contains(&f.finding.as_str()))
                .cloned()
                .collect(),
            series: views.series.series.iter().filter(|one| scope.has(&one.body)).cloned().collect(),
            meetings: meetings(views, &scope, period),
            undelivered: views
                .flow
                .undelivered
                .iter()
                .filter(|item| scope.has(&item.from) || scope.has(&item.to))
                .cloned()
                .collect(),
            issues: views.facts.open_issues.iter().filter(|issue| scope.has(&issue.body)).cloned().collect(),
            verification,
        }
    }
}

impl Period {
    /// Whether something fell into it; what has no day did not.
    fn has(&self, when: &When) -> bool {
        match (when.from, when.to) {
            (Some(first), Some(last)) => first <= self.to && last >= self.from,
            _ => false,
        }
    }

    fn has_day(&self, day: &str) -> bool {
        day.parse::<Day>().is_ok_and(|day| (self.from..=self.to).contains(&day))
    }
}

/// A force area: the force, its local policing body, and what is part of either.
struct Scope<'a> {
    area: &'a str,
    part_of: BTreeMap<&'a str, &'a str>,
}

impl<'a> Scope<'a> {
    fn of(views: &'a Views, body: &'a str) -> Self {
        let part_of = views.bodies.bodies.iter().map(|b| (b.body.as_str(), b.part_of.as_str())).collect();
        Self { area: area(body), part_of }
    }

    fn has(&self, body: &str) -> bool {
        let mut body = body;
        // A chain of parts is short; one that runs in a circle ends here.
        for _ in 0..16 {
            if area(body) == self.area {
                return true;
            }
            match self.part_of.get(body) {
                Some(whole) if !whole.is_empty() => body = whole,
                _ => return false,
            }
        }
        false
    }
}

fn breaches(views: &Views, scope: &Scope<'_>, period: Period) -> Vec<TrackerRow> {
    let in_period = |row: &&TrackerRow| match &row.verdict {
        Verdict::Late { breached_at_end_of, .. } | Verdict::Breached { breached_at_end_of } => {
            period.has_day(breached_at_end_of)
        }
        Verdict::CannotDecide { .. } => row.clock.as_ref().is_some_and(|c| period.has_day(&c.last_day)),
        Verdict::Running | Verdict::InTime { .. } => false,
    };
    views.responses.rows.iter().filter(|row| scope.has(&row.body)).filter(in_period).cloned().collect()
}

fn oldest(rows: &[&Row]) -> Vec<Row> {
    let mut open: Vec<&Row> =
        rows.iter().copied().filter(|row| !matches!(row.rag, Rag::Blue | Rag::Grey)).collect();
    open.sort_by_key(|row| (std::cmp::Reverse(row.days_open), row.obligation.clone()));
    open.into_iter().take(OLDEST).cloned().collect()
}

fn meetings(views: &Views, scope: &Scope<'_>, period: Period) -> Vec<MeetingView> {
    let of_period = |m: &&MeetingView| scope.has(&m.body) && period.has_day(&m.on);
    views.flow.meetings.iter().filter(of_period).cloned().collect()
}
