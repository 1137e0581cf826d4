//! Lessons: two people have looked that nobody is in them, before anybody else sees them (INV-23).

use std::collections::BTreeSet;

use scrutiny_proto::review::v1::{LearningAdopted, LearningChannel, LearningChannelled, LearningPointIssued};

use crate::case::Case;
use crate::keys::Key;
use crate::pseudonym;
use crate::refusal::{Code, Refusal, refuse};
use crate::sampling::is_month;
use crate::state::State;

pub(crate) fn decide_issued(case: &Case<'_>) -> Result<(), Refusal> {
    let body: LearningPointIssued = case.body()?;
    if case.state.learning.contains(case.stream()) {
        return refuse(
            Code::Learning,
            format!("{} is issued already; a new lesson has its own name", case.stream()),
        );
    }
    if !body.no_personal_data {
        return refuse(
            Code::Inv23,
            "a lesson goes out when two people have looked that no personal data is left in it",
        );
    }
    let keys: Vec<&Key> = pseudonym::signing(case).map(|(_, key)| key).collect();
    let same = |a: &Key, b: &Key| a.pseudonyms.iter().any(|person| b.pseudonyms.contains(person));
    let second = keys.iter().enumerate().any(|(i, key)| keys[..i].iter().any(|earlier| !same(earlier, key)));
    if second {
        return Ok(());
    }
    refuse(Code::Inv23, "the second look is a second person's, and one person signs this")
}

pub(crate) fn evolve_issued(state: &mut State, stream: &str) {
    state.learning.insert(stream.to_owned());
}

pub(crate) fn decide_channelled(case: &Case<'_>) -> Result<(), Refusal> {
    let body: LearningChannelled = case.body()?;
    if case.context.stream_version > 0 {
        return refuse(
            Code::Learning,
            format!("{} is out already; a new issue has its own name", case.stream()),
        );
    }
    let points: BTreeSet<&String> = body.points.iter().collect();
    if points.len() != body.points.len() {
        return refuse(Code::Learning, "a lesson stands in an issue once");
    }
    if let Some(point) = points.iter().find(|point| !case.state.learning.contains(point.as_str())) {
        return refuse(
            Code::Inv23,
            format!("{point} is no lesson that was issued, with a second person's look at it"),
        );
    }
    if !body.month.is_empty() && !is_month(&body.month) {
        return refuse(Code::Learning, format!("a month is written 2023-10, got {:?}", body.month));
    }
    let tips = body.channel() == LearningChannel::TopThreeTips;
    if tips && (points.len() != 3 || body.month.is_empty()) {
        return refuse(
            Code::Learning,
            format!("the top three tips of a month are three, got {}", points.len()),
        );
    }
    Ok(())
}

pub(crate) fn decide_adopted(case: &Case<'_>) -> Result<(), Refusal> {
    let body: LearningAdopted = case.body()?;
    if !case.state.learning.contains(case.stream()) {
        return refuse(Code::Learning, format!("{} is no lesson that was issued", case.stream()));
    }
    if !case.state.has_body(&body.by) {
        return refuse(Code::UnknownBody, format!("no body {} is registered", body.by));
    }
    if case.statement.signers.iter().any(|signer| signer.body == body.by) {
        return Ok(());
    }
    refuse(Code::Learning, format!("{} takes a lesson on by a signature of its own", body.by))
}
