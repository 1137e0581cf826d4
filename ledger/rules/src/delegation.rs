//! Delegations: a role lets another key sign certain kinds on its behalf.
//!
//! A delegation is the office's: it outlives the holder who granted it, until its last day or until it is
//! ended. It cannot be passed on, and the registry's own kinds cannot be delegated at all.

use ledger_core::ids::KeyId;
use scrutiny_proto::registry::v1::DelegationGranted;
use scrutiny_proto::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil::{self, Day};
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::{self, KA, REC, ROOT};
use crate::state::State;

/// A delegation to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Its name: the last part of its stream.
    pub delegation: String,
    /// The role signed for.
    pub from_role: String,
    /// The body signed for.
    pub body: String,
    /// Full names of the kinds.
    pub kinds: Vec<String>,
    /// From this day on.
    pub from: Option<Day>,
    /// Through this day.
    pub to: Option<Day>,
}

impl Delegation {
    pub(crate) fn allows(&self, role: &str, body: &str, kind: &str, day: Day) -> bool {
        self.from_role == role
            && self.body == body
            && roles::covers(self.from, self.to, day)
            && self.kinds.iter().any(|k| k == kind)
    }
}

pub(crate) fn decide_granted(case: &Case<'_>) -> Result<(), Refusal> {
    let body: DelegationGranted = case.body()?;
    check_grantor(case, &body)?;
    let name = case.param("delegation");
    let live = case
        .state
        .delegations
        .get(name)
        .and_then(|id| case.state.keys.get(id)?.delegations.iter().find(|d| d.delegation == name));
    match (body.ended, live) {
        (true, None) => refuse(Code::DelegationState, format!("no delegation {name} is in force")),
        (true, Some(live)) if live.from_role != body.from_role || live.body != body.body => refuse(
            Code::DelegationState,
            format!(
                "delegation {name} is by {} of {}, this statement ends one by {} of {}",
                live.from_role, live.body, body.from_role, body.body
            ),
        ),
        (true, Some(_)) => Ok(()),
        (false, Some(_)) => {
            refuse(Code::DelegationState, format!("delegation {name} is in force; end it first"))
        }
        (false, None) => decide_new(case, &body),
    }
}

fn decide_new(case: &Case<'_>, body: &DelegationGranted) -> Result<(), Refusal> {
    roles::check_span(Code::DelegationState, &body.valid_from, &body.valid_to)?;
    if [ROOT, KA, REC].contains(&body.from_role.as_str()) {
        return refuse(Code::Inv35, format!("{} cannot be delegated", body.from_role));
    }
    if !roles::is_role(case.state, &body.from_role) {
        return refuse(Code::UnknownRole, format!("no role {:?}", body.from_role));
    }
    let (id, key) = roles::live_key(case, &body.to_key)?;
    if key.root || key.roles.iter().any(|held| held.role == KA) {
        return refuse(
            Code::Inv35,
            format!("key {id} administers keys and decides nothing, on anyone's behalf"),
        );
    }
    if key.roles.iter().any(|held| held.role == REC) {
        return refuse(
            Code::RecorderRole,
            format!("key {id} is a recorder's and signs nothing but its epochs, on nobody's behalf"),
        );
    }
    if case.statement.key_ids().any(|signer| signer == id) {
        return refuse(Code::Inv35, format!("key {id} signs this statement and would be delegated to by it"));
    }
    check_kinds(&body.kinds)
}

fn check_kinds(kinds: &[String]) -> Result<(), Refusal> {
    if kinds.is_empty() {
        return refuse(Code::DelegationState, "a delegation names the kinds it is for, got none");
    }
    for name in kinds {
        match Vocabulary::get().kind(name) {
            Some(kind) if kind.full_name != *name => {
                return refuse(Code::UnknownKind, format!("write {} in full: {}", name, kind.full_name));
            }
            Some(kind) if kind.full_name.starts_with("scrutiny.registry.") => {
                return refuse(
                    Code::DelegationState,
                    format!("{name} changes who may sign and is not delegated"),
                );
            }
            Some(_) => {}
            None => return refuse(Code::UnknownKind, format!("no kind {name:?}")),
        }
    }
    Ok(())
}

/// The delegating role must be the signer's own, at the body; or key administrators sign.
fn check_grantor(case: &Case<'_>, body: &DelegationGranted) -> Result<(), Refusal> {
    let signers = &case.statement.signers;
    let own = |s: &ledger_core::statement::Signer| {
        s.role == body.from_role && s.body == body.body && s.on_behalf_of.is_empty()
    };
    if signers.iter().any(own) || signers.iter().filter(|s| s.role == KA).count() >= 2 {
        return Ok(());
    }
    refuse(
        Code::DelegationState,
        format!("{} of {} must sign, or two key administrators", body.from_role, body.body),
    )
}

pub(crate) fn evolve_granted(state: &mut State, name: &str, body: &DelegationGranted) {
    if let Some(key) = state.delegations.get(name).and_then(|id| state.keys.get_mut(id)) {
        key.delegations.retain(|d| d.delegation != name);
    }
    if body.ended {
        state.delegations.remove(name);
        return;
    }
    let Ok(id) = body.to_key.parse::<KeyId>() else { return };
    let Some(key) = state.keys.get_mut(&id) else { return };
    key.delegations.push(Delegation {
        delegation: name.to_owned(),
        from_role: body.from_role.clone(),
        body: body.body.clone(),
        kinds: body.kinds.clone(),
        from: civil::optional(&body.valid_from),
        to: civil::optional(&body.valid_to),
    });
    state.delegations.insert(name.to_owned(), id);
}
