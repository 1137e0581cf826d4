//! Items on their way between bodies: forwarded, and received by the body they were meant for (INV-40).
//!
//! What was forwarded and not received is undelivered; that is shown by a projection and refuses nothing.

use std::collections::BTreeMap;

use scrutiny_proto::governance::v1::{ItemForwarded, ItemReceived};

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// The bodies that an item was forwarded to, and whether each has it.
pub(crate) type Recipients = BTreeMap<String, bool>;

pub(crate) fn decide_forwarded(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ItemForwarded = case.body()?;
    if !case.state.has_body(&body.to) {
        return refuse(Code::UnknownBody, format!("no body/{} is registered", body.to));
    }
    if body.to == case.param("body") {
        return refuse(Code::Inv40, format!("{} forwards it to itself", body.to));
    }
    match case.state.items.get(case.stream()).and_then(|to| to.get(&body.to)) {
        Some(_) => refuse(Code::Inv40, format!("{} was forwarded to {} already", case.stream(), body.to)),
        None => Ok(()),
    }
}

pub(crate) fn evolve_forwarded(state: &mut State, stream: &str, body: &ItemForwarded) {
    state.items.entry(stream.to_owned()).or_default().insert(body.to.clone(), false);
}

pub(crate) fn decide_received(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ItemReceived = case.body()?;
    if !case.statement.signers.iter().any(|signer| signer.body == body.at) {
        return refuse(Code::Inv40, format!("{} signs for what it has received itself", body.at));
    }
    match case.state.items.get(case.stream()).and_then(|to| to.get(&body.at)) {
        Some(false) => Ok(()),
        Some(true) => refuse(Code::Inv40, format!("{} has {} already", body.at, case.stream())),
        None => refuse(Code::Inv40, format!("{} was not forwarded to {}", case.stream(), body.at)),
    }
}

pub(crate) fn evolve_received(state: &mut State, stream: &str, body: &ItemReceived) {
    if let Some(received) = state.items.get_mut(stream).and_then(|to| to.get_mut(&body.at)) {
        *received = true;
    }
}
