//! Everyone who signs: enrolled, in use, each in a capacity really held on the day of recording (INV-11).
//!
//! A delegate names the delegating role in `on_behalf_of` and signs for it; `role` is then the delegate's
//! own, held at any body, or the delegating role again where the delegate has none.

use ledger_core::statement::Signer;

use crate::case::Case;
use crate::keys::{Key, Standing};
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::Held;

/// The role that a signature counts for.
pub(crate) fn effective_role(signer: &Signer) -> &str {
    if signer.on_behalf_of.is_empty() { &signer.role } else { &signer.on_behalf_of }
}

pub(crate) fn check(case: &Case<'_>) -> Result<(), Refusal> {
    let signers = &case.statement.signers;
    for (i, signer) in signers.iter().enumerate() {
        if signers[..i].iter().any(|earlier| earlier.key_id == signer.key_id) {
            return refuse(Code::SignerTwice, format!("key {} is named twice", signer.key_id));
        }
        let key = usable_key(case, signer)?;
        if signer.on_behalf_of.is_empty() {
            check_role(case, signer, key)?
        } else {
            check_delegate(case, signer, key)?
        }
    }
    Ok(())
}

fn usable_key<'a>(case: &Case<'a>, signer: &Signer) -> Result<&'a Key, Refusal> {
    let id = signer.key_id;
    let Some(key) = case.state.keys.get(&id) else {
        return refuse(Code::UnknownKey, format!("key {id} is not enrolled in this ledger"));
    };
    match key.standing {
        Standing::Active => Ok(key),
        Standing::Suspended => refuse(Code::KeySuspended, format!("key {id} is suspended")),
        Standing::Rotated { to, .. } => {
            refuse(Code::KeyRevoked, format!("key {id} was rotated; sign with its successor {to}"))
        }
        Standing::Revoked { at, .. } => {
            refuse(Code::KeyRevoked, format!("key {id} was revoked by entry {at}"))
        }
    }
}

fn check_role(case: &Case<'_>, signer: &Signer, key: &Key) -> Result<(), Refusal> {
    let claimed = |held: &&Held| held.role == signer.role && held.body == signer.body;
    let mut live = key.roles.iter().filter(claimed).filter(|held| held.covers(case.today)).peekable();
    if live.peek().is_none() {
        return refuse(Code::RoleNotHeld, role_not_held(case, signer, key));
    }
    if live.any(|held| held.acting == signer.acting) {
        return Ok(());
    }
    let (holds, says) = if signer.acting { ("substantive", "acting") } else { ("acting", "substantive") };
    refuse(
        Code::Acting,
        format!(
            "key {} is the {holds} {} of {}, and signs as {says}",
            signer.key_id, signer.role, signer.body
        ),
    )
}

fn role_not_held(case: &Case<'_>, signer: &Signer, key: &Key) -> String {
    let Signer { key_id, role, body, .. } = signer;
    let same = key.roles.iter().find(|held| held.role == *role && held.body == *body);
    if let Some(Held { from, to, .. }) = same {
        let from = from.map_or_else(String::new, |day| format!(" from {day}"));
        let to = to.map_or_else(String::new, |day| format!(" through {day}"));
        return format!("key {key_id} holds {role} at {body}{from}{to}; today is {}", case.today);
    }
    let held: Vec<_> = key.roles.iter().map(|held| format!("{} at {}", held.role, held.body)).collect();
    let held = if held.is_empty() { "no role".to_owned() } else { held.join(", ") };
    format!("key {key_id} claims {role} at {body}; it holds {held}")
}

fn check_delegate(case: &Case<'_>, signer: &Signer, key: &Key) -> Result<(), Refusal> {
    let Signer { key_id, role, body, on_behalf_of, .. } = signer;
    let kind = &case.statement.kind;
    if !key.delegations.iter().any(|d| d.allows(on_behalf_of, body, kind, case.today)) {
        return refuse(
            Code::NotDelegated,
            format!(
                "key {key_id} signs for {on_behalf_of} of {body}; no delegation of that role for {kind} to it is in \
                 force on {}",
                case.today
            ),
        );
    }
    let own: Vec<_> = key.roles.iter().filter(|held| held.role == *role && held.covers(case.today)).collect();
    if own.iter().any(|held| held.acting == signer.acting)
        || (own.is_empty() && role == on_behalf_of && !signer.acting)
    {
        return Ok(());
    }
    if own.is_empty() {
        return refuse(
            Code::RoleNotHeld,
            format!("key {key_id} claims {role} as its own role and does not hold it"),
        );
    }
    refuse(Code::Acting, format!("key {key_id} holds {role}, but not with acting: {}", signer.acting))
}
