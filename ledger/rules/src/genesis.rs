//! Entry 0: it founds the ledger, pins the root keys and adopts the first charter.

use std::collections::BTreeSet;

use ledger_core::ids::{EntryIndex, KeyId};
use ledger_core::sshsig::PublicKey;
use ledger_core::statement::Signer;
use scrutiny_proto::registry::v1::LedgerFounded;

use crate::case::Case;
use crate::charter::{self, Charter};
use crate::keys::Key;
use crate::lockout;
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::{Held, ROOT};
use crate::state::State;

/// Fewer root keys cannot act by two.
const MIN_ROOT_KEYS: usize = 2;

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: LedgerFounded = case.body()?;
    if case.context.index != EntryIndex(0) || case.context.stream_version != 0 {
        return refuse(
            Code::Genesis,
            format!("a ledger is founded by entry 0, this is entry {}", case.context.index),
        );
    }
    if body.origin != case.statement.ledger.as_str() {
        return refuse(
            Code::WrongLedger,
            format!("the statement founds {}, and is meant for {}", body.origin, case.statement.ledger),
        );
    }
    let roots = root_keys(&body)?;
    check_signers(case, &body, &roots)?;
    let charter = charter::well_formed(body.charter.as_ref())?;
    let mut founded = State::default();
    evolve(&mut founded, &case.statement.ledger, &body, case.context.index);
    lockout::check_charter(&founded, &charter, case.today)
}

fn root_keys(body: &LedgerFounded) -> Result<BTreeSet<KeyId>, Refusal> {
    let mut roots = BTreeSet::new();
    for blob in &body.root_keys {
        match PublicKey::from_blob(blob) {
            Ok(key) => roots.insert(key.key_id()),
            Err(e) => return refuse(Code::Genesis, format!("a root key is no SSH public key: {e}")),
        };
    }
    if roots.len() < MIN_ROOT_KEYS || roots.len() != body.root_keys.len() {
        let (all, distinct) = (body.root_keys.len(), roots.len());
        return refuse(
            Code::Genesis,
            format!("two different root keys at least; got {all}, {distinct} different"),
        );
    }
    Ok(roots)
}

fn check_signers(case: &Case<'_>, body: &LedgerFounded, roots: &BTreeSet<KeyId>) -> Result<(), Refusal> {
    let mut signed = BTreeSet::new();
    for Signer { key_id, role, body: at, acting, on_behalf_of } in &case.statement.signers {
        if !roots.contains(key_id) {
            return refuse(
                Code::Genesis,
                format!("key {key_id} signs entry 0 and is not among its root keys"),
            );
        }
        if role != ROOT || *at != body.body || *acting || !on_behalf_of.is_empty() {
            return refuse(
                Code::Genesis,
                format!("entry 0 is signed as {ROOT} of {}, got {role} of {at}", body.body),
            );
        }
        if !signed.insert(*key_id) {
            return refuse(Code::SignerTwice, format!("key {key_id} is named twice"));
        }
    }
    if signed.len() < MIN_ROOT_KEYS {
        return refuse(Code::Genesis, format!("two root keys sign entry 0, got {}", signed.len()));
    }
    Ok(())
}

pub(crate) fn evolve(
    state: &mut State,
    origin: &ledger_core::ids::Origin,
    body: &LedgerFounded,
    at: EntryIndex,
) {
    state.origin = Some(origin.clone());
    state.charter = body.charter.as_ref().map(Charter::from_wire).unwrap_or_default();
    state.recorders.found(&body.log_vkeys);
    for blob in &body.root_keys {
        let mut key = Key::new(blob, at, true);
        // Held like any role, but under no assignment: there is no stream to end it on.
        key.roles.push(Held {
            assignment: String::new(),
            role: ROOT.to_owned(),
            body: body.body.clone(),
            from: None,
            to: None,
            acting: false,
        });
        state.keys.insert(KeyId::of_blob(blob), key);
    }
}
