//! What each kind says, in words.

use ledger_core::statement::Statement;
use scrutiny_proto::governance::v1::{
    AssuranceGiven, ItemScrutinised, PublicationRecorded, PublicationStep, StatementMade, SubmissionRecorded,
    SubmissionStage,
};
use scrutiny_proto::inspection::v1::{MonitoringPhase, MonitoringPhaseChanged};

use crate::{decode, kind_of, stream_parts};

/// What only the body of a statement says.
#[derive(Default)]
pub(super) struct Read {
    pub(super) what: String,
    pub(super) speaker_role: String,
    pub(super) meeting: String,
    pub(super) concerns: Vec<String>,
    pub(super) sha256: String,
}

/// None where it is no act of oversight, or cannot be read as one.
pub(super) fn of(statement: &Statement) -> Option<Read> {
    match kind_of(statement) {
        "ItemScrutinised" => decode(statement).map(scrutinised),
        "AssuranceGiven" => decode(statement).map(assured),
        "StatementMade" => decode(statement).map(|body| said(body, statement)),
        "SubmissionRecorded" => decode(statement).map(submitted),
        "PublicationRecorded" => decode(statement).map(published),
        "MonitoringPhaseChanged" => decode(statement).map(monitored),
        _ => None,
    }
}

fn scrutinised(body: ItemScrutinised) -> Read {
    Read { what: body.text, meeting: body.meeting, concerns: body.concerns, ..Read::default() }
}

fn assured(body: AssuranceGiven) -> Read {
    let level = bracketed(&body.level_words);
    let what = format!("{}{level}", body.text);
    Read { what, meeting: body.meeting, concerns: body.obligations, ..Read::default() }
}

fn said(body: StatementMade, statement: &Statement) -> Read {
    let [_, report] = stream_parts(statement);
    let what = format!("{}: {}", body.speaker_role, body.text);
    let concerns = vec![format!("report/{report}")];
    Read { what, speaker_role: body.speaker_role, concerns, ..Read::default() }
}

fn submitted(body: SubmissionRecorded) -> Read {
    let stage = match body.stage() {
        SubmissionStage::Unspecified => "unknown stage",
        SubmissionStage::Prepared => "prepared",
        SubmissionStage::Approved => "approved",
        SubmissionStage::Sent => "sent",
        SubmissionStage::Acknowledged => "acknowledged",
    };
    let mut what = stage.to_owned();
    for (word, value) in
        [("for", &body.to), ("by template", &body.template_version), ("with receipt", &body.receipt)]
    {
        if !value.is_empty() {
            what.push_str(&format!(" {word} {value}"));
        }
    }
    what.push_str(&rests_on(body.tree_size));
    Read { what, sha256: body.payload_sha256, ..Read::default() }
}

fn published(body: PublicationRecorded) -> Read {
    let step = match body.step() {
        PublicationStep::Unspecified => "unknown step",
        PublicationStep::Made => "made",
        PublicationStep::Replaced => "replaced",
        PublicationStep::Withdrawn => "withdrawn",
    };
    let mut what = step.to_owned();
    if !body.url.is_empty() {
        what.push_str(&format!(" at {}", body.url));
    }
    what.push_str(&rests_on(body.tree_size));
    if body.withheld > 0 {
        what.push_str(&format!("; {} withheld{}", body.withheld, bracketed(&body.reason_codes.join(", "))));
    }
    Read { what, sha256: body.content_sha256, ..Read::default() }
}

fn monitored(body: MonitoringPhaseChanged) -> Read {
    let phase = match body.phase() {
        MonitoringPhase::Unspecified => "unknown phase",
        MonitoringPhase::Scan => "scan",
        MonitoringPhase::Engage => "engage",
    };
    Read { what: format!("{phase}{}", bracketed(&body.reason)), ..Read::default() }
}

/// " (so)", or nothing.
fn bracketed(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" ({words})") }
}

fn rests_on(tree_size: u64) -> String {
    if tree_size == 0 { String::new() } else { format!(", from a tree of size {tree_size}") }
}
