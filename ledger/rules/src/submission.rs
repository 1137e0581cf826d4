//! Returns and publications: what goes out is what was approved, and says what it rests on (INV-36).
//!
//! That the digest is the one the projection gives at the tree size named is checked by whoever can run the
//! projection; here the digest may not change on its way from draft to receipt.

use ledger_core::hash::Hash;
use scrutiny_proto::governance::v1::{
    PublicationRecorded, PublicationStep, SubmissionRecorded, SubmissionStage,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::envelope;
use crate::refusal::{Code, Refusal, refuse};
use crate::signers::effective_role;
use crate::state::State;

/// What the rules remember of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// How far it has come, 1 for prepared to 4 for acknowledged.
    pub stage: u8,
    /// Digest of what is submitted.
    pub payload: [u8; 32],
}

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: SubmissionRecorded = case.body()?;
    if body.tree_size > case.context.index.0 {
        let (size, index) = (body.tree_size, case.context.index);
        return refuse(Code::Inv36, format!("it rests on {size} entries, and there are {index} before it"));
    }
    let stage = stage(&body);
    if stage == 1 {
        return match body.tree_size {
            0 => refuse(Code::Inv36, "a submission says how many entries it rests on, in tree_size"),
            _ => Ok(()),
        };
    }
    let Some(known) = case.state.submissions.get(case.stream()) else {
        return refuse(Code::SubmissionState, format!("{} was not prepared yet", case.stream()));
    };
    if known.stage + 1 != stage {
        return refuse(
            Code::SubmissionState,
            "a submission is prepared, approved, sent and acknowledged, in this order",
        );
    }
    let chief = |role: &str| matches!(role, "CC" | "DCC");
    if stage == 2 && !case.statement.signers.iter().any(|signer| chief(effective_role(signer))) {
        return refuse(
            Code::SubmissionState,
            "a chief officer (CC, DCC) or a delegate approves a submission",
        );
    }
    if Hash::from_hex(&body.payload_sha256).is_some_and(|payload| payload.0 == known.payload) {
        return Ok(());
    }
    let was = Hash(known.payload).to_hex();
    refuse(Code::Inv36, format!("what was prepared has digest {was}, this has {}", body.payload_sha256))
}

pub(crate) fn evolve(state: &mut State, stream: &str, body: &SubmissionRecorded) {
    if let Some(payload) = Hash::from_hex(&body.payload_sha256) {
        state.submissions.insert(stream.to_owned(), Submission { stage: stage(body), payload: payload.0 });
    }
}

fn stage(body: &SubmissionRecorded) -> u8 {
    match body.stage() {
        SubmissionStage::Unspecified => 0,
        SubmissionStage::Prepared => 1,
        SubmissionStage::Approved => 2,
        SubmissionStage::Sent => 3,
        SubmissionStage::Acknowledged => 4,
    }
}

pub(crate) fn decide_publication(case: &Case<'_>) -> Result<(), Refusal> {
    let body: PublicationRecorded = case.body()?;
    let is_out = case.state.published.contains(case.stream());
    if body.tree_size > case.context.index.0 {
        return refuse(Code::PublicationState, "it rests on more entries than there are");
    }
    if let Some(code) = body.reason_codes.iter().find(|code| !envelope::is_reason_code(code)) {
        return refuse(Code::PublicationState, format!("no reason code {code:?}"));
    }
    if (body.withheld > 0) == body.reason_codes.is_empty() {
        return refuse(Code::PublicationState, "what is withheld is counted, and says why");
    }
    match (body.step(), is_out) {
        (PublicationStep::Made, true) => {
            refuse(Code::PublicationState, format!("{} is out already; replace it", case.stream()))
        }
        (PublicationStep::Replaced | PublicationStep::Withdrawn, false) => {
            refuse(Code::PublicationState, format!("{} is not out", case.stream()))
        }
        (PublicationStep::Made | PublicationStep::Replaced, _)
            if body.url.is_empty() || body.content_sha256.is_empty() =>
        {
            refuse(Code::PublicationState, "a publication has an address and a digest of its content")
        }
        _ => Ok(()),
    }
}

pub(crate) fn evolve_publication(state: &mut State, stream: &str, body: &PublicationRecorded) {
    if body.step() == PublicationStep::Withdrawn {
        state.published.remove(stream);
    } else {
        state.published.insert(stream.to_owned());
    }
}
