//! `scrutiny key`: make, enrol, rotate, suspend and revoke signing keys.

use std::path::Path;

use jiff::civil::Date;
use ledger_core::ids::{EntryIndex, KeyId};
use ledger_core::sshsig::{PublicKey, Signature};
use ledger_draft::DraftSigner;
use recorder::Durable;
use serde_json::{Value, json};

use super::init::ROOTS;
use crate::cli::{By, Common, KeyEnrol, KeyNew, KeyReason, KeyRevoke, KeyRotate};
use crate::exit::{Done, Stop, io};
use crate::keyring::{ENROLMENT, Keyring, enrolment_text};
use crate::output::Output;
use crate::reading::Book;
use crate::writing::Writer;

pub(crate) fn new(args: &KeyNew, at: &Common, out: Output) -> Done {
    let named = Keyring::new(&at.keys).create(&args.name)?;
    let id = named.public.key_id();
    let path = at.keys.join(&args.name);
    let text = format!("{id}\n  private half  {}\n  public half   {}.pub", path.display(), path.display());
    out.result("key new", &text, || json!({ "name": args.name, "key": id.to_string(), "private": path }));
    out.say(&format!("Next: scrutiny key enrol {} --as \"ROLE of BODY\"", args.name));
    Ok(())
}

pub(crate) fn enrol(args: &KeyEnrol, at: &Common, out: Output) -> Done {
    enrol_as("key enrol", args, at, out)?;
    out.say("Next: scrutiny key list");
    Ok(())
}

/// Enrols a key, for a command of this name.
pub(super) fn enrol_as(command: &str, args: &KeyEnrol, at: &Common, out: Output) -> Done {
    let pseudonym = args.pseudonym.as_deref().unwrap_or_default();
    let roles = args.roles.iter().map(|text| Role::parse(text, pseudonym)).collect::<Done<Vec<_>>>()?;
    let writer = Writer::open(at, out)?;
    let by = signers(&args.by, at)?;
    let public = key_to_enrol(args, &writer)?;
    let mut recorded = Vec::new();
    // A key that is enrolled already gets the roles and nothing else. The rules refuse a second enrolment.
    if roles.is_empty() || !is_enrolled(&public, &writer) {
        let proof = proof_for(args, &public, &writer)?;
        recorded = writer.record_value(&enrolment(&public, &proof, args.holder.as_deref(), &by))?;
    }
    let (from, to) = (day(args.from), day(args.to));
    for role in &roles {
        recorded.extend(writer.record_value(&assignment(role, &public, &from, &to, &by))?);
    }
    writer.publish()?;
    let id = public.key_id();
    let words: Vec<&str> = args.roles.iter().map(String::as_str).collect();
    let text = match words[..] {
        [] => format!("{id} is enrolled and holds no role yet."),
        _ => format!("{id} is enrolled as {}.", words.join(", ")),
    };
    out.result(command, &text, || acts_json(id, &recorded));
    Ok(())
}

pub(crate) fn rotate(args: &KeyRotate, at: &Common, out: Output) -> Done {
    let writer = Writer::open(at, out)?;
    let old = key_id(&writer.keyring, &args.name)?;
    let new = writer.keyring.find(&args.new)?.public;
    let proof = possession(&writer, &new)?;
    let act = json!({
        "kind": "KeyRotated",
        "stream": key_stream(old),
        "signed_by": signers(&args.by, at)?,
        "body": { "new_public_key": hex::encode(new.blob()), "proof_of_possession": hex::encode(proof) },
    });
    let recorded = writer.record_value(&act)?;
    writer.publish()?;
    let text = format!("{} takes over from {old}, which may not sign any more.", new.key_id());
    out.result("key rotate", &text, || acts_json(new.key_id(), &recorded));
    Ok(())
}

pub(crate) fn suspend(args: &KeyReason, reinstated: bool, at: &Common, out: Output) -> Done {
    let body = json!({ "reinstated": reinstated, "reason": args.reason });
    let (id, recorded) = key_act("KeySuspended", args, body, at, out)?;
    let (name, verb) = if reinstated {
        ("key reinstate", "may sign again")
    } else {
        ("key suspend", "may not sign until it is reinstated")
    };
    out.result(name, &format!("{id} {verb}."), || acts_json(id, &recorded));
    Ok(())
}

pub(crate) fn revoke(args: &KeyRevoke, at: &Common, out: Output) -> Done {
    let body = json!({
        "reason": args.key.reason,
        "compromised": args.compromised_since.is_some(),
        "compromised_since_index": args.compromised_since.unwrap_or(0),
    });
    let (id, recorded) = key_act("KeyRevoked", &args.key, body, at, out)?;
    let since = args.compromised_since.map_or_else(
        || "What it signed before stands.".to_owned(),
        |index| {
            format!(
                "What it signed before #{index} stands; what it signed from there on is marked as suspect."
            )
        },
    );
    out.result("key revoke", &format!("{id} may never sign again. {since}"), || acts_json(id, &recorded));
    Ok(())
}

/// Records one act on one key.
fn key_act(
    kind: &str,
    args: &KeyReason,
    body: Value,
    at: &Common,
    out: Output,
) -> Done<(KeyId, Vec<Durable>)> {
    let writer = Writer::open(at, out)?;
    let id = key_id(&writer.keyring, &args.name)?;
    let act =
        json!({ "kind": kind, "stream": key_stream(id), "signed_by": signers(&args.by, at)?, "body": body });
    let recorded = writer.record_value(&act)?;
    writer.publish()?;
    Ok((id, recorded))
}

/// A role as a person says it: "acting LPB of cambridgeshire-lpb".
pub(crate) struct Role {
    pub(crate) role: String,
    pub(crate) body: String,
    pub(crate) acting: bool,
    /// How records of powers name the holder: 32 hexadecimal digits, or nothing.
    pub(crate) pseudonym: String,
}

impl Role {
    pub(crate) fn parse(text: &str, pseudonym: &str) -> Done<Self> {
        let wrong = || {
            Stop::Usage(format!(
                "a role reads \"[acting] ROLE of BODY\", for example \"CC of cambridgeshire\"; got {text:?}"
            ))
        };
        let signer: DraftSigner = format!("key as {text}").parse().map_err(|_| wrong())?;
        if !signer.on_behalf_of.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            role: signer.role,
            body: signer.body,
            acting: signer.acting,
            pseudonym: pseudonym.to_owned(),
        })
    }
}

/// The statement that enrols a key.
pub(crate) fn enrolment(key: &PublicKey, proof: &[u8], holder: Option<&str>, by: &[String]) -> Value {
    let mut body =
        json!({ "public_key": hex::encode(key.blob()), "proof_of_possession": hex::encode(proof) });
    if let Some(holder) = holder {
        body["holder"] = json!(holder);
    }
    json!({ "kind": "KeyEnrolled", "stream": key_stream(key.key_id()), "signed_by": by, "body": body })
}

/// The statement that gives a key a role. The assignment's stream is named by key, role and body, so that
/// the same role is not given twice.
pub(crate) fn assignment(role: &Role, key: &PublicKey, from: &str, to: &str, by: &[String]) -> Value {
    let name: String = role.role.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let short = &key.key_id().to_hex()[..16];
    json!({
        "kind": "RoleAssigned",
        "stream": format!("role/{short}.{name}.{}", role.body),
        "signed_by": by,
        "body": {
            "key": key.key_id().to_string(), "role": role.role, "body": role.body, "acting": role.acting,
            "valid_from": from, "valid_to": to, "pseudonym": role.pseudonym,
        },
    })
}

/// A proof that the private half is at hand.
pub(crate) fn possession(writer: &Writer, key: &PublicKey) -> Done<Vec<u8>> {
    let text = enrolment_text(&writer.origin, key.key_id());
    writer.keyring.sign(key, ENROLMENT, text.as_bytes())
}

/// The key that was named, or the public half of one that is kept elsewhere.
fn key_to_enrol(args: &KeyEnrol, writer: &Writer) -> Done<PublicKey> {
    let Some(path) = &args.public_key else { return Ok(writer.keyring.find(&args.name)?.public) };
    let text = std::fs::read_to_string(path).map_err(io(path))?;
    PublicKey::from_openssh_line(text.trim_end()).map_err(|e| Stop::Usage(format!("{}: {e}", path.display())))
}

fn is_enrolled(key: &PublicKey, writer: &Writer) -> bool {
    key_stream(key.key_id()).parse().is_ok_and(|stream| writer.version(&stream) > 0)
}

/// The proof of possession that was brought, or one made with the private half that is at hand.
fn proof_for(args: &KeyEnrol, key: &PublicKey, writer: &Writer) -> Done<Vec<u8>> {
    let Some(path) = &args.proof else { return possession(writer, key) };
    let armor = std::fs::read_to_string(path).map_err(io(path))?;
    let proof = Signature::from_armor(&armor).map_err(|e| Stop::Usage(format!("{}: {e}", path.display())))?;
    check_proof(path, &proof, key, writer)?;
    writer.keyring.adopt(&args.name, key)?;
    Ok(proof.blob().to_vec())
}

/// Says what should have been signed, before the recorder refuses it.
fn check_proof(path: &Path, proof: &Signature, key: &PublicKey, writer: &Writer) -> Done {
    let text = enrolment_text(&writer.origin, key.key_id());
    proof.verify_with(key, ENROLMENT, text.as_bytes()).map(drop).map_err(|e| {
        let lines: Vec<&str> = text.lines().collect();
        Stop::Refused(format!(
            "{}: {e}\nThe proof must sign these two lines, each with its newline:\n  {}\nfor example\n  \
             printf '%s\\n' {} | ssh-keygen -Y sign -n {ENROLMENT} -f KEY > FILE",
            path.display(),
            lines.join("\n  "),
            lines.join(" "),
        ))
    })
}

/// Who signs: as the command line says, or the two root keys for the body that founded the ledger.
pub(super) fn signers(by: &By, at: &Common) -> Done<Vec<String>> {
    if !by.by.is_empty() {
        return Ok(by.by.clone());
    }
    let body = Book::open(&at.ledger)?.founding_body()?;
    Ok(ROOTS.iter().map(|root| format!("{root} as ROOT of {body}")).collect())
}

/// A day as statements write it; empty for none.
fn day(date: Option<Date>) -> String {
    date.map(|d| d.to_string()).unwrap_or_default()
}

pub(super) fn key_id(keyring: &Keyring, name: &str) -> Done<KeyId> {
    name.parse().or_else(|_| Ok(keyring.find(name)?.public.key_id()))
}

fn key_stream(id: KeyId) -> String {
    format!("key/{}", id.to_hex())
}

fn acts_json(key: KeyId, recorded: &[Durable]) -> Value {
    let entries: Vec<u64> = recorded
        .iter()
        .map(|d| {
            let EntryIndex(i) = d.index;
            i
        })
        .collect();
    json!({ "key": key.to_string(), "entries": entries })
}
