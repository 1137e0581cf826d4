//! `scrutiny prove`: one entry's proof, in one file that stands alone.

use std::path::PathBuf;

use ledger_core::ids::EntryIndex;
use serde_json::json;

use crate::cli::{Common, Prove};
use crate::exit::{Done, Stop, io};
use crate::output::Output;
use crate::reading::Book;

/// The entry itself travels in the proof's `extra` line. Nothing vouches for that line, and nothing needs
/// to: whoever checks the proof hashes the entry from it, and the path must lead to the signed root.
pub(crate) fn run(args: &Prove, at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let index = EntryIndex(args.index);
    let Some(line) = book.line(index)? else {
        return Err(Stop::NotFound(format!("there is no entry #{index}; the ledger holds {}", book.size())));
    };
    let Some(mut proof) = book.proof(index)? else {
        return Err(Stop::CannotDecide(format!("no checkpoint covers entry #{index} yet")));
    };
    proof.extra = Some(line.bytes.to_vec());
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{index}.tlog-proof")));
    std::fs::write(&path, proof.to_bytes()).map_err(io(&path))?;
    let text = format!("{}: entry #{index} with its proof and the checkpoint it leads to", path.display());
    out.result("prove", &text, || json!({ "index": args.index, "file": path }));
    out.say(&format!("Next: scrutiny policy > policy, hand over both by different ways, and\n      scrutiny check {} --policy policy", path.display()));
    Ok(())
}
