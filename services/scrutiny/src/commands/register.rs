//! `scrutiny register`: what was found, what is owed, what was answered, and by when.

mod live;

use std::fmt::Write as _;

use ledger_rules::report::WHOLE;
use projector::Standing;
use projector::judgments::JudgmentsView;
use projector::register::{RegisterView, Row};
use projector::responses::TrackerView;
use serde_json::json;

use crate::cli::{self, Common};
use crate::exit::Done;
use crate::output::{Output, count, indent, table};
use crate::viewing;

pub(crate) fn run(args: &cli::Register, at: &Common, out: Output) -> Done {
    if args.services.to.is_some() {
        return live::run(args, at, out);
    }
    let (all, standing) = viewing::views(&args.when, at, out)?;
    let mut views =
        Views { register: all.register, responses: all.responses, judgments: all.judgments, standing };
    views.keep(args);
    viewing::csv(args.csv.as_deref(), &views.register.to_table(), out)?;
    out.result(
        "register",
        &views.text(),
        || json!({ "register": views.register, "responses": views.responses, "judgments": views.judgments }),
    );
    out.say("\n`scrutiny explain STREAM` lists the entries behind a row, `scrutiny show STREAM` shows its history.");
    Ok(())
}

struct Views {
    register: RegisterView,
    responses: TrackerView,
    judgments: JudgmentsView,
    standing: Standing,
}

impl Views {
    /// Leaves the rows of one body or report. Totals and warnings stay: they are about the reports.
    fn keep(&mut self, args: &cli::Register) {
        if let Some(body) = &args.body {
            self.register.rows.retain(|row| row.body == *body);
            self.responses.rows.retain(|row| row.body == *body);
        }
        if let Some(report) = &args.report {
            let stream = format!("report/{report}");
            let finding = format!("finding/{report}/");
            self.register.totals.retain(|totals| totals.report == stream);
            self.register.findings.retain(|found| found.finding.starts_with(&finding));
            self.register.rows.retain(|row| row.finding.starts_with(&finding));
            self.responses.rows.retain(|row| row.report == stream);
            self.judgments.judgments.retain(|judgment| judgment.report == stream);
        }
    }

    fn text(&self) -> String {
        if self.register.totals.is_empty() {
            return "No report is recorded yet. `scrutiny kinds ReportPublished` shows how one is."
                .to_owned();
        }
        let mut text = String::new();
        heading(
            &mut text,
            &format!("Reports, and what they say they contain, as of {}", self.register.as_of),
        );
        for note in self.register.to_table().notes {
            let _ = writeln!(text, "  {note}");
        }
        self.obligations(&mut text);
        self.figures(&mut text);
        self.clocks(&mut text);
        if !self.judgments.judgments.is_empty() {
            heading(&mut text, "Judgments");
            for note in self.judgments.to_table().notes {
                let _ = writeln!(text, "  {note}");
            }
        }
        let entries = count(self.standing.tree_size.0, "entry", "entries");
        let _ = write!(text, "\nComputed from {entries} with root {}.", self.standing.root);
        text
    }

    /// A table for each body and report, in the order of the register.
    fn obligations(&self, text: &mut String) {
        let place = |row: &Row| (row.body.clone(), report_of(&row.finding).to_owned());
        for rows in self.register.rows.chunk_by(|a, b| place(a) == place(b)) {
            let (body, report) = place(&rows[0]);
            heading(text, &format!("{body}: what it owes on report/{report}"));
            let header = ["no.", "called", "finding", "due", "answer", "it says", "inspectorate", "RAG"];
            text.push_str(&indent(&table(header, rows.iter().map(cells))));
            text.push('\n');
        }
    }

    fn figures(&self, text: &mut String) {
        let with_figures: Vec<_> = self.register.findings.iter().filter(|f| !f.figures.is_empty()).collect();
        let of_report =
            self.register.totals.iter().flat_map(|t| t.remarks.iter().map(move |r| (&t.report, r)));
        let of_finding =
            self.register.findings.iter().flat_map(|f| f.remarks.iter().map(move |r| (&f.finding, r)));
        let remarked: Vec<_> = of_report
            .chain(of_finding)
            .filter_map(|(name, remark)| Some((name, remark.figure_words()?)))
            .collect();
        if !with_figures.is_empty() || !remarked.is_empty() {
            heading(text, "Figures at issue");
        }
        for (name, words) in remarked {
            let _ = writeln!(text, "  {name} {words}");
        }
        for finding in with_figures {
            let name = finding.finding.trim_start_matches("finding/");
            for figure in &finding.figures {
                let period = [", ", &figure.period_words].concat();
                let period = if figure.period_words.is_empty() { "" } else { &period };
                let _ = writeln!(text, "  {name:<16} {}: {}{period}", figure.measures, figure.words);
            }
            for movement in &finding.movements {
                let (from, to) = (&movement.before.0, &movement.after.0);
                let _ = writeln!(text, "  {:<16} {} points from {from} to {to}", "", movement.points);
            }
        }
    }

    fn clocks(&self, text: &mut String) {
        for row in &self.responses.rows {
            heading(
                text,
                &format!("{}: its statutory response to {} (Police Act 1996 s.55)", row.body, row.report),
            );
            if let Some(clock) = &row.clock {
                let _ = writeln!(
                    text,
                    "  report published {}; last day {}; by everyday count +56, {}; {}",
                    clock.published_on,
                    clock.last_day,
                    clock.plain_56,
                    days_left(clock.days_left)
                );
            }
            let _ = writeln!(text, "  {}", row.verdict.words());
            let cover = &row.coverage;
            if cover.obligations > 0 {
                let _ = writeln!(
                    text,
                    "  covers {} of {}: {} with an answer of their own, {} by a blanket one",
                    cover.covered,
                    count(cover.obligations as u64, "obligation", "obligations"),
                    cover.specific,
                    cover.blanket
                );
            }
            for warning in &row.warnings {
                let _ = writeln!(text, "  ! {warning}");
            }
        }
    }
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{title}\n");
}

fn cells(row: &Row) -> [String; 8] {
    let number = row.finding.rsplit('/').next().unwrap_or_default();
    let number = if row.limb == WHOLE { number.to_owned() } else { format!("{number} {}", row.limb) };
    let answer = row.response_type.unwrap_or("none yet").replace('_', " ");
    let due = row.due.due.clone().unwrap_or_else(|| row.due.words.clone());
    [
        number,
        row.labels.join(", "),
        row.title.clone(),
        due,
        answer,
        row.force_status.to_owned(),
        row.inspectorate_status.to_owned(),
        row.rag.as_str().to_owned(),
    ]
}

/// The report in a finding's stream.
fn report_of(finding: &str) -> &str {
    finding.split('/').nth(1).unwrap_or_default()
}

fn days_left(days: i32) -> String {
    let so_many = |n: i32| count(n.unsigned_abs().into(), "day", "days");
    match days {
        0 => "this is the last day".to_owned(),
        1.. => format!("{} left", so_many(days)),
        _ => format!("{} past", so_many(days)),
    }
}
