//! The ledger must stay in somebody's hands: adopting a charter and enrolling a key stay signable, and, once recorders
//! take over from each other, taking over.

use ledger_core::ids::KeyId;

use crate::case::Case;
use crate::charter::{Charter, SignerSet};
use crate::civil::Day;
use crate::keys::{Key, Standing};
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::Held;
use crate::state::State;

/// The two kinds from which every other power can be restored.
const LIFELINES: [&str; 2] = ["scrutiny.registry.v1.CharterAdopted", "scrutiny.registry.v1.KeyEnrolled"];

/// The kind without which nobody records any more, once a recorder has taken over: then whoever starts begins with it.
const EPOCH: &str = "scrutiny.registry.v1.RecorderEpochStarted";

/// Refuses a charter under which nobody could replace it or enrol a key.
pub(crate) fn check_charter(state: &State, charter: &Charter, today: Day) -> Result<(), Refusal> {
    let holders = Holders { state, today, but: &|_, _| false };
    match LIFELINES.iter().find(|kind| !holders.can_sign(charter, kind)) {
        Some(kind) => refuse(Code::Lockout, format!("under this charter no keys in force could sign {kind}")),
        None if has_epochs(state) && holders.loses(&holders, charter, EPOCH) => refuse(
            Code::Lockout,
            "under this charter no recorder that is enrolled could take over, and nobody would record any more",
        ),
        None => Ok(()),
    }
}

fn has_epochs(state: &State) -> bool {
    state.recorders.current() > 0
}

/// Refuses to take a key out of use when the keys left could not sign a lifeline that they can sign now.
pub(crate) fn check_without_key(case: &Case<'_>, key: &KeyId) -> Result<(), Refusal> {
    check_without(case, &|id, _| id == key, &format!("without key {key}"))
}

/// Refuses to end an assignment under the same condition.
pub(crate) fn check_without_role(case: &Case<'_>, key: &KeyId, assignment: &str) -> Result<(), Refusal> {
    let but = |id: &KeyId, held: &Held| id == key && held.assignment == assignment;
    check_without(case, &but, &format!("without assignment {assignment}"))
}

fn check_without(case: &Case<'_>, but: &dyn Fn(&KeyId, &Held) -> bool, what: &str) -> Result<(), Refusal> {
    let Case { state, today, .. } = *case;
    let before = Holders { state, today, but: &|_, _| false };
    let after = Holders { state, today, but };
    let lost = |kind: &str| before.loses(&after, &state.charter, kind);
    match LIFELINES.iter().find(|kind| lost(kind)) {
        Some(kind) => refuse(
            Code::Lockout,
            format!("{what} nobody could sign {kind} any more; rotate the key or assign the role anew first"),
        ),
        None if has_epochs(state) && lost(EPOCH) => refuse(
            Code::Lockout,
            format!(
                "{what} no recorder could take over any more, and after the next stop nobody would record; enrol \
                 another recorder first"
            ),
        ),
        None => Ok(()),
    }
}

struct Holders<'a> {
    state: &'a State,
    today: Day,
    /// Roles to leave out of the count.
    but: &'a dyn Fn(&KeyId, &Held) -> bool,
}

impl Holders<'_> {
    /// Whether a kind can be signed by these under the charter in force, and not by those under another.
    fn loses(&self, after: &Holders<'_>, charter: &Charter, kind: &str) -> bool {
        self.can_sign(&self.state.charter, kind) && !after.can_sign(charter, kind)
    }

    fn can_sign(&self, charter: &Charter, kind: &str) -> bool {
        charter.sets(kind).iter().any(|set| self.can_meet(set))
    }

    /// A requirement tied to a body is left aside: no lifeline's stream names one.
    fn can_meet(&self, set: &SignerSet) -> bool {
        set.require.iter().all(|r| r.body.is_none() && self.count(&r.role) >= set.needs(&r.role) as usize)
    }

    fn count(&self, role: &str) -> usize {
        let holds = |id: &KeyId, key: &Key| {
            let live = |held: &&Held| held.role == role && held.covers(self.today) && !(self.but)(id, held);
            key.standing == Standing::Active && key.roles.iter().any(|held| live(&held))
        };
        self.state.keys.iter().filter(|(id, key)| holds(id, key)).count()
    }
}
