//! Keys: enrolled with proof of possession, rotated, suspended, reinstated, revoked.
//!
//! A key's past is never un-signed. Revoking one as compromised marks what it signed from a stated entry
//! on as in doubt ([`crate::State::suspect`], INV-34).

use ledger_core::ids::{EntryIndex, KeyId};
use ledger_core::sshsig::{PublicKey, Signature};
use scrutiny_proto::registry::v1::{KeyEnrolled, KeyRevoked, KeyRotated, KeySuspended};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::delegation::Delegation;
use crate::lockout;
use crate::pseudonym::Pseudonym;
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::{Held, KA, ROOT};
use crate::state::State;

/// SSHSIG namespace of a proof of possession.
pub const ENROLMENT_NAMESPACE: &str = "enrolment@scrutiny-ledger";

/// What a new key signs to prove that its holder has it: `<origin>\n<SHA256:…>\n`.
#[must_use]
pub fn enrolment_message(origin: &str, key: &KeyId) -> Vec<u8> {
    format!("{origin}\n{key}\n").into_bytes()
}

/// An enrolled key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// SSH public key blob.
    pub public_key: Vec<u8>,
    /// The entry that enrolled it.
    pub enrolled_at: EntryIndex,
    /// Whether it is a root key.
    pub root: bool,
    /// Whether it may sign.
    pub standing: Standing,
    /// Roles assigned and not ended.
    pub roles: Vec<Held>,
    /// Delegations to it, not ended.
    pub delegations: Vec<Delegation>,
    /// How records of powers name its holder. Never forgotten, whatever roles end.
    pub pseudonyms: Vec<Pseudonym>,
}

/// Whether a key may sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It may.
    Active,
    /// Not until it is reinstated.
    Suspended,
    /// Never again: another key took over.
    Rotated {
        /// The key that took over its roles.
        to: KeyId,
        /// The entry in doubt first, when it was found compromised later.
        compromised_since: Option<EntryIndex>,
    },
    /// Never again.
    Revoked {
        /// The entry that revoked it.
        at: EntryIndex,
        /// The entry in doubt first, when it was compromised.
        compromised_since: Option<EntryIndex>,
    },
}

impl Key {
    pub(crate) fn new(public_key: &[u8], enrolled_at: EntryIndex, root: bool) -> Self {
        Self {
            public_key: public_key.to_vec(),
            enrolled_at,
            root,
            standing: Standing::Active,
            roles: Vec::new(),
            delegations: Vec::new(),
            pseudonyms: Vec::new(),
        }
    }

    /// The first entry in doubt, when the key was compromised.
    #[must_use]
    pub fn compromised_since(&self) -> Option<EntryIndex> {
        match self.standing {
            Standing::Revoked { compromised_since, .. } | Standing::Rotated { compromised_since, .. } => {
                compromised_since
            }
            Standing::Active | Standing::Suspended => None,
        }
    }

    /// A root key, or a key administrator's: only two root keys change it.
    fn is_authority(&self) -> bool {
        self.root || self.roles.iter().any(|held| held.role == KA)
    }
}

pub(crate) fn decide_enrolled(case: &Case<'_>) -> Result<(), Refusal> {
    let body: KeyEnrolled = case.body()?;
    let id = prove_possession(case, &body.public_key, &body.proof_of_possession)?;
    if case.param("key") != id.to_hex() {
        return refuse(
            Code::KeyStream,
            format!("the stream of key {id} is key/{}, this statement is on {}", id.to_hex(), case.stream()),
        );
    }
    Ok(())
}

pub(crate) fn decide_rotated(case: &Case<'_>) -> Result<(), Refusal> {
    let body: KeyRotated = case.body()?;
    let (old, key) = target(case)?;
    must_be_alive(&old, key)?;
    if key.is_authority() {
        needs_two_roots(case, "to rotate a root key or a key administrator's")?;
    }
    prove_possession(case, &body.new_public_key, &body.proof_of_possession)?;
    Ok(())
}

pub(crate) fn decide_suspended(case: &Case<'_>) -> Result<(), Refusal> {
    let body: KeySuspended = case.body()?;
    let (id, key) = target(case)?;
    must_be_alive(&id, key)?;
    match (body.reinstated, &key.standing) {
        (false, Standing::Suspended) => refuse(Code::KeyState, format!("key {id} is suspended already")),
        (true, Standing::Active) => refuse(Code::KeyState, format!("key {id} is not suspended")),
        (true, _) if key.is_authority() => {
            needs_two_roots(case, "to reinstate a root key or a key administrator's")
        }
        (true, _) => Ok(()),
        (false, _) => {
            if key.root {
                needs_two_roots(case, "to suspend a root key")?;
            }
            lockout::check_without_key(case, &id)
        }
    }
}

pub(crate) fn decide_revoked(case: &Case<'_>) -> Result<(), Refusal> {
    let body: KeyRevoked = case.body()?;
    let (id, key) = target(case)?;
    let here = case.context.index;
    if body.compromised && body.compromised_since_index > here.0 {
        return refuse(
            Code::KeyState,
            format!("compromised since entry {}, which is not recorded yet", body.compromised_since_index),
        );
    }
    if !body.compromised && body.compromised_since_index != 0 {
        return refuse(Code::KeyState, "compromised_since_index is for compromised keys only");
    }
    if key.root {
        needs_two_roots(case, "to revoke a root key")?;
    }
    if matches!(key.standing, Standing::Revoked { .. } | Standing::Rotated { .. }) {
        return decide_found_compromised_later(&id, key, &body);
    }
    lockout::check_without_key(case, &id)
}

/// A key that is out of use already may still be found to have been compromised, or earlier than known.
fn decide_found_compromised_later(id: &KeyId, key: &Key, body: &KeyRevoked) -> Result<(), Refusal> {
    let earlier = key.compromised_since().is_none_or(|known| body.compromised_since_index < known.0);
    if body.compromised && earlier {
        return Ok(());
    }
    refuse(Code::KeyState, format!("key {id} is out of use already, and nothing new is said about it"))
}

/// The key whose stream this is.
fn target<'a>(case: &Case<'a>) -> Result<(KeyId, &'a Key), Refusal> {
    let named = case.param("key");
    let id = ledger_core::hash::Hash::from_hex(named).map(|hash| KeyId(hash.0));
    match id.and_then(|id| case.state.keys.get(&id).map(|key| (id, key))) {
        Some(found) => Ok(found),
        None => refuse(Code::UnknownKey, format!("no key {named} is enrolled (64 hexadecimal digits)")),
    }
}

fn must_be_alive(id: &KeyId, key: &Key) -> Result<(), Refusal> {
    match key.standing {
        Standing::Active | Standing::Suspended => Ok(()),
        Standing::Rotated { to, .. } => refuse(Code::KeyState, format!("key {id} was rotated to {to}")),
        Standing::Revoked { at, .. } => refuse(Code::KeyState, format!("key {id} was revoked by entry {at}")),
    }
}

/// Two key administrators must not be able to make themselves the roots, or more of themselves.
pub(crate) fn needs_two_roots(case: &Case<'_>, why: &str) -> Result<(), Refusal> {
    let roots = case.statement.signers.iter().filter(|signer| signer.role == ROOT).count();
    if roots >= 2 {
        return Ok(());
    }
    refuse(Code::RootNeeded, format!("two root keys must sign {why}, got {roots}"))
}

fn prove_possession(case: &Case<'_>, public_key: &[u8], proof: &[u8]) -> Result<KeyId, Refusal> {
    let not_proved = |why: String| Refusal { code: Code::PossessionNotProved, sentence: why };
    let key = PublicKey::from_blob(public_key).map_err(|e| not_proved(e.to_string()))?;
    let id = key.key_id();
    if case.state.keys.contains_key(&id) {
        return refuse(
            Code::KeyKnown,
            format!("key {id} was enrolled before; a key is never enrolled again"),
        );
    }
    let message = enrolment_message(case.statement.ledger.as_str(), &id);
    let signed_by = Signature::parse(proof)
        .and_then(|proof| proof.verify(ENROLMENT_NAMESPACE, &message))
        .map_err(|e| not_proved(e.to_string()))?;
    if signed_by != id {
        return Err(not_proved(format!("the proof is by key {signed_by}, it must be by {id}")));
    }
    Ok(id)
}

pub(crate) fn evolve_enrolled(state: &mut State, body: &KeyEnrolled, at: EntryIndex) {
    state.keys.insert(KeyId::of_blob(&body.public_key), Key::new(&body.public_key, at, false));
}

pub(crate) fn evolve_rotated(state: &mut State, old: &str, body: &KeyRotated, at: EntryIndex) {
    let to = KeyId::of_blob(&body.new_public_key);
    let Some((old, key)) = key_mut(state, old) else { return };
    let mut new = Key::new(&body.new_public_key, at, key.root);
    new.roles = std::mem::take(&mut key.roles);
    new.delegations = std::mem::take(&mut key.delegations);
    new.pseudonyms.clone_from(&key.pseudonyms);
    // A suspension is about the holder, who is the same.
    new.standing = std::mem::replace(&mut key.standing, Standing::Rotated { to, compromised_since: None });
    state.keys.insert(to, new);
    for holder in state.assignments.values_mut().chain(state.delegations.values_mut()) {
        if *holder == old {
            *holder = to;
        }
    }
}

pub(crate) fn evolve_suspended(state: &mut State, key: &str, body: &KeySuspended) {
    if let Some((_, key)) = key_mut(state, key) {
        key.standing = if body.reinstated { Standing::Active } else { Standing::Suspended };
    }
}

pub(crate) fn evolve_revoked(state: &mut State, key: &str, body: &KeyRevoked, at: EntryIndex) {
    let Some((_, key)) = key_mut(state, key) else { return };
    let since = body.compromised.then_some(EntryIndex(body.compromised_since_index));
    key.standing = match key.standing {
        Standing::Rotated { to, .. } => Standing::Rotated { to, compromised_since: since },
        Standing::Revoked { at, .. } => Standing::Revoked { at, compromised_since: since },
        Standing::Active | Standing::Suspended => Standing::Revoked { at, compromised_since: since },
    };
}

fn key_mut<'a>(state: &'a mut State, hex: &str) -> Option<(KeyId, &'a mut Key)> {
    let id = KeyId(ledger_core::hash::Hash::from_hex(hex)?.0);
    state.keys.get_mut(&id).map(|key| (id, key))
}
