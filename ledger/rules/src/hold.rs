//! Legal holds and restrictions: what must be kept is kept, whoever asks for its erasure (INV-33).
//!
//! A hold names digests, and streams of which everything sealed from then on is held too. What was sealed
//! earlier on such a stream is named by its digest: the rules remember no digest that nobody holds.

use std::collections::BTreeSet;

use ledger_core::statement::Statement;
use scrutiny_proto::privacy::v1::{LegalHoldPlaced, ProcessingRestricted};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::privacy;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// What a legal hold covers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hold {
    /// Digests of the addenda held.
    pub digests: BTreeSet<[u8; 32]>,
    /// Streams of which everything sealed is held.
    pub streams: BTreeSet<String>,
}

pub(crate) fn decide_hold(case: &Case<'_>) -> Result<(), Refusal> {
    let body: LegalHoldPlaced = case.body()?;
    let name = case.param("hold");
    match (body.released, case.state.holds.contains_key(name)) {
        (true, false) => return refuse(Code::HoldState, format!("no hold {name} is in force")),
        (true, true) => return Ok(()),
        (false, _) => {}
    }
    if body.digests.is_empty() && body.streams.is_empty() {
        return refuse(Code::HoldState, "a hold names what it covers: digests, streams or both");
    }
    let digests = privacy::digests(&body.digests)?;
    match digests.iter().find(|digest| case.state.erased.contains(*digest)) {
        Some(digest) => refuse(Code::HoldState, format!("{} is erased already", privacy::hex(digest))),
        None => Ok(()),
    }
}

/// A later statement on the same hold adds to it.
pub(crate) fn evolve_hold(state: &mut State, name: &str, body: &LegalHoldPlaced) {
    if body.released {
        state.holds.remove(name);
        return;
    }
    let hold = state.holds.entry(name.to_owned()).or_default();
    hold.digests.extend(body.digests.iter().filter_map(|d| <[u8; 32]>::try_from(&d[..]).ok()));
    hold.streams.extend(body.streams.iter().cloned());
}

/// Whatever is sealed on a held stream is held from the start.
pub(crate) fn evolve_sealed(state: &mut State, statement: &Statement) {
    if statement.sealed.is_empty() {
        return;
    }
    for hold in state.holds.values_mut().filter(|hold| hold.streams.contains(statement.stream.as_str())) {
        hold.digests.extend(statement.sealed.iter().map(|commitment| commitment.digest.0));
    }
}

pub(crate) fn decide_restricted(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ProcessingRestricted = case.body()?;
    privacy::known_reason(&body.reason_code)?;
    for digest in privacy::digests(&body.digests)? {
        if case.state.erased.contains(&digest) {
            return refuse(Code::Restriction, format!("{} is erased already", privacy::hex(&digest)));
        }
        if case.state.restricted.contains(&digest) != body.lifted {
            let state = if body.lifted { "not restricted" } else { "restricted already" };
            return refuse(Code::Restriction, format!("{} is {state}", privacy::hex(&digest)));
        }
    }
    Ok(())
}

pub(crate) fn evolve_restricted(state: &mut State, body: &ProcessingRestricted) {
    for digest in body.digests.iter().filter_map(|d| <[u8; 32]>::try_from(&d[..]).ok()) {
        if body.lifted {
            state.restricted.remove(&digest)
        } else {
            state.restricted.insert(digest)
        };
    }
}
