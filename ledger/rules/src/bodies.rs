//! Bodies, and the names that documents call them by.

use scrutiny_proto::governance::v1::{BodyAliasAdded, BodyRegistered};

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};
use crate::roles;
use crate::state::State;

/// A second registration on the same stream revises the first: a merger, a new name, an end.
pub(crate) fn decide_registered(case: &Case<'_>) -> Result<(), Refusal> {
    let body: BodyRegistered = case.body()?;
    roles::check_span(Code::BodyState, &body.valid_from, &body.valid_to)?;
    if body.part_of == case.param("body") {
        return refuse(Code::BodyState, format!("{} is not part of itself", body.part_of));
    }
    Ok(())
}

pub(crate) fn evolve_registered(state: &mut State, body: &str) {
    state.bodies.insert(body.to_owned());
}

pub(crate) fn decide_alias(case: &Case<'_>) -> Result<(), Refusal> {
    let body: BodyAliasAdded = case.body()?;
    roles::check_span(Code::BodyState, &body.valid_from, &body.valid_to)?;
    if !case.state.has_body(case.param("body")) {
        return refuse(Code::UnknownBody, format!("no body/{} is registered", case.param("body")));
    }
    Ok(())
}
