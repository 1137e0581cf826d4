//! What the inspectorate publishes: reports, findings, judgments, figures and remarks.
//!
//! A later statement of the same kind on the same report or finding is a correction: the expected version
//! has made sure that its signers saw what they correct, and both stay on the record (INV-30).

use std::collections::BTreeSet;

use scrutiny_proto::inspection::v1::{
    Figure, FindingIssued, Grade, GradeScheme, InspectorateAuditReported, InspectorateRemarkRecorded,
    JudgmentGiven, Polarity, ReportPublished,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil::{self, Day};
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// The limb of a finding that is one.
pub const WHOLE: &str = "0";

/// What the rules remember of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Finding {
    /// Keys of its limbs, in order; `"0"` alone where it is one.
    pub limbs: Vec<String>,
    /// The limbs that somebody owes an answer to.
    pub owed: BTreeSet<String>,
}

pub(crate) fn decide_published(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ReportPublished = case.body()?;
    case.not_in_future("published_on", civil::optional(&body.published_on))?;
    case.not_in_future("last_updated_on", civil::optional(&body.last_updated_on))
}

pub(crate) fn evolve_published(state: &mut State, report: &str, body: &ReportPublished) {
    state.reports.insert(report.to_owned(), civil::optional(&body.published_on));
}

/// The report that the stream names, and the day it was published.
pub(crate) fn known_report(case: &Case<'_>) -> Result<Option<Day>, Refusal> {
    let report = case.param("report");
    match case.state.reports.get(report) {
        Some(published_on) => Ok(*published_on),
        None => refuse(Code::UnknownReport, format!("no report/{report} is on the ledger")),
    }
}

/// The finding that the stream names.
pub(crate) fn known_finding<'a>(case: &Case<'a>) -> Result<&'a Finding, Refusal> {
    let key = format!("{}/{}", case.param("report"), case.param("finding"));
    match case.state.findings.get(&key) {
        Some(finding) => Ok(finding),
        None => refuse(Code::UnknownFinding, format!("no finding/{key} is on the ledger")),
    }
}

pub(crate) fn decide_finding(case: &Case<'_>) -> Result<(), Refusal> {
    let body: FindingIssued = case.body()?;
    known_report(case)?;
    let limbs = limb_keys(&body);
    let mut seen = BTreeSet::new();
    for limb in &limbs {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if limb.is_empty() || !limb.bytes().all(plain) || (!body.limbs.is_empty() && limb == WHOLE) {
            return refuse(
                Code::Limb,
                format!("a limb's key is lower-case letters and digits and not {WHOLE:?}, got {limb:?}"),
            );
        }
        if !seen.insert(limb.as_str()) {
            return refuse(Code::Limb, format!("limb {limb:?} is there twice"));
        }
    }
    let Ok(known) = known_finding(case) else { return Ok(()) };
    match known.owed.iter().find(|owed| !seen.contains(owed.as_str())) {
        Some(owed) => refuse(Code::Limb, format!("limb {owed:?} is owed by somebody and would disappear")),
        None => Ok(()),
    }
}

pub(crate) fn evolve_finding(state: &mut State, report: &str, finding: &str, body: &FindingIssued) {
    state.findings.entry(format!("{report}/{finding}")).or_default().limbs = limb_keys(body);
}

fn limb_keys(body: &FindingIssued) -> Vec<String> {
    match body.limbs.as_slice() {
        [] => vec![WHOLE.to_owned()],
        limbs => limbs.iter().map(|limb| limb.key.clone()).collect(),
    }
}

pub(crate) fn decide_judgment(case: &Case<'_>) -> Result<(), Refusal> {
    let body: JudgmentGiven = case.body()?;
    known_report(case)?;
    match (body.inspected, body.carried_over_from.as_str()) {
        (true, "") => {}
        (true, cycle) => {
            return refuse(
                Code::Inv13,
                format!("it was inspected, and is carried over from {cycle}: one or the other"),
            );
        }
        (false, "") => {
            return refuse(Code::Inv13, "it was not inspected: name the cycle it is carried over from");
        }
        (false, _) => {}
    }
    if body.grade() == Grade::Adequate && body.scheme() == GradeScheme::Four {
        return refuse(Code::Grade, "the scheme of four grades, until 2018/19, has no \"adequate\"");
    }
    Ok(())
}

pub(crate) fn decide_audit(case: &Case<'_>) -> Result<(), Refusal> {
    let body: InspectorateAuditReported = case.body()?;
    known_finding(case)?;
    check_figure(&body.figure.unwrap_or_default())
}

/// INV-14.
pub(crate) fn check_figure(figure: &Figure) -> Result<(), Refusal> {
    let polarity = figure.polarity();
    let Figure { count, population, percentage_only, .. } = figure;
    if polarity == Polarity::Unspecified {
        return refuse(
            Code::Inv14,
            "say by its polarity whether the figure counts what was done or what was not",
        );
    }
    match (*population, percentage_only.as_str()) {
        (0, "") => {
            refuse(Code::Inv14, "give count and population, or the percentage where there is nothing else")
        }
        (0, text) if *count == 0 => check_percentage(text),
        (0, _) => refuse(Code::Inv14, format!("a count of {count} needs its population")),
        (_, "") if count > population => {
            refuse(Code::Inv14, format!("the count, {count}, is above its population, {population}"))
        }
        (_, "") => Ok(()),
        (_, text) => refuse(
            Code::Inv14,
            format!("with a population the percentage is computed; leave percentage_only out, got {text:?}"),
        ),
    }
}

fn check_percentage(text: &str) -> Result<(), Refusal> {
    match tenths_of_percent(text) {
        Some(0..=1000) => Ok(()),
        _ => refuse(Code::Inv14, format!("a percentage is 0 to 100 with one decimal at most, got {text:?}")),
    }
}

/// Reads "94" or "80.6" as tenths of a percent, so that differences come out exact.
#[must_use]
pub fn tenths_of_percent(text: &str) -> Option<u32> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || whole.len() > 3 || !digits(tenth) || tenth.len() != 1 {
        return None;
    }
    Some(whole.parse::<u32>().ok()? * 10 + tenth.parse::<u32>().ok()?)
}

pub(crate) fn decide_remark(case: &Case<'_>) -> Result<(), Refusal> {
    let body: InspectorateRemarkRecorded = case.body()?;
    known_report(case)?;
    body.figure.as_ref().map_or(Ok(()), check_figure)?;
    let Some(key) = body.finding.strip_prefix("finding/") else {
        return if body.finding.is_empty() {
            Ok(())
        } else {
            refuse(Code::UnknownFinding, format!("{} is not a finding's stream", body.finding))
        };
    };
    if !case.state.findings.contains_key(key) {
        return refuse(Code::UnknownFinding, format!("no {} is on the ledger", body.finding));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_exactly_or_not_at_all() {
        let rows = [("94", Some(940)), ("80.6", Some(806)), ("100", Some(1000)), ("0.0", Some(0))];
        for (text, tenths) in rows {
            assert_eq!(tenths_of_percent(text), tenths, "{text}");
        }
        for bad in ["", ".", "80.", "80.66", "-1", "1e2", "94%", "1000", "٣"] {
            assert!(tenths_of_percent(bad).is_none_or(|t| t > 1000), "{bad}");
        }
    }

    #[test]
    fn inv_14_a_figure_has_count_population_and_polarity_or_is_a_percentage() {
        let check = |count, population, percentage: &str, polarity: Polarity| {
            let percentage_only = percentage.to_owned();
            check_figure(&Figure { count, population, percentage_only, polarity: polarity.into() })
        };
        let (done, not_done, unsaid) = (Polarity::Positive, Polarity::Negative, Polarity::Unspecified);
        for (count, population, percentage, polarity, good) in [
            (41, 79, "", done, true),
            (15, 59, "", not_done, true),
            (0, 10, "", done, true),
            (0, 0, "80.6", done, true),
            (80, 79, "", done, false),
            (41, 79, "51.9", done, false),
            (0, 0, "", done, false),
            (41, 0, "51.9", done, false),
            (0, 0, "101", done, false),
            (41, 79, "", unsaid, false),
        ] {
            let got = check(count, population, percentage, polarity);
            assert_eq!(got.is_ok(), good, "{count}/{population} {percentage:?}: {got:?}");
            assert!(got.is_ok() || got.is_err_and(|r| r.code == Code::Inv14));
        }
    }
}
