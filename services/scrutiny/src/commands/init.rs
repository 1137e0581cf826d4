//! `scrutiny init`: found a ledger.

use ledger_core::ids::Origin;
use ledger_core::sshsig::PublicKey;
use ledger_draft::DraftSigner;
use prost::Message as _;
use scrutiny_proto::vocabulary::{Format, Vocabulary};
use serde_json::{Value, json};

use crate::cli::{Common, Init};
use crate::exit::{Done, Stop};
use crate::keyring::Keyring;
use crate::output::Output;
use crate::writing::Writer;

/// Names of the two root keys that `init` makes.
pub(crate) const ROOTS: [&str; 2] = ["root-1", "root-2"];

pub(crate) fn run(args: &Init, at: &Common, out: Output) -> Done {
    let origin: Origin = args.origin.parse().map_err(|e| Stop::Usage(format!("--origin: {e}")))?;
    let roots = ROOTS.map(|name| format!("{name} as ROOT of {}", args.body));
    let vkeys = found(&origin, &roots, at, out)?;
    let (ledger, keys) = (at.ledger.display(), at.keys.display());
    let text = format!(
        "Founded {origin} in {ledger}.\n\n\
         Log keys, for whoever will verify it (`scrutiny policy` prints them again):\n  {}\n  {}…\n\n\
         In {keys}: log.key signs checkpoints; root-1 and root-2 together enrol keys and give roles.\n\
         Give the two root keys to two people, and keep them off this machine.",
        vkeys[0],
        vkeys[1].get(..64).unwrap_or_default(),
    );
    out.result(
        "init",
        &text,
        || json!({ "origin": origin.as_str(), "vkeys": vkeys, "ledger": at.ledger, "keys": at.keys }),
    );
    out.say(&format!(
        "\nNext: scrutiny key new governance-officer\n      scrutiny key enrol governance-officer --as \"G&I of {}\"",
        args.body
    ));
    Ok(())
}

/// Makes the log's keys and the roots', and records entry 0. Each root is said as a signer:
/// "root-1 as ROOT of cambridgeshire". Returns the log's vkeys.
pub(crate) fn found(origin: &Origin, roots: &[String], at: &Common, out: Output) -> Done<Vec<String>> {
    if at.ledger.join("segments").exists() {
        return Err(Stop::Conflict(format!("{}: there is a ledger here already", at.ledger.display())));
    }
    let signers: Vec<DraftSigner> = roots.iter().map(|root| signer(root)).collect::<Done<_>>()?;
    let body = signers.first().map(|s| s.body.clone()).unwrap_or_default();
    // Looked at before anything is made: what was half founded could not be founded again.
    if !Format::Body.accepts(&body) {
        let sentence = format!(
            "--body: {body:?} is no body identifier, which reads \"cambridgeshire\" or \"cambs.bcb\""
        );
        return Err(Stop::Usage(sentence));
    }
    let keyring = Keyring::new(&at.keys);
    let keys: Vec<PublicKey> =
        signers.iter().map(|s| Ok(keyring.create(&s.key)?.public)).collect::<Done<_>>()?;
    let vkeys = keyring.create_log_keys(origin)?.verifier().vkeys();
    let writer = Writer::start(&at.ledger, keyring, out)?;
    writer.record_value(&json!({
        "kind": "LedgerFounded",
        "stream": "charter/ledger",
        "signed_by": roots,
        "body": {
            "origin": origin.as_str(),
            "root_keys": keys.iter().map(|key| hex::encode(key.blob())).collect::<Vec<_>>(),
            "charter": charter_json(),
            "log_vkeys": vkeys,
            "body": body,
        },
    }))?;
    writer.publish()?;
    Ok(vkeys)
}

fn signer(text: &str) -> Done<DraftSigner> {
    text.parse().map_err(|e| Stop::Usage(format!("{text:?}: {e}")))
}

/// The first charter, as an author would write it.
fn charter_json() -> Value {
    let charter = Vocabulary::get().first_charter();
    let adopted = Vocabulary::get().kind("CharterAdopted").expect("the vocabulary has a charter");
    let body = scrutiny_proto::registry::v1::CharterAdopted { charter: Some(charter), reason: String::new() };
    let json = adopted.body_to_json(&body.encode_to_vec()).expect("the vocabulary reads its own charter");
    json["charter"].clone()
}
