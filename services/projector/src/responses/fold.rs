//! What each kind adds to the tracker.

use ledger_core::statement::Statement;
use prost::Message;
use scrutiny_proto::governance::v1::{BodyRegistered, PaperDecided, PaperTabled};
use scrutiny_proto::inspection::v1::ReportPublished;
use scrutiny_proto::response::v1::{ForceResponseRecorded, ResponseType};

use super::{Case, Noted, Paper, Report, Tracker};
use crate::when::Happened;
use crate::{decode, flow, signed_by, stream_parts};

impl Tracker {
    pub(super) fn report(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<ReportPublished>(statement) else { return };
        let [report] = stream_parts(statement);
        self.reports.insert(
            report.to_owned(),
            Report {
                title: body.title,
                published_on: body.published_on.parse().ok(),
                addressed_to: body.addressed_to.into_iter().collect(),
                entry: Some(entry),
            },
        );
    }

    pub(super) fn body(&mut self, statement: &Statement) {
        let Some(registered) = decode::<BodyRegistered>(statement) else { return };
        let [body] = stream_parts(statement);
        self.part_of.insert(body.to_owned(), registered.part_of);
    }

    pub(super) fn obligation(&mut self, statement: &Statement) {
        self.obligations.insert(statement.stream.as_str().to_owned(), false);
    }

    pub(super) fn answer(&mut self, statement: &Statement) {
        let Some(body) = decode::<ForceResponseRecorded>(statement) else { return };
        if let Some(not_addressed) = self.obligations.get_mut(statement.stream.as_str()) {
            *not_addressed = body.r#type() == ResponseType::NotAddressed;
        }
    }

    pub(super) fn paper(&mut self, entry: u64, statement: &Statement) {
        let Some(tabled) = decode::<PaperTabled>(statement) else { return };
        let Some(report) = tabled.about.strip_prefix("report/").map(str::to_owned) else { return };
        let [meeting_body, date] = stream_parts(statement);
        self.papers.push(Paper {
            meeting_body: meeting_body.to_owned(),
            meeting_day: date.parse().ok(),
            report,
            tabled,
            decision: None,
            entry,
        });
    }

    pub(super) fn paper_decided(&mut self, statement: &Statement) {
        let Some(decided) = decode::<PaperDecided>(statement) else { return };
        let [body, date] = stream_parts(statement);
        let day = date.parse().ok();
        let of_meeting = |p: &&mut Paper| {
            p.meeting_body == body && p.meeting_day == day && p.tabled.title == decided.title
        };
        if let Some(paper) = self.papers.iter_mut().rev().find(of_meeting) {
            paper.decision = Some(flow::decision(decided.decision()));
        }
    }

    pub(super) fn case(&mut self, kind: &str, entry: u64, statement: &Statement) {
        let noted = || Noted {
            entry,
            happened: Happened::of(statement),
            signed_by: signed_by(&statement.signers),
            documents: statement.documents.iter().map(|d| d.sha256.to_hex()).collect(),
        };
        match kind {
            "ChiefOfficerCommentsInvited" => add(&mut self.of(statement).invited, noted(), statement),
            "ChiefOfficerCommentsSubmitted" => add(&mut self.of(statement).submitted, noted(), statement),
            "StatutoryResponsePrepared" => add(&mut self.of(statement).prepared, noted(), statement),
            "StatutoryResponsePublished" => add(&mut self.of(statement).published, noted(), statement),
            "CopySent" => add(&mut self.of(statement).copies, noted(), statement),
            _ => {}
        }
    }

    fn of(&mut self, statement: &Statement) -> &mut Case {
        let [body, report] = stream_parts(statement);
        self.cases.entry((body.to_owned(), report.to_owned())).or_default()
    }
}

fn add<M: Message + Default>(to: &mut Vec<(Noted, M)>, noted: Noted, statement: &Statement) {
    if let Some(body) = decode(statement) {
        to.push((noted, body));
    }
}
