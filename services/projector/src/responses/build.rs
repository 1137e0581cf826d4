//! Computes the tracker's view.

use std::collections::BTreeSet;

use ledger_rules::civil::Day;
use ledger_rules::clock::{COPY_WARNING_DAYS, StatutoryClock};
use scrutiny_proto::response::v1::{self as response, CopyRecipient};

use super::verdict::{self, Clock, Facts, Verdict};
use super::view::{
    Citation, Copies, Copy, CoverageView, Letter, PaperView, Publication, TrackerRow, TrackerView,
};
use super::{Case, Noted, Paper, Report, Tracker};
use crate::{Projection as _, Standing, flow};

impl Tracker {
    /// The tracker on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> TrackerView {
        let mut keys: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (report, Report { addressed_to, .. }) in &self.reports {
            keys.extend(addressed_to.iter().map(|body| (body.as_str(), report.as_str())));
        }
        keys.extend(self.cases.keys().map(|(body, report)| (body.as_str(), report.as_str())));
        let rows = keys.into_iter().map(|(body, report)| self.row(body, report, as_of)).collect();
        TrackerView { provenance: Self::provenance(at), as_of: as_of.to_string(), rows }
    }

    fn row(&self, body: &str, report: &str, as_of: Day) -> TrackerRow {
        let unknown = Report::default();
        let Report { title, published_on, entry: published, .. } =
            self.reports.get(report).unwrap_or(&unknown);
        let case =
            self.cases.get(&(body.to_owned(), report.to_owned())).cloned().unwrap_or_default().by(as_of);
        let facts = Facts {
            report_published: *published_on,
            publications: case.published.iter().map(|(_, p)| p.published_on.parse().ok()).collect(),
            letter: case.prepared.last().map(|(_, p)| verdict::Letter(p.letter_dated.parse().ok())),
        };
        let coverage = self.coverage(body, report, &case);
        let copies = copies(&case);
        let papers: Vec<_> = self.papers_of(body, report, as_of).collect();
        let clock = published_on.map(StatutoryClock::beginning);
        TrackerRow {
            body: body.to_owned(),
            report: format!("report/{report}"),
            title: title.clone(),
            clock: published_on.map(|day| Clock::on(as_of, day)),
            verdict: Verdict::on(as_of, &facts),
            comments_wanted_by: case.invited.last().map(|(_, i)| i.by_date.clone()),
            comments_received: case.submitted.iter().map(|(noted, _)| noted.happened.view()).collect(),
            letters: case.prepared.iter().map(|(noted, p)| letter(noted, p, clock)).collect(),
            publications: case.published.iter().map(|(noted, p)| publication(noted, p)).collect(),
            warnings: warnings(&case, &coverage, &copies, as_of),
            citations: citations(&case, &papers),
            papers: papers.iter().map(|paper| paper_view(paper, clock)).collect(),
            entries: case
                .entries()
                .chain(papers.iter().map(|p| p.entry))
                .chain(*published)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            coverage,
            copies,
        }
    }

    fn papers_of<'a>(
        &'a self,
        body: &'a str,
        report: &'a str,
        as_of: Day,
    ) -> impl Iterator<Item = &'a Paper> {
        self.papers.iter().filter(move |paper| {
            let of_body = paper.meeting_body == body
                || self.part_of.get(&paper.meeting_body).is_some_and(|whole| whole == body);
            of_body && paper.report == report && paper.meeting_day.is_none_or(|day| day <= as_of)
        })
    }
}

impl Case {
    /// What had happened by the end of a day. A publication goes by the day it states.
    fn by(mut self, as_of: Day) -> Self {
        let past = |stated: &str, noted: &Noted| match stated.parse::<Day>() {
            Ok(day) => day <= as_of,
            Err(_) => noted.happened.by(as_of),
        };
        self.invited.retain(|(noted, _)| noted.happened.by(as_of));
        self.submitted.retain(|(noted, _)| noted.happened.by(as_of));
        self.prepared.retain(|(noted, p)| past(&p.letter_dated, noted));
        self.published.retain(|(noted, p)| past(&p.published_on, noted));
        self.copies.retain(|(noted, c)| past(&c.sent_on, noted));
        self
    }

    fn entries(&self) -> impl Iterator<Item = u64> {
        let invited = self.invited.iter().map(|(n, _)| n.entry);
        let submitted = self.submitted.iter().map(|(n, _)| n.entry);
        let prepared = self.prepared.iter().map(|(n, _)| n.entry);
        let published = self.published.iter().map(|(n, _)| n.entry);
        invited
            .chain(submitted)
            .chain(prepared)
            .chain(published)
            .chain(self.copies.iter().map(|(n, _)| n.entry))
    }
}

fn letter(
    noted: &Noted,
    body: &response::StatutoryResponsePrepared,
    clock: Option<StatutoryClock>,
) -> Letter {
    let dated: Option<Day> = body.letter_dated.parse().ok();
    Letter {
        dated: dated.map(|day| day.to_string()),
        day: dated.zip(clock).map(|(day, clock)| clock.day_number(day)),
        addressed_to: body.addressed_to.clone(),
        signed_by: noted.signed_by.clone(),
        documents: noted.documents.clone(),
        entry: noted.entry,
    }
}

fn publication(noted: &Noted, body: &response::StatutoryResponsePublished) -> Publication {
    Publication {
        published_on: given(&body.published_on),
        url: body.url.clone(),
        signed_by: noted.signed_by.clone(),
        documents: noted.documents.clone(),
        entry: noted.entry,
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn copies(case: &Case) -> Copies {
    let to = |recipient: CopyRecipient| {
        let sent = case.copies.iter().filter(|(_, copy)| copy.to() == recipient);
        sent.map(|(noted, copy)| Copy {
            sent_on: given(&copy.sent_on),
            channel: copy.channel.clone(),
            entry: noted.entry,
        })
        .collect()
    };
    Copies {
        secretary_of_state: to(CopyRecipient::SecretaryOfState),
        inspectors: to(CopyRecipient::Inspectors),
    }
}

fn citations(case: &Case, papers: &[&Paper]) -> Vec<Citation> {
    let citation = |as_written: &str, normalised: &str, entry: u64| Citation {
        as_written: as_written.to_owned(),
        normalised: normalised.to_owned(),
        entry,
    };
    let papers =
        papers.iter().map(|p| citation(&p.tabled.cites_as_written, &p.tabled.cites_normalised, p.entry));
    let prepared =
        case.prepared.iter().map(|(n, p)| citation(&p.cites_as_written, &p.cites_normalised, n.entry));
    let published =
        case.published.iter().map(|(n, p)| citation(&p.cites_as_written, &p.cites_normalised, n.entry));
    papers.chain(prepared).chain(published).filter(|c| !c.as_written.is_empty()).collect()
}

fn paper_view(paper: &Paper, clock: Option<StatutoryClock>) -> PaperView {
    let counted = clock.zip(paper.meeting_day);
    PaperView {
        meeting: paper.meeting_body.clone(),
        on: paper.meeting_day.map(|day| day.to_string()),
        day: counted.map(|(clock, day)| clock.day_number(day)),
        days_left: counted.map(|(clock, day)| clock.days_left(day)),
        title: paper.tabled.title.clone(),
        ask: flow::ask(paper.tabled.ask()),
        decision: paper.decision,
        entry: paper.entry,
    }
}

/// R2 and INV-09, INV-10: what is missing, not whether it is forbidden.
fn warnings(case: &Case, coverage: &CoverageView, copies: &Copies, as_of: Day) -> Vec<String> {
    let mut warnings = Vec::new();
    let published = case.published.iter().filter_map(|(_, p)| p.published_on.parse::<Day>().ok()).min();
    let is_time = match published {
        Some(day) => as_of.since(day) > COPY_WARNING_DAYS,
        None => !case.published.is_empty(),
    };
    if is_time || !case.copies.is_empty() {
        for (sent, whom) in
            [(&copies.secretary_of_state, "the Secretary of State"), (&copies.inspectors, "the inspectors")]
        {
            if sent.is_empty() {
                warnings.push(format!("no copy to {whom} is on the ledger (s.55(6))"));
            }
        }
    }
    if !coverage.missing.is_empty() && (!case.published.is_empty() || !case.prepared.is_empty()) {
        warnings.push(format!(
            "{} of {} obligations are not covered",
            coverage.missing.len(),
            coverage.obligations
        ));
    }
    if coverage.blanket > 0 {
        warnings.push(format!(
            "s.55(5B): {} of {} findings have an answer of their own; {} obligations are covered by a blanket answer",
            coverage.findings_specific, coverage.findings, coverage.blanket
        ));
    }
    warnings
}
