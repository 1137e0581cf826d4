//! `scrutiny allowed-signers`: the registry, for whoever has OpenSSH and nothing of ours.

use std::fmt::Write as _;

use ledger_core::allowed_signers::Grant;
use ledger_core::sshsig::PublicKey;
use ledger_core::statement::NAMESPACE;
use ledger_rules::State;
use serde_json::json;

use super::key_list::{held, standing};
use crate::cli::{AllowedSigners, Common};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::reading::{Book, principal};

pub(crate) fn run(args: &AllowedSigners, at: &Common, out: Output) -> Done {
    let state = Book::open(&at.ledger)?.state(out)?;
    let text = text(&state)?;
    let Some(path) = &args.out else {
        out.result("allowed-signers", &text, || json!({ "allowed_signers": text }));
        return Ok(());
    };
    std::fs::write(path, &text).map_err(io(path))?;
    let keys = state.keys().count() as u64;
    let words = format!("{} in {}", count(keys, "key", "keys"), path.display());
    out.result("allowed-signers", &words, || json!({ "file": path, "keys": keys }));
    Ok(())
}

/// One line for each key that was ever enrolled, revoked ones included: `ssh-keygen` checks that a
/// signature is theirs. Whether the key held the role at that position is for the audit.
pub(crate) fn text(state: &State) -> Done<String> {
    let mut text = String::from(
        "# Keys of this ledger's registry. The name of a key is its SHA-256 in hexadecimal.\n\
         # A line here says whose signature it is, not what the key was allowed to sign.\n",
    );
    for (id, key) in state.keys() {
        let roles: Vec<String> = state.roles(id).iter().map(held).collect();
        let _ = writeln!(text, "# {}: {}", standing(key), roles.join("; "));
        let principal = principal(id);
        let public = PublicKey::from_blob(&key.public_key)
            .map_err(|e| Stop::VerificationFailed(format!("{id}: {e}")))?;
        let grant = Grant {
            principal: &principal,
            namespace: NAMESPACE,
            valid_after: None,
            valid_before: None,
            key: &public,
        };
        let line = grant.to_line().map_err(|e| Stop::VerificationFailed(e.to_string()))?;
        let _ = writeln!(text, "{line}");
    }
    Ok(text)
}
