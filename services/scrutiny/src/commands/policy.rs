//! `scrutiny policy`: the keys by which this ledger is known.

use serde_json::json;

use crate::cli::Common;
use crate::exit::Done;
use crate::output::Output;
use crate::reading::Book;

/// A policy that trusts both of this log's keys and needs no witness.
pub(crate) fn run(at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let (origin, vkeys) = (book.origin()?, book.vkeys()?);
    let mut text = format!("# Who may sign checkpoints of {origin} (c2sp.org/tlog-policy)\n");
    for vkey in &vkeys {
        text.push_str(&format!("log {vkey}\n"));
    }
    text.push_str("quorum none\n");
    out.result("policy", &text, || json!({ "origin": origin.as_str(), "vkeys": vkeys, "policy": text }));
    Ok(())
}
