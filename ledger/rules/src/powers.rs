//! Records of powers used: stop and search, use of force, and the footage of each.
//!
//! A force's own record names its officer by pseudonym and is known by random digits, never by an incident's number.
//! It is recorded once: what was put down at the time stands, and a rectification stands beside it. A person who
//! declined to give their ethnicity is described by the officer (INV-18), and the one never replaces the other.
//!
//! **Bound.** A record of a force's own, or a row that was drawn, costs the state 38 bytes and a share of a tree's
//! node, about 60 bytes in all; somebody else at the incident or a recusal costs that much again. An imported row
//! that nobody drew costs nothing. Ten million records a year are 600 MB.

use ledger_core::hash::Hash;
use scrutiny_proto::review::v1::{
    Answer, FootageRecorded, FootageState, Involved, StopSearchRecorded, TacticKind, TaserUse, Unit,
    UseOfForceRecorded,
};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::pseudonym::{self, Pseudonym};
use crate::refusal::{Code, Refusal, refuse};
use crate::sources;
use crate::state::State;

/// Hexadecimal digits of a record's name, at least: 64 bits, so that nobody can try them all.
const NAME_DIGITS: usize = 16;

/// A record's key in the state: the first half of the SHA-256 of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordKey([u8; 16]);

impl RecordKey {
    /// The key of `search/…` or `uof/…`.
    #[must_use]
    pub fn of(stream: &str) -> Self {
        let digest = Hash::of(stream.as_bytes());
        Self(digest.0[..16].try_into().expect("a digest has 32 bytes"))
    }
}

/// What the rules remember of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PowerRecord {
    /// Who used the power; none for an imported row.
    pub officer: Option<Pseudonym>,
    /// What matters for who reviews it.
    pub(crate) marks: u8,
    /// The levels that it was drawn for, one bit each.
    pub(crate) drawn: u16,
}

pub(crate) const TASER: u8 = 1;
pub(crate) const FIRED: u8 = 2;
pub(crate) const JOINT: u8 = 4;
pub(crate) const FOOTAGE_MISSING: u8 = 8;
/// A completed review asked for the Superintendent's.
pub(crate) const ESCALATED: u8 = 16;

impl PowerRecord {
    /// Whether all of these marks are set.
    pub(crate) fn is(self, marks: u8) -> bool {
        self.marks & marks == marks
    }
}

/// INV-18, and what a record of the force's own needs; or a bare row.
pub(crate) fn decide_search(case: &Case<'_>) -> Result<(), Refusal> {
    let body: StopSearchRecorded = case.body()?;
    let imports = case.statement.signers.iter().any(|signer| signer.role == sources::IMPORTER);
    if imports || !body.source_line.is_empty() {
        let bare = StopSearchRecorded { source_line: body.source_line, ..StopSearchRecorded::default() };
        if !imports || bare.source_line.is_empty() || !sources::is_bare(case.statement, &bare) {
            return refuse(
                Code::Source,
                "the importing service signs rows of files, and a row holds its bytes and nothing else",
            );
        }
        return sources::check_row(case, case.param("record"), true);
    }
    let officer = pseudonym::read("officer_pseudonym", &body.officer_pseudonym)?;
    check_own(case, officer, &body.involved)?;
    if let Some(stream) = body.force_used.iter().find(|stream| !stream.starts_with("uof/")) {
        return refuse(Code::Record, format!("force_used names uses of force, uof/…, got {stream}"));
    }
    if body.sde_refused && body.ode_code.is_empty() {
        return refuse(
            Code::Inv18,
            "the person declined to give their ethnicity; the officer's view of it (ode_code) must be there",
        );
    }
    Ok(())
}

pub(crate) fn evolve_search(state: &mut State, stream: &str, body: &StopSearchRecorded) {
    if let Some(officer) = Pseudonym::from_bytes(&body.officer_pseudonym) {
        insert(state, stream, officer, 0, &body.involved);
    }
}

pub(crate) fn decide_force(case: &Case<'_>) -> Result<(), Refusal> {
    let body: UseOfForceRecorded = case.body()?;
    let officer = pseudonym::read("officer_pseudonym", &body.officer_pseudonym)?;
    check_own(case, officer, &body.involved)?;
    if !body.search.is_empty() && !body.search.starts_with("search/") {
        return refuse(Code::Record, format!("search names a search, search/…, got {}", body.search));
    }
    for (i, tactic) in body.tactics.iter().enumerate() {
        let is_taser = tactic.kind() == TacticKind::Taser;
        if is_taser != (tactic.taser() != TaserUse::Unspecified) {
            return refuse(
                Code::Record,
                format!("tactics.{i}: how far a Taser was used is said exactly of a Taser"),
            );
        }
        if tactic.kind() == TacticKind::Unrecognised && tactic.as_written.is_empty() {
            return refuse(Code::Record, format!("tactics.{i}: what is not recognised is given as written"));
        }
    }
    Ok(())
}

pub(crate) fn evolve_force(state: &mut State, stream: &str, body: &UseOfForceRecorded) {
    let Some(officer) = Pseudonym::from_bytes(&body.officer_pseudonym) else { return };
    let mut marks = if body.unit() == Unit::Joint { JOINT } else { 0 };
    for tactic in body.tactics.iter().filter(|tactic| tactic.kind() == TacticKind::Taser) {
        marks |= if tactic.taser() == TaserUse::Fired { TASER | FIRED } else { TASER };
    }
    insert(state, stream, officer, marks, &body.involved);
}

fn check_own(case: &Case<'_>, officer: Pseudonym, involved: &[Involved]) -> Result<(), Refusal> {
    let name = case.param("record");
    let hex = name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !hex || name.len() < NAME_DIGITS {
        return refuse(
            Code::Pseudonym,
            format!("a record is known by {NAME_DIGITS} random hexadecimal digits or more, got {name}"),
        );
    }
    if case.context.stream_version > 0 {
        return refuse(
            Code::Record,
            format!("{} is recorded already; what is wrong in it is rectified beside it", case.stream()),
        );
    }
    for (i, other) in involved.iter().enumerate() {
        if pseudonym::read(&format!("involved.{i}.pseudonym"), &other.pseudonym)? == officer {
            return refuse(Code::Record, format!("involved.{i} is the officer, who is named already"));
        }
    }
    let mut officers = pseudonym::signing(case).filter(|(role, _)| *role == "OFF").peekable();
    if officers.peek().is_some() && !officers.any(|(_, key)| key.pseudonyms.contains(&officer)) {
        return refuse(
            Code::Inv15,
            "an officer signs their own record: no signing OFF key is bound to officer_pseudonym",
        );
    }
    Ok(())
}

fn insert(state: &mut State, stream: &str, officer: Pseudonym, marks: u8, involved: &[Involved]) {
    let key = RecordKey::of(stream);
    state.powers.insert(key, PowerRecord { officer: Some(officer), marks, drawn: 0 });
    let others: Vec<Pseudonym> =
        involved.iter().filter_map(|i| Pseudonym::from_bytes(&i.pseudonym)).collect();
    if !others.is_empty() {
        state.involved.insert(key, others);
    }
}

/// The record that a stream's `{power}` and `{record}` name: the force's own, or a row that was drawn.
pub(crate) fn named(case: &Case<'_>) -> Result<(RecordKey, PowerRecord), Refusal> {
    let (power, record) = (case.param("power"), case.param("record"));
    if !matches!(power, "search" | "uof") {
        return refuse(Code::StreamMismatch, format!("a power is search or uof, got {power}"));
    }
    let stream = format!("{power}/{record}");
    let key = RecordKey::of(&stream);
    match case.state.powers.get(&key) {
        Some(known) => Ok((key, *known)),
        None => refuse(
            Code::NotDrawn,
            format!("{stream} is no record of the force's own, and was not drawn in a sample"),
        ),
    }
}

pub(crate) fn decide_footage(case: &Case<'_>) -> Result<(), Refusal> {
    let body: FootageRecorded = case.body()?;
    named(case)?;
    match (body.state() == FootageState::Missing, body.missing_reason.is_empty()) {
        (true, true) => refuse(Code::Footage, "footage that is missing is missing for a reason; say which"),
        (true, false) if body.entire() != Answer::Unspecified => {
            refuse(Code::Footage, "footage that is missing covers nothing")
        }
        (false, false) => refuse(Code::Footage, "footage that is there is not missing for a reason"),
        _ => Ok(()),
    }
}

pub(crate) fn evolve_footage(state: &mut State, power: &str, record: &str, body: &FootageRecorded) {
    if let Some(known) = state.powers.get_mut(&RecordKey::of(&format!("{power}/{record}"))) {
        match body.state() {
            FootageState::Missing => known.marks |= FOOTAGE_MISSING,
            _ => known.marks &= !FOOTAGE_MISSING,
        }
    }
}
