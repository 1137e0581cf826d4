//! What is wrong with data, and figures that are revised and never overwritten.

use ledger_core::hash::Hash;
use scrutiny_proto::review::v1::{
    DataQualityIssueRecorded, DisproportionalityReviewed, FiguresTabled, QualityStep,
};

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};
use crate::sampling::is_month;
use crate::state::State;

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: DataQualityIssueRecorded = case.body()?;
    if let Some(sum) = body.sum.as_ref().filter(|sum| sum.stated == sum.computed) {
        return refuse(Code::Quality, format!("both come to {}; that is no issue", sum.stated));
    }
    let is_open = case.state.quality.contains(case.stream());
    match (body.step(), is_open) {
        (QualityStep::Raised, true) => refuse(Code::Quality, format!("{} is raised already", case.stream())),
        (QualityStep::Reviewed | QualityStep::Resolved, false) => {
            refuse(Code::Quality, format!("{} is not open; an issue is raised first", case.stream()))
        }
        _ => Ok(()),
    }
}

pub(crate) fn evolve(state: &mut State, stream: &str, body: &DataQualityIssueRecorded) {
    match body.step() {
        QualityStep::Raised => {
            state.quality.insert(stream.to_owned());
        }
        QualityStep::Resolved => {
            state.quality.remove(stream);
        }
        QualityStep::Reviewed | QualityStep::Unspecified => {}
    }
}

/// What a meeting's body was shown of a period: later figures say that they revise, and why.
pub(crate) fn decide_tabled(case: &Case<'_>) -> Result<(), Refusal> {
    let body: FiguresTabled = case.body()?;
    if !is_period(&body.period) {
        let got = &body.period;
        return refuse(
            Code::Figures,
            format!("a period is a month, 2023-10, or a year by its end, ye-2024-03; got {got:?}"),
        );
    }
    if body.tree_size > case.context.index.0 {
        let (size, index) = (body.tree_size, case.context.index);
        return refuse(
            Code::Figures,
            format!("they rest on {size} entries, and there are {index} before them"),
        );
    }
    let before = case.state.figures.get(&key(case.param("body"), &body)).map(|digest| Hash(*digest).to_hex());
    match before {
        None if body.revises.is_empty() => Ok(()),
        None => {
            refuse(Code::Figures, format!("no figures of {} were tabled here to be revised", body.period))
        }
        Some(before) if before == body.sha256 && body.revises.is_empty() => Ok(()),
        Some(before) if before != body.revises => refuse(
            Code::Figures,
            format!("figures of {} were tabled here as {before}; others revise them and say so", body.period),
        ),
        Some(_) if body.revision_reason.is_empty() => refuse(Code::Figures, "revised figures say why"),
        Some(_) => Ok(()),
    }
}

/// One way to write each period, or figures of a month would be tabled twice without a word of revision.
fn is_period(text: &str) -> bool {
    is_month(text.strip_prefix("ye-").unwrap_or(text))
}

pub(crate) fn evolve_tabled(state: &mut State, at: &str, body: &FiguresTabled) {
    if let Some(digest) = Hash::from_hex(&body.sha256) {
        state.figures.insert(key(at, body), digest.0);
    }
}

fn key(at: &str, body: &FiguresTabled) -> (String, String, String) {
    (at.to_owned(), body.dataset.clone(), body.period.clone())
}

pub(crate) fn decide_disproportionality(case: &Case<'_>) -> Result<(), Refusal> {
    let body: DisproportionalityReviewed = case.body()?;
    let at = case.param("body");
    let is_shown = |digest: Hash| {
        case.state.figures.iter().any(|((body, _, _), shown)| body == at && *shown == digest.0)
    };
    if body.figures_sha256.is_empty() || Hash::from_hex(&body.figures_sha256).is_some_and(is_shown) {
        return Ok(());
    }
    refuse(Code::Figures, format!("no figures with digest {} were tabled at {at}", body.figures_sha256))
}
