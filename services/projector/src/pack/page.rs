//! The board pack as a page.

use super::Pack;
use crate::html::Page;
use crate::register::Row;
use crate::table::{Table, or_empty};

impl Pack {
    /// The pack as one HTML file that needs nothing beside it.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = Page::new(&format!("Board pack: {}, {} to {}", self.name, self.from, self.to));
        page.meta(&format!(
            "Computed from the first {} entries of the ledger, root {}. States are those of {}; what happened is \
             what happened in the period. Colours are written out as words.",
            self.tree_size, self.root, self.to
        ));
        self.summary(&mut page);
        self.changes(&mut page);
        self.overdue(&mut page);
        self.oldest(&mut page);
        self.areas(&mut page);
        self.figures(&mut page);
        self.decisions(&mut page);
        self.flow(&mut page);
        self.issues(&mut page);
        self.verification(&mut page);
        page.finish()
    }

    fn summary(&self, page: &mut Page) {
        let [red, amber, green, blue, grey] = self.colours;
        page.section("At a glance");
        page.list(&[
            format!(
                "{red} red, {amber} amber, {green} green, {blue} closed by the inspectorate, {grey} not addressed to \
                 the force"
            ),
            format!(
                "{} new, {} closed, {} reopened in the period",
                self.new.len(),
                self.closed.len(),
                self.reopened.len()
            ),
            format!("{} overdue on {}", self.overdue.len(), self.to),
            format!("{} statutory responses late, missing or undecidable", self.breaches.len()),
            format!("{} items passed on without a receipt", self.undelivered.len()),
        ]);
    }

    fn changes(&self, page: &mut Page) {
        page.section("New, closed and reopened");
        page.table(&obligations("New in the period", &self.new), "Nothing new.");
        page.table(&obligations("Closed by the inspectorate", &self.closed), "Nothing closed.");
        page.table(&obligations("Reopened by the inspectorate", &self.reopened), "Nothing reopened.");
    }

    fn overdue(&self, page: &mut Page) {
        page.section("Overdue, and statutory limits");
        page.table(&obligations("Past their date", &self.overdue), "Nothing is overdue.");
        let rows = self.breaches.iter().map(|row| {
            vec![
                row.report.trim_start_matches("report/").to_owned(),
                row.body.clone(),
                or_empty(row.clock.as_ref().map(|c| &c.last_day)),
                row.verdict.words(),
                entries(&row.entries),
            ]
        });
        let table = Table {
            title: "Responses under the Police Act 1996 s.55(5)".to_owned(),
            columns: vec!["Report", "Body", "Last day", "What can be said", "Entries"],
            rows: rows.collect(),
            notes: Vec::new(),
        };
        page.table(&table, "No statutory limit ended in the period without a response in time.");
    }

    fn oldest(&self, page: &mut Page) {
        page.section("The ten that are open longest");
        page.table(&obligations("Days from the report's publication", &self.oldest), "Nothing is open.");
    }

    fn areas(&self, page: &mut Page) {
        page.section("Areas for improvement");
        page.table(
            &obligations("All areas for improvement of this force area", &self.areas),
            "There are none.",
        );
    }

    fn figures(&self, page: &mut Page) {
        page.section("Figures, how they moved, and what they do not say");
        let mut rows = Vec::new();
        for finding in &self.findings {
            for figure in &finding.figures {
                let moved = finding.movements.iter().find(|m| m.entries[1] == figure.entry);
                rows.push(vec![
                    figure.measures.clone(),
                    finding.finding.trim_start_matches("finding/").to_owned(),
                    figure.period_words.clone(),
                    figure.words.clone(),
                    or_empty(moved.map(|m| format!("{} points", m.points))),
                    figure.caveat.clone(),
                    figure.entry.to_string(),
                ]);
            }
        }
        let table = Table {
            title: "Reported by the inspectorate".to_owned(),
            columns: vec!["Measures", "Finding", "Period", "Figure", "Movement", "Caveat", "Entry"],
            rows,
            notes: Vec::new(),
        };
        page.table(&table, "The inspectorate reports no figure.");
        page.table(&self.own_figures(), "No figure of the force's own is on the ledger.");
    }

    fn own_figures(&self) -> Table {
        let mut rows = Vec::new();
        for one in &self.series {
            for point in &one.points {
                let moved = one.movements.iter().find(|m| m.entries[1] == point.entry);
                let figure = point.figure.as_ref();
                let unknown = if point.denominator_unknown { "Denominator unknown. " } else { "" };
                rows.push(vec![
                    one.measures.clone(),
                    figure.map_or_else(|| point.when.to_string(), |f| f.period_words.clone()),
                    point.words(),
                    or_empty(moved.map(|m| format!("{} points", m.points))),
                    format!("{unknown}{}", figure.map_or("", |f| &f.caveat)),
                    point.context.clone(),
                    point.entry.to_string(),
                ]);
            }
        }
        Table {
            title: "Reported by the bodies themselves".to_owned(),
            columns: vec!["Measures", "Period", "Figure", "Movement", "Caveat", "Context", "Entry"],
            rows,
            notes: Vec::new(),
        }
    }

    fn decisions(&self, page: &mut Page) {
        page.section("What meetings were asked, and what they did");
        let mut rows = Vec::new();
        for meeting in &self.meetings {
            for paper in &meeting.papers {
                rows.push(vec![
                    paper.title.clone(),
                    format!("{}, {}", meeting.body, meeting.on),
                    format!("to {}", paper.ask),
                    paper.decision.unwrap_or("nothing recorded").to_owned(),
                    entries(&paper.entries),
                ]);
            }
            for decision in &meeting.decisions {
                rows.push(vec![
                    decision.title.clone(),
                    format!("{}, {}", meeting.body, meeting.on),
                    String::new(),
                    decision.text.clone(),
                    decision.entry.to_string(),
                ]);
            }
        }
        let table = Table {
            title: "Papers and decisions. To note is not to approve".to_owned(),
            columns: vec!["Paper or decision", "Meeting", "Asked", "Done", "Entries"],
            rows,
            notes: Vec::new(),
        };
        page.table(&table, "No paper was tabled in the period.");
    }

    fn flow(&self, page: &mut Page) {
        page.section("Passed on and not received");
        let rows = self.undelivered.iter().map(|item| {
            vec![
                item.title.clone(),
                item.from.clone(),
                item.to.clone(),
                item.forwarded.to_string(),
                item.state(),
                entries(&item.entries),
            ]
        });
        let table = Table {
            title: "Items without a receipt".to_owned(),
            columns: vec!["Item", "From", "To", "Forwarded", "State", "Entries"],
            rows: rows.collect(),
            notes: Vec::new(),
        };
        page.table(&table, "Every item that was passed on has a receipt.");
    }

    fn issues(&self, page: &mut Page) {
        page.section("Data-quality issues");
        let rows = self.issues.iter().map(|issue| {
            vec![
                issue.text.clone(),
                issue.body.clone(),
                issue.raised.to_string(),
                issue.reviews.to_string(),
                entries(&issue.entries),
            ]
        });
        let table = Table {
            title: "Raised and not resolved".to_owned(),
            columns: vec!["Issue", "Body", "Raised", "Reviews", "Entries"],
            rows: rows.collect(),
            notes: Vec::new(),
        };
        page.table(&table, "None is open.");
    }

    fn verification(&self, page: &mut Page) {
        let v = &self.verification;
        page.section("What was verified");
        page.paragraph(&v.result);
        let checkpoint = v.checkpoint.as_ref().map_or_else(
            || "No checkpoint has been published.".to_owned(),
            |(size, root)| format!("Last checkpoint: {size} entries, root {root}."),
        );
        page.paragraph(&checkpoint);
        page.paragraph(&if v.witnesses.is_empty() {
            "No witness has cosigned it.".to_owned()
        } else {
            format!("Cosigned by {}.", v.witnesses.join(", "))
        });
        page.meta("Anybody can check a row: `scrutiny explain NAME` lists its entries, `scrutiny prove INDEX` proves one.");
    }
}

fn obligations(title: &str, rows: &[Row]) -> Table {
    let line = |row: &Row| {
        let limb = if row.limb_text.is_empty() { String::new() } else { format!(", limb {}", row.limb) };
        vec![
            format!("{}{limb}", row.title),
            called(row),
            row.body.clone(),
            match &row.due.due {
                Some(due) => format!("{due} ({})", row.due.words),
                None => row.due.words.clone(),
            },
            row.force_status.to_owned(),
            row.inspectorate_status.to_owned(),
            format!("{}: {}", row.rag.as_str().to_uppercase(), row.rag_reason),
            or_empty(row.days_open),
            entries(&row.entries),
        ]
    };
    Table {
        title: title.to_owned(),
        columns: vec![
            "Finding",
            "Called",
            "Body",
            "Due",
            "Body says",
            "Inspectorate says",
            "Colour and why",
            "Days open",
            "Entries",
        ],
        rows: rows.iter().map(line).collect(),
        notes: Vec::new(),
    }
}

/// What the body's own papers call it, else the finding's own name.
fn called(row: &Row) -> String {
    if row.labels.is_empty() {
        row.finding.trim_start_matches("finding/").to_owned()
    } else {
        row.labels.join(", ")
    }
}

fn entries(entries: &[u64]) -> String {
    entries.iter().map(|entry| format!("#{entry}")).collect::<Vec<_>>().join(" ")
}
