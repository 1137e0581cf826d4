//! `scrutiny prove`: one entry's proof, in one file that stands alone.

use std::path::{Path, PathBuf};

use ledger_core::ids::EntryIndex;
use ledger_core::limits::MAX_PROOF_EXTRA_BYTES;
use serde_json::json;

use crate::cli::{Common, Prove};
use crate::exit::{Done, Stop, io};
use crate::output::Output;
use crate::reading::Book;

pub(crate) fn run(args: &Prove, at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let index = EntryIndex(args.index);
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{index}.tlog-proof")));
    let beside = write(&book, index, &path)?;
    let mut data = json!({ "index": args.index, "file": path });
    let text = match beside {
        None => format!("{}: entry #{index} with its proof and the checkpoint it leads to", path.display()),
        Some(beside) => {
            data["entry"] = json!(beside);
            format!(
                "{}: the proof of entry #{index} and the checkpoint it leads to\n\
                 {}: the entry, which is too long to travel in its proof; hand over both",
                path.display(),
                beside.display()
            )
        }
    };
    out.result("prove", &text, || data);
    out.say(&format!("Next: scrutiny policy > policy, hand over both by different ways, and\n      scrutiny check {} --policy policy", path.display()));
    Ok(())
}

/// Writes the proof of an entry; says where the entry lies where it is too long for its proof.
///
/// The entry itself travels in the proof's `extra` line. Nothing vouches for that line, and nothing needs
/// to: whoever checks the proof hashes the entry from it, and the path must lead to the signed root. An entry
/// too long for that line goes into a file beside the proof.
pub(crate) fn write(book: &Book, index: EntryIndex, path: &Path) -> Done<Option<PathBuf>> {
    let Some(line) = book.line(index)? else {
        return Err(Stop::NotFound(format!("there is no entry #{index}; the ledger holds {}", book.size())));
    };
    let Some(mut proof) = book.proof(index)? else {
        return Err(Stop::CannotDecide(format!("no checkpoint covers entry #{index} yet")));
    };
    let mut beside = None;
    if line.bytes.len() <= MAX_PROOF_EXTRA_BYTES {
        proof.extra = Some(line.bytes.to_vec());
    } else {
        let entry = entry_beside(path);
        std::fs::write(&entry, &line.bytes).map_err(io(&entry))?;
        beside = Some(entry);
    }
    std::fs::write(path, proof.to_bytes()).map_err(io(path))?;
    Ok(beside)
}

/// Where an entry lies that is too long for its proof: `3.tlog-proof.entry`.
pub(crate) fn entry_beside(proof: &Path) -> PathBuf {
    let mut name = proof.as_os_str().to_owned();
    name.push(".entry");
    name.into()
}
