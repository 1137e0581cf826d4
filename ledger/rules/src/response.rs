//! The statutory response of a local policing body, Police Act 1996 s.55(4) to (6).

use scrutiny_proto::governance::v1::{AssuranceGiven, MetricReported, StatementMade};
use scrutiny_proto::response::v1::{
    ChiefOfficerCommentsInvited, ChiefOfficerCommentsSubmitted, CopySent, Coverage, CoverageMode,
    StatutoryResponsePrepared, StatutoryResponsePublished,
};

use crate::case::Case;
use crate::civil;
use crate::refusal::{Code, Refusal, refuse};
use crate::report;
use crate::signers::effective_role;

/// INV-08, before the charter is asked: the chief constable's signature is no substitute.
pub(crate) fn only_local_policing_body(case: &Case<'_>) -> Result<(), Refusal> {
    let body = case.param("body");
    let signers = &case.statement.signers;
    if signers.iter().any(|signer| effective_role(signer) == "LPB" && signer.body == body) {
        return Ok(());
    }
    let got: Vec<_> = signers.iter().map(|s| format!("{} of {}", effective_role(s), s.body)).collect();
    refuse(
        Code::Inv08,
        format!(
            "the local policing body {body} signs its own published response (LPB); got {}",
            got.join(" and ")
        ),
    )
}

pub(crate) fn decide_invited(case: &Case<'_>) -> Result<(), Refusal> {
    let _: ChiefOfficerCommentsInvited = case.body()?;
    report::known_report(case).map(drop)
}

pub(crate) fn decide_submitted(case: &Case<'_>) -> Result<(), Refusal> {
    let _: ChiefOfficerCommentsSubmitted = case.body()?;
    report::known_report(case).map(drop)
}

pub(crate) fn decide_prepared(case: &Case<'_>) -> Result<(), Refusal> {
    let body: StatutoryResponsePrepared = case.body()?;
    report::known_report(case)?;
    check_coverage(case, &body.covers)
}

pub(crate) fn decide_published(case: &Case<'_>) -> Result<(), Refusal> {
    let body: StatutoryResponsePublished = case.body()?;
    let report_published = report::known_report(case)?;
    let published_on = civil::optional(&body.published_on);
    case.not_in_future("published_on", published_on)?;
    if let (Some(answer), Some(report)) = (published_on, report_published)
        && answer < report
    {
        return refuse(
            Code::DateOrder,
            format!("published on {answer}, before the report it answers, {report}"),
        );
    }
    check_coverage(case, &body.covers)
}

/// INV-01 for each obligation covered: it exists, and belongs to this report.
fn check_coverage(case: &Case<'_>, covers: &[Coverage]) -> Result<(), Refusal> {
    let report = case.param("report");
    for (i, coverage) in covers.iter().enumerate() {
        let stream = coverage.obligation.as_str();
        if !case.state.obligations.contains_key(stream) {
            return refuse(Code::Inv01, format!("covers {stream:?}, which does not exist"));
        }
        if stream.split('/').nth(2) != Some(report) {
            return refuse(Code::Inv01, format!("covers {stream}, which is not about report/{report}"));
        }
        if coverage.mode() == CoverageMode::Unspecified {
            return refuse(
                Code::BodyMalformed,
                format!("covers {stream} without saying specific or blanket"),
            );
        }
        if covers[..i].iter().any(|earlier| earlier.obligation == stream) {
            return refuse(Code::BodyMalformed, format!("covers {stream} twice"));
        }
    }
    Ok(())
}

pub(crate) fn decide_copy(case: &Case<'_>) -> Result<(), Refusal> {
    let body: CopySent = case.body()?;
    report::known_report(case)?;
    case.not_in_future("sent_on", civil::optional(&body.sent_on))
}

/// Nobody signs for another's words.
pub(crate) fn decide_statement(case: &Case<'_>) -> Result<(), Refusal> {
    let body: StatementMade = case.body()?;
    report::known_report(case)?;
    let signers = &case.statement.signers;
    if signers.iter().any(|signer| effective_role(signer) == body.speaker_role) {
        return Ok(());
    }
    let got: Vec<_> = signers.iter().map(effective_role).collect();
    refuse(
        Code::Speaker,
        format!(
            "words of {} are signed by {}, got {}",
            body.speaker_role,
            body.speaker_role,
            got.join(" and ")
        ),
    )
}

/// INV-01 for each obligation that somebody assures progress on.
pub(crate) fn decide_assurance(case: &Case<'_>) -> Result<(), Refusal> {
    let body: AssuranceGiven = case.body()?;
    match body.obligations.iter().find(|stream| !case.state.obligations.contains_key(*stream)) {
        Some(stream) => refuse(Code::Inv01, format!("it covers {stream:?}, which does not exist")),
        None => Ok(()),
    }
}

/// INV-14, or a plain count that is part of nothing.
pub(crate) fn decide_metric(case: &Case<'_>) -> Result<(), Refusal> {
    let body: MetricReported = case.body()?;
    match (&body.figure, body.number) {
        (Some(figure), 0) => report::check_figure(figure),
        (None, number) if number > 0 => Ok(()),
        _ => refuse(
            Code::Inv14,
            "a metric is a figure (so many of so many), or else a number above 0: one of them",
        ),
    }
}
