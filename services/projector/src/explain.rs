//! What a figure, a row or a state rests on: the entries, by index.
//!
//! Every name here is one that a view shows: a stream, or `register/red` for a count of the register. Whoever
//! doubts a number reads the entries behind it, and checks each against the tree.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::all::Views;
use crate::figure::{FigureView, Movement};
use crate::register::{FindingView, RegisterView, Row};

/// Something that a projection says, and the entries that make it say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// What it is about: "obligation/cambridgeshire/dupp-2021/5/0".
    pub name: String,
    /// The projection that says it.
    pub projection: &'static str,
    /// What it says, in words.
    pub says: String,
    /// The entries it rests on, in order.
    pub entries: Vec<u64>,
}

/// Everything that the views say about a name, or about what lies under it: "finding/peel-2021-22" has all
/// findings of that report.
#[must_use]
pub fn explain(views: &Views, name: &str) -> Vec<Ground> {
    let name = name.trim_end_matches('/');
    let under = format!("{name}/");
    let mut all = Vec::new();
    register(&views.register, &mut all);
    responses(views, &mut all);
    judgments(views, &mut all);
    others(views, &mut all);
    all.retain(|ground| ground.name == name || ground.name.starts_with(&under));
    all
}

fn ground(
    name: &str,
    projection: &'static str,
    says: String,
    entries: impl IntoIterator<Item = u64>,
) -> Ground {
    let entries: BTreeSet<_> = entries.into_iter().collect();
    Ground { name: name.to_owned(), projection, says, entries: entries.into_iter().collect() }
}

fn register(view: &RegisterView, all: &mut Vec<Ground>) {
    let by = view.provenance.projection;
    for totals in &view.totals {
        let counts: Vec<_> = totals
            .kinds
            .iter()
            .map(|gap| {
                let expected = gap.expected.map_or("an unknown number".to_owned(), |n| n.to_string());
                format!("{} of {expected} ({})", gap.issued, gap.kind)
            })
            .collect();
        let warning = totals.warning.as_ref().map_or_else(String::new, |w| format!("; {w}"));
        let says = format!("findings issued: {}{warning}", counts.join(", "));
        all.push(ground(&totals.report, by, says, totals.entries.iter().copied()));
        let figures = totals.remarks.iter().filter_map(|remark| Some((remark.figure_words()?, remark.entry)));
        all.extend(figures.map(|(says, entry)| ground(&totals.report, by, says, [entry])));
    }
    for finding in &view.findings {
        figures(by, finding, all);
    }
    for row in &view.rows {
        let says = format!(
            "{}: {}; the body: {}; the inspectorate: {}",
            row.rag.as_str(),
            row.rag_reason,
            row.force_status,
            row.inspectorate_status
        );
        all.push(ground(&row.obligation, by, says, behind(view, row)));
    }
    for colour in ["red", "amber", "green", "blue", "grey"] {
        let rows: Vec<_> = view.rows.iter().filter(|row| row.rag.as_str() == colour).collect();
        let says = format!("{} of {} obligations", rows.len(), view.rows.len());
        let entries = rows.iter().flat_map(|row| row.entries.iter().copied());
        all.push(ground(&format!("register/{colour}"), by, says, entries));
    }
}

/// An obligation rests on its own entries, on its finding's, and on the report's publication.
fn behind(view: &RegisterView, row: &Row) -> BTreeSet<u64> {
    let finding = view.findings.iter().find(|f| f.finding == row.finding);
    let report = row.finding.split('/').nth(1).map(|report| format!("report/{report}"));
    let totals = view.totals.iter().find(|t| Some(&t.report) == report.as_ref());
    let published = totals.and_then(|t| t.entries.first());
    row.entries.iter().chain(finding.iter().flat_map(|f| &f.entries)).chain(published).copied().collect()
}

fn figures(by: &'static str, finding: &FindingView, all: &mut Vec<Ground>) {
    let name = &finding.finding;
    all.push(ground(
        name,
        by,
        format!("{}: {}", finding.kind, finding.title),
        finding.entries.iter().copied(),
    ));
    all.extend(finding.figures.iter().map(|figure| ground(name, by, figure_words(figure), [figure.entry])));
    all.extend(finding.movements.iter().map(|m| ground(name, by, movement_words(m), m.entries)));
}

fn figure_words(figure: &FigureView) -> String {
    let caveat = if figure.caveat.is_empty() { String::new() } else { format!(" [{}]", figure.caveat) };
    format!("{}: {}{caveat}", figure.measures, figure.words)
}

fn movement_words(movement: &Movement) -> String {
    let Movement { measures, before, after, points, .. } = movement;
    format!("{measures}: {points} points, from {} % ({}) to {} % ({})", before.1, before.0, after.1, after.0)
}

fn responses(views: &Views, all: &mut Vec<Ground>) {
    let by = views.responses.provenance.projection;
    for row in &views.responses.rows {
        let name = format!("response/{}/{}", row.body, row.report.trim_start_matches("report/"));
        let says = format!(
            "{}; covers {} of {} obligations",
            row.verdict.words(),
            row.coverage.covered,
            row.coverage.obligations
        );
        all.push(ground(&name, by, says, row.entries.iter().copied()));
    }
}

fn judgments(views: &Views, all: &mut Vec<Ground>) {
    let by = views.judgments.provenance.projection;
    for counts in &views.judgments.counts {
        let of =
            views.judgments.judgments.iter().filter(|j| j.report == counts.report && j.body == counts.body);
        let says = format!(
            "{} areas of {}: {} outstanding, {} good, {} adequate, {} requires improvement, {} inadequate",
            counts.areas,
            counts.body,
            counts.outstanding,
            counts.good,
            counts.adequate,
            counts.requires_improvement,
            counts.inadequate
        );
        all.push(ground(&counts.report, by, says, of.map(|j| j.entry)));
    }
    for judgment in &views.judgments.judgments {
        let says = format!("{}: {}", judgment.area, judgment.grade);
        all.push(ground(&judgment.judgment, by, says, [judgment.entry]));
    }
}

fn others(views: &Views, all: &mut Vec<Ground>) {
    for body in &views.bodies.bodies {
        let says = format!("{}, {}", body.name, body.level);
        let by = views.bodies.provenance.projection;
        all.push(ground(&format!("body/{}", body.body), by, says, body.entries.iter().copied()));
    }
    let by = views.flow.provenance.projection;
    for item in views.flow.undelivered.iter().chain(&views.flow.delivered) {
        let says = format!("{}, to {}: {}", item.title, item.to, item.state());
        all.push(ground(&item.item, by, says, item.entries.iter().copied()));
    }
    for meeting in &views.flow.meetings {
        let says = format!("{} papers, {} decisions", meeting.papers.len(), meeting.decisions.len());
        all.push(ground(&meeting.meeting, by, says, meeting.entries.iter().copied()));
    }
    for counts in &views.conduct.bodies {
        let says = format!("{} cases, {} open", counts.cases, counts.open);
        let by = views.conduct.provenance.projection;
        all.push(ground(&format!("conduct/{}", counts.body), by, says, counts.entries.iter().copied()));
    }
    let by = views.series.provenance.projection;
    for one in &views.series.series {
        for point in &one.points {
            all.push(ground(&one.metric, by, format!("{}: {}", one.measures, point.words()), [point.entry]));
        }
        all.extend(one.movements.iter().map(|m| ground(&one.metric, by, movement_words(m), m.entries)));
    }
    let by = views.facts.provenance.projection;
    for fact in &views.facts.facts {
        all.push(ground(&fact.stream, by, format!("{}: {}", fact.fact, fact.text), [fact.entry]));
    }
    let by = views.oversight.provenance.projection;
    for act in &views.oversight.acts {
        all.push(ground(&act.stream, by, format!("{}: {}", act.kind, act.what), act.entries));
    }
    reviews(views, all);
    let by = views.offices.provenance.projection;
    for office in &views.offices.offices {
        all.push(ground(&office.stream, by, office.words(), office.entries.iter().copied()));
    }
}

fn reviews(views: &Views, all: &mut Vec<Ground>) {
    let by = views.reviews.provenance.projection;
    for review in &views.reviews.reviews {
        let outcome = review.outcome.map_or_else(String::new, |outcome| format!(": {outcome}"));
        all.push(ground(
            &review.review,
            by,
            format!("{}{outcome}", review.state),
            review.entries.iter().copied(),
        ));
    }
    for waiting in &views.reviews.outstanding {
        let says = format!("{}, {}", waiting.why.words(), waiting.state());
        all.push(ground(&waiting.review, by, says, waiting.entries.iter().copied()));
    }
    for sample in &views.reviews.samples {
        let says = format!("{} of {} drawn for {}", sample.drawn.len(), sample.frame_size, sample.level);
        all.push(ground(&sample.sample, by, says, sample.entries.iter().copied()));
    }
    let by = views.panels.provenance.projection;
    for session in &views.panels.sessions {
        let says = format!("{} cases; {}", session.cases.len(), session.ratings_words());
        all.push(ground(&session.session, by, says, session.entries.iter().copied()));
    }
    let by = views.learning.provenance.projection;
    for point in &views.learning.points {
        let says = format!("{} [{}]", point.text, point.channels.join(", "));
        all.push(ground(&point.point, by, says, point.entries.iter().copied()));
    }
}
