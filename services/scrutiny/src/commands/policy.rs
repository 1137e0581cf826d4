//! `scrutiny policy`: the keys by which this ledger is known.

use serde_json::json;

use crate::cli::Common;
use crate::exit::Done;
use crate::output::Output;
use crate::reading::Book;

/// Every set of keys that this log signed with, and no witness.
pub(crate) fn run(at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let (origin, vkeys, text) = (book.origin()?, book.vkeys()?, book.policy()?);
    out.result("policy", &text, || json!({ "origin": origin.as_str(), "vkeys": vkeys, "policy": text }));
    Ok(())
}
