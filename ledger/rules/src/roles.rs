//! Roles: assigned to a key at a body for a time, and ended.

use ledger_core::ids::KeyId;
use scrutiny_proto::registry::v1::{RoleAssigned, RoleEnded};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil::{self, Day};
use crate::keys::{Key, Standing, needs_two_roots};
use crate::lockout;
use crate::pseudonym::{self, Pseudonym};
use crate::recorders;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// Root authority: pinned in entry 0, never assigned.
pub const ROOT: &str = "ROOT";
/// Key administrator.
pub const KA: &str = "KA";

/// A recorder: a machine's role, held by a key that signs nothing but its epochs.
pub const REC: &str = "REC";

/// The roles of the domain. A charter may name more; `SVC:` and a name is a service's identity.
pub const KNOWN: &[&str] = &[
    "HMI", "HMI-T", "CC", "DCC", "CO", "LPB", "LPB-O", "G&I", "LEAD", "PROF", "OFF", "SUP", "REV", "TL",
    "SPT", "TTT", "JPS", "CHAIR", "SEC", "CSP", "AA", "INV", "HPSD", "FVM", "CCU", "AN", "IM", KA, REC,
];

/// A role that a key holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The assignment's name: the last part of its stream.
    pub assignment: String,
    /// Role code.
    pub role: String,
    /// The body it is held at.
    pub body: String,
    /// From this day on.
    pub from: Option<Day>,
    /// Through this day.
    pub to: Option<Day>,
    /// Whether the holder is acting.
    pub acting: bool,
}

impl Held {
    /// Whether it is held on this day in London.
    #[must_use]
    pub fn covers(&self, day: Day) -> bool {
        covers(self.from, self.to, day)
    }

    pub(crate) fn is_over(&self, today: Day) -> bool {
        self.to.is_some_and(|to| to < today)
    }
}

/// Whether `day` lies in a span of days, both ends included; an open end has no limit.
pub(crate) fn covers(from: Option<Day>, to: Option<Day>, day: Day) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

/// Refuses a span that ends before it begins.
pub(crate) fn check_span(code: Code, from: &str, to: &str) -> Result<(), Refusal> {
    match (civil::optional(from), civil::optional(to)) {
        (Some(first), Some(last)) if last < first => {
            refuse(code, format!("valid from {first} to {last}: it ends before it begins"))
        }
        _ => Ok(()),
    }
}

pub(crate) fn decide_assigned(case: &Case<'_>) -> Result<(), Refusal> {
    let body: RoleAssigned = case.body()?;
    check_span(Code::RoleState, &body.valid_from, &body.valid_to)?;
    let assignment = case.param("assignment");
    if case.state.assignments.contains_key(assignment) {
        return refuse(
            Code::RoleState,
            format!("assignment {assignment} exists; give a new one its own name"),
        );
    }
    if body.role == ROOT {
        return refuse(Code::Inv35, "ROOT is held by the keys of entry 0 and is never assigned");
    }
    if !is_role(case.state, &body.role) {
        return refuse(Code::UnknownRole, format!("no role {:?}; see the charter for the codes", body.role));
    }
    if body.role == KA {
        needs_two_roots(case, "to assign KA")?;
    }
    if !body.pseudonym.is_empty() {
        pseudonym::read("pseudonym", &body.pseudonym)?;
    }
    let (id, key) = live_key(case, &body.key)?;
    if case.statement.key_ids().any(|signer| signer == id) {
        return refuse(Code::Inv35, format!("key {id} signs this statement and would be given a role by it"));
    }
    check_exclusive(&id, key, &body.role, case.today)
}

/// INV-35, as far as keys can tell: one person with two keys is for the enrolment to prevent.
fn check_exclusive(id: &KeyId, key: &Key, role: &str, today: Day) -> Result<(), Refusal> {
    if key.root {
        return refuse(Code::Inv35, format!("key {id} is a root key and holds no other role, got {role}"));
    }
    if let Some(delegation) = key.delegations.first().filter(|_| role == KA) {
        return refuse(
            Code::Inv35,
            format!(
                "key {id} signs for {} of {}, so it cannot hold {role}",
                delegation.from_role, delegation.body
            ),
        );
    }
    recorders::check_alone(id, key, role, today)?;
    let clash = |held: &&Held| !held.is_over(today) && (held.role == KA) != (role == KA);
    match key.roles.iter().find(clash) {
        Some(held) => refuse(
            Code::Inv35,
            format!("key {id} holds {} at {}, so it cannot hold {role}", held.role, held.body),
        ),
        None => Ok(()),
    }
}

pub(crate) fn decide_ended(case: &Case<'_>) -> Result<(), Refusal> {
    let _: RoleEnded = case.body()?;
    let assignment = case.param("assignment");
    let held = case.state.assignments.get(assignment).and_then(|id| {
        let roles = &case.state.keys.get(id)?.roles;
        roles.iter().find(|held| held.assignment == assignment).map(|held| (id, held))
    });
    let Some((id, held)) = held else {
        return refuse(Code::RoleState, format!("no assignment {assignment} is in force"));
    };
    if held.role == KA {
        needs_two_roots(case, "to end a key administrator's role")?;
    }
    lockout::check_without_role(case, id, assignment)
}

pub(crate) fn is_role(state: &State, role: &str) -> bool {
    KNOWN.contains(&role)
        || role.strip_prefix("SVC:").is_some_and(|name| !name.is_empty())
        || state.charter.names_role(role)
}

/// A key that can be given something: enrolled, not rotated, not revoked.
pub(crate) fn live_key<'a>(case: &Case<'a>, named: &str) -> Result<(KeyId, &'a Key), Refusal> {
    let id: KeyId = match named.parse() {
        Ok(id) => id,
        Err(e) => return refuse(Code::UnknownKey, format!("{e}")),
    };
    match case.state.keys.get(&id) {
        None => refuse(Code::UnknownKey, format!("key {id} is not enrolled")),
        Some(key) => match key.standing {
            Standing::Active | Standing::Suspended => Ok((id, key)),
            Standing::Rotated { to, .. } => {
                refuse(Code::KeyRevoked, format!("key {id} was rotated; its successor is {to}"))
            }
            Standing::Revoked { at, .. } => {
                refuse(Code::KeyRevoked, format!("key {id} was revoked by entry {at}"))
            }
        },
    }
}

pub(crate) fn evolve_assigned(state: &mut State, assignment: &str, body: &RoleAssigned) {
    let Ok(id) = body.key.parse::<KeyId>() else { return };
    let Some(key) = state.keys.get_mut(&id) else { return };
    key.roles.push(Held {
        assignment: assignment.to_owned(),
        role: body.role.clone(),
        body: body.body.clone(),
        from: civil::optional(&body.valid_from),
        to: civil::optional(&body.valid_to),
        acting: body.acting,
    });
    if let Some(person) = Pseudonym::from_bytes(&body.pseudonym).filter(|p| !key.pseudonyms.contains(p)) {
        key.pseudonyms.push(person);
    }
    state.assignments.insert(assignment.to_owned(), id);
}

pub(crate) fn evolve_ended(state: &mut State, assignment: &str) {
    // The name stays taken, so that one stream tells one assignment's story.
    if let Some(key) = state.assignments.get(assignment).and_then(|id| state.keys.get_mut(id)) {
        key.roles.retain(|held| held.assignment != assignment);
    }
}
