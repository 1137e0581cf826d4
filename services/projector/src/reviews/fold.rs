//! What each kind adds to the reviews.

use ledger_core::statement::Statement;
use scrutiny_proto::review::v1::{
    ConcernEscalated, EscalatedTo, FeedbackAcknowledged, FeedbackGiven, FootageRecorded, FootageState,
    Recipient, RecusalReason, ReviewCompleted, ReviewLevel, ReviewPeriodAdopted, ReviewRecused, SampleDrawn,
    SampleFrameCommitted, StopSearchRecorded, TacticKind, TaserUse, Tone, Unit, UseOfForceRecorded,
};

use super::{Completed, Period, Record, Review, Reviews, Sample, Told};
use crate::when::Happened;
use crate::{decode, signed_by, stream_parts};

impl Reviews {
    /// An imported row is not remembered before it is drawn: there may be millions.
    pub(super) fn search(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<StopSearchRecorded>(statement) else { return };
        if body.source_line.is_empty() {
            self.own(entry, statement, Record::default());
        }
    }

    pub(super) fn force(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<UseOfForceRecorded>(statement) else { return };
        let tasers = || body.tactics.iter().filter(|tactic| tactic.kind() == TacticKind::Taser);
        let record = Record {
            force: body.force_of_officer.clone(),
            taser: tasers().next().is_some(),
            fired: tasers().any(|tactic| tactic.taser() == TaserUse::Fired),
            joint: body.unit() == Unit::Joint,
            ..Record::default()
        };
        self.own(entry, statement, record);
    }

    fn own(&mut self, entry: u64, statement: &Statement, mut record: Record) {
        record.happened = Happened::of(statement);
        record.entry = Some(entry);
        if record.force.is_empty() {
            record.force = statement.signers.first().map_or_else(String::new, |signer| signer.body.clone());
        }
        self.records.entry(statement.stream.as_str().to_owned()).or_insert(record);
    }

    pub(super) fn footage(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<FootageRecorded>(statement) else { return };
        let [power, record] = stream_parts(statement);
        if let Some(record) = self.records.get_mut(&format!("{power}/{record}")) {
            record.footage_missing = (body.state() == FootageState::Missing).then_some(entry);
        }
    }

    pub(super) fn frame(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<SampleFrameCommitted>(statement) else { return };
        let sample = Sample {
            level: level(body.level()),
            frame_size: body.frame_size,
            n: u64::from(body.n),
            committed: entry,
            drawn: None,
        };
        self.samples.entry(statement.stream.as_str().to_owned()).or_insert(sample);
    }

    pub(super) fn drawn(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<SampleDrawn>(statement) else { return };
        let Some(sample) = self.samples.get_mut(statement.stream.as_str()) else { return };
        let happened = Happened::of(statement);
        let force = statement.signers.first().map_or_else(String::new, |signer| signer.body.clone());
        let records: Vec<String> = body.drawn.into_iter().map(|drawn| drawn.record).collect();
        for record in &records {
            // A row is known from here on. When it happened stands in its bytes; it counts from the day of the draw.
            self.records.entry(record.clone()).or_insert_with(|| Record {
                force: force.clone(),
                happened: happened.clone(),
                ..Record::default()
            });
        }
        sample.drawn = Some((happened, entry, records));
    }

    pub(super) fn assigned(&mut self, entry: u64, statement: &Statement) {
        if let Some(review) = self.review(statement) {
            review.assigned.push(entry);
        }
    }

    pub(super) fn recused(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<ReviewRecused>(statement) else { return };
        let reason = match body.reason() {
            RecusalReason::User => "used the power",
            RecusalReason::Supervisor => "supervised the officer at the incident",
            RecusalReason::Witness => "saw it",
            RecusalReason::Other | RecusalReason::Unspecified => "another reason",
        };
        if let Some(review) = self.review(statement) {
            review.recused.push((Happened::of(statement), reason, entry));
        }
    }

    pub(super) fn completed(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<ReviewCompleted>(statement) else { return };
        let completed = Completed {
            happened: Happened::of(statement),
            body,
            signed_by: signed_by(&statement.signers),
            entry,
        };
        if let Some(review) = self.review(statement) {
            review.completed.push(completed);
        }
    }

    pub(super) fn told(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<FeedbackGiven>(statement) else { return };
        let tone = match body.tone() {
            Tone::Positive => "positive",
            Tone::Negative => "negative",
            Tone::Mixed => "mixed",
            Tone::Unspecified => "not stated",
        };
        let told = Told {
            happened: Happened::of(statement),
            to: recipient(body.to()),
            tone,
            topics: body.topics,
            debrief: body.debrief,
            entry,
            acknowledged: None,
        };
        if let Some(review) = self.review(statement) {
            review.told.push(told);
        }
    }

    /// Everything that this recipient was told so far is acknowledged.
    pub(super) fn acknowledged(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<FeedbackAcknowledged>(statement) else { return };
        let happened = Happened::of(statement);
        let Some(review) = self.review(statement) else { return };
        for told in review.told.iter_mut().filter(|told| told.to == recipient(body.recipient())) {
            told.acknowledged.get_or_insert((happened.clone(), entry));
        }
    }

    pub(super) fn escalated(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<ConcernEscalated>(statement) else { return };
        let to = match body.to() {
            EscalatedTo::TacticalLead => "tactical lead",
            EscalatedTo::Superintendent => "superintendent",
            EscalatedTo::ProfessionalStandards => "professional standards",
            EscalatedTo::Unspecified => "unknown",
        };
        if let Some(review) = self.review(statement) {
            review.escalated.push((Happened::of(statement), to, entry));
        }
    }

    pub(super) fn good_practice(&mut self, entry: u64, statement: &Statement) {
        if let Some(review) = self.review(statement) {
            review.good_practice.push(entry);
        }
    }

    pub(super) fn period(&mut self, statement: &Statement) {
        let Some(body) = decode::<ReviewPeriodAdopted>(statement) else { return };
        let [of, level] = stream_parts(statement);
        let days = i32::try_from(body.days).unwrap_or(i32::MAX / 2);
        let period = Period { days, joint_units: body.includes_joint_units };
        self.periods.insert((of.to_owned(), level.to_owned()), period);
    }

    fn review(&mut self, statement: &Statement) -> Option<&mut Review> {
        let [level, power, record] = stream_parts(statement);
        let known = super::LEVELS.contains(&level);
        known.then(|| self.reviews.entry((format!("{power}/{record}"), level.to_owned())).or_default())
    }
}

fn recipient(recipient: Recipient) -> &'static str {
    match recipient {
        Recipient::Officer => "officer",
        Recipient::Supervisor => "supervisor",
        Recipient::TrainingUnit => "training unit",
        Recipient::Unspecified => "unknown",
    }
}

/// A level as streams write it.
fn level(level: ReviewLevel) -> &'static str {
    match level {
        ReviewLevel::Self_ => "self",
        ReviewLevel::Supervisor => "supervisor",
        ReviewLevel::Irg => "irg",
        ReviewLevel::Rgrg => "rgrg",
        ReviewLevel::TaserTl => "taser_tl",
        ReviewLevel::TaserTtt => "taser_ttt",
        ReviewLevel::Jps => "jps",
        ReviewLevel::Superintendent => "superintendent",
        ReviewLevel::Panel => "panel",
        ReviewLevel::Unspecified => "unknown",
    }
}
