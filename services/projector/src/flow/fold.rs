//! What each kind adds to the flow.

use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::governance::v1::{
    Ask, DecisionTaken, Direction, ItemForwarded, ItemReceived, MeetingHeld, PaperDecided, PaperDecision,
    PaperTabled,
};

use super::view::{Agenda, DecisionView, ItemView, MeetingView, Receipt};
use super::{Flow, Item, Meeting};
use crate::when::Happened;
use crate::{decode, signed_by, stream_parts};

impl Flow {
    pub(super) fn forwarded(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<ItemForwarded>(statement) else { return };
        let direction = direction(body.direction());
        let [from] = stream_parts(statement);
        let item = Item {
            title: body.title,
            from: from.to_owned(),
            direction,
            meeting: body.meeting,
            concerns: body.concerns,
            forwarded: (Happened::of(statement), entry),
            received: None,
        };
        self.items.entry((statement.stream.as_str().to_owned(), body.to)).or_insert(item);
    }

    pub(super) fn received(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<ItemReceived>(statement) else { return };
        let key = (statement.stream.as_str().to_owned(), body.at);
        if let Some(item) = self.items.get_mut(&key) {
            item.received.get_or_insert((Happened::of(statement), entry, body.note));
        }
    }

    pub(super) fn held(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<MeetingHeld>(statement) else { return };
        let meeting = self.meeting(statement);
        meeting.body_as_written = body.body_as_written;
        meeting.in_public = body.in_public;
        meeting.held = Some((Happened::of(statement), entry));
    }

    pub(super) fn tabled(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<PaperTabled>(statement) else { return };
        let ask = ask(body.ask());
        self.dealt_with(entry, statement, &body.title);
        let paper = Agenda {
            title: body.title,
            from_office: body.from_office,
            ask,
            about: body.about,
            decision: None,
            entries: vec![entry],
        };
        self.meeting(statement).papers.push(paper);
    }

    pub(super) fn paper_decided(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<PaperDecided>(statement) else { return };
        let decision = decision(body.decision());
        let papers = &mut self.meeting(statement).papers;
        if let Some(paper) = papers.iter_mut().rev().find(|p| p.title == body.title) {
            paper.decision = Some(decision);
            paper.entries.push(entry);
        }
    }

    pub(super) fn decision(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<DecisionTaken>(statement) else { return };
        self.dealt_with(entry, statement, &body.title);
        let taken = DecisionView {
            title: body.title,
            text: body.text,
            paper: body.paper,
            concerns: body.concerns,
            signed_by: signed_by(&statement.signers),
            entry,
        };
        self.meeting(statement).decisions.push(taken);
    }

    fn meeting(&mut self, statement: &Statement) -> &mut Meeting {
        let [body, date] = stream_parts(statement);
        self.meetings.entry((body.to_owned(), date.to_owned())).or_default()
    }
}

impl Item {
    pub(super) fn view(&self, (stream, to): &(String, String), as_of: Day) -> ItemView {
        let received = self.received.as_ref().filter(|(happened, ..)| happened.by(as_of));
        let since = self.forwarded.0.first();
        ItemView {
            item: stream.clone(),
            title: self.title.clone(),
            from: self.from.clone(),
            to: to.clone(),
            direction: self.direction,
            meeting: self.meeting.clone(),
            concerns: self.concerns.clone(),
            forwarded: self.forwarded.0.view(),
            days_undelivered: if received.is_some() { None } else { since.map(|day| as_of.since(day)) },
            received: received.map(|(happened, entry, note)| Receipt {
                when: happened.view(),
                note: note.clone(),
                entry: *entry,
            }),
            entries: std::iter::once(self.forwarded.1).chain(received.map(|r| r.1)).collect(),
        }
    }
}

impl Meeting {
    pub(super) fn view(&self, (body, date): &(String, String)) -> MeetingView {
        let held = self.held.as_ref().map(|(_, entry)| *entry);
        let papers = self.papers.iter().flat_map(|paper| paper.entries.iter().copied());
        let mut entries: Vec<_> =
            held.into_iter().chain(papers).chain(self.decisions.iter().map(|d| d.entry)).collect();
        entries.sort_unstable();
        MeetingView {
            meeting: format!("meeting/{body}/{date}"),
            body: body.clone(),
            on: date.clone(),
            body_as_written: self.body_as_written.clone(),
            in_public: self.in_public,
            minuted: held.is_some(),
            papers: self.papers.clone(),
            decisions: self.decisions.clone(),
            entries,
        }
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Unspecified => "unknown",
        Direction::Up => "up",
        Direction::Lateral => "lateral",
        Direction::Down => "down",
        Direction::External => "external",
    }
}

pub(crate) fn ask(ask: Ask) -> &'static str {
    match ask {
        Ask::Unspecified => "unknown",
        Ask::Note => "note",
        Ask::Approve => "approve",
        Ask::Refer => "refer",
    }
}

pub(crate) fn decision(decision: PaperDecision) -> &'static str {
    match decision {
        PaperDecision::Unspecified => "unknown",
        PaperDecision::Noted => "noted",
        PaperDecision::Approved => "approved",
        PaperDecision::Deferred => "deferred",
        PaperDecision::Referred => "referred",
    }
}
