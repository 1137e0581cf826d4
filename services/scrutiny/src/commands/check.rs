//! `scrutiny check`: a proof, offline, against trusted keys and nothing else.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::limits::MAX_ENTRY_BYTES;
use ledger_core::policy::Witnessed;
use ledger_core::sshsig::Signature;
use ledger_core::statement::NAMESPACE;
use ledger_core::tlog_proof::TlogProof;
use ledger_draft::{describe, render};
use serde_json::json;

use super::prove::entry_beside;
use crate::cli::Check;
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::trust;

pub(crate) fn run(args: &Check, out: Output) -> Done {
    let Some(policy) = trust::policy(&args.trust)? else {
        let sentence =
            "whose signatures count? Give --policy FILE or --vkey VKEY, got from somewhere you trust";
        return Err(Stop::CannotDecide(sentence.to_owned()));
    };
    let file = std::fs::read(&args.file).map_err(io(&args.file))?;
    let failed =
        |e: &dyn std::fmt::Display| Stop::VerificationFailed(format!("{}: {e}", args.file.display()));
    let proof = TlogProof::parse(&file).map_err(|e| failed(&e))?;
    let bytes = match &proof.extra {
        Some(entry) => Bytes::from(entry.clone()),
        None => entry_from_beside(&args.file)?,
    };
    let witnessed = policy.verify_strictly(&proof, &bytes).map_err(|e| trust::quorum(&args.file, &e))?;
    let entry = Entry::parse(&bytes).map_err(|e| failed(&e))?;
    if entry.index != proof.index {
        return Err(failed(&format!("the entry says it is #{}, the proof #{}", entry.index, proof.index)));
    }
    for blob in &entry.signatures {
        let signature = Signature::parse(blob).map_err(|e| failed(&e))?;
        signature.verify(NAMESPACE, &entry.statement_bytes).map_err(|e| failed(&e))?;
    }
    out.result("check", &words(&entry, &witnessed), || {
        json!({
            "index": entry.index.0,
            "origin": witnessed.checkpoint.origin.as_str(),
            "tree_size": witnessed.checkpoint.size.0,
            "root": witnessed.checkpoint.root.to_string(),
            "cosignatures": witnessed.cosigned.len(),
            "statement": describe(&entry.statement),
        })
    });
    Ok(())
}

/// The entry of a proof that does not carry it.
fn entry_from_beside(proof: &Path) -> Done<Bytes> {
    let path = entry_beside(proof);
    let file = File::open(&path).map_err(|e| {
        let sentence =
            format!("{}: the proof does not carry its entry, and {}", proof.display(), path.display());
        Stop::CannotDecide(format!("{sentence} cannot be read: {e}"))
    })?;
    let mut bytes = Vec::new();
    file.take(MAX_ENTRY_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(io(&path))?;
    Ok(bytes.into())
}

/// What was checked, by which keys, and what that does not show.
fn words(entry: &Entry, witnessed: &Witnessed) -> String {
    let checkpoint = &witnessed.checkpoint;
    let mut text = format!(
        "This statement is entry #{} of {}, and has not been changed since the log signed a tree of {} entries.\n\n",
        entry.index, checkpoint.origin, checkpoint.size
    );
    for line in render(&entry.statement).lines() {
        let _ = writeln!(text, "  {line}");
    }
    let signatures = count(entry.signatures.len() as u64, "signature", "signatures");
    let witnesses = match witnessed.cosigned.len() {
        0 => "No independent witness has confirmed this tree: others could be shown another.".to_owned(),
        n => format!(
            "{} confirmed this tree.",
            count(n as u64, "independent witness", "independent witnesses")
        ),
    };
    let _ = write!(
        text,
        "\nChecked: the entry's place under root {}; the log's signature on it; {signatures} by the keys named above.\n\
         {witnesses}\n\
         Not checked: whether those keys held these roles (that takes the whole ledger: `scrutiny verify`).\n\
         This does not show that the decision was right, or that nothing was left out.",
        checkpoint.root
    );
    text
}
