//! `scrutiny explain`: the entries behind what a view says.

use std::fmt::Write as _;

use ledger_core::ids::EntryIndex;
use projector::explain::{Ground, explain};
use serde_json::{Value, json};

use crate::cli::{Common, Explain};
use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::reading::Book;
use crate::viewing;

pub(crate) fn run(args: &Explain, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let grounds = explain(&views, &args.name);
    if grounds.is_empty() {
        return Err(Stop::NotFound(format!(
            "no view says anything about {}; try a stream that one shows, or register/red",
            args.name
        )));
    }
    let book = Book::open(&at.ledger)?;
    let mut text = String::new();
    let mut data = Vec::new();
    for ground in &grounds {
        let _ = writeln!(text, "{}\n  {} ({})", ground.name, ground.says, ground.projection);
        let entries = entries(&book, ground)?;
        for entry in &entries {
            let word = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
            let (kind, stream, by) = (word("kind"), word("stream"), word("signed_by"));
            let _ = writeln!(text, "    #{:<5} {kind:<32} {stream}, by {by}", entry["index"]);
        }
        data.push(json!({
            "name": ground.name, "projection": ground.projection, "says": ground.says, "entries": entries,
        }));
    }
    let _ = write!(text, "\n{}", viewing::from(&standing));
    out.result(
        "explain",
        &text,
        || json!({ "tree_size": standing.tree_size.0, "root": standing.root.to_string(), "grounds": data }),
    );
    out.say("\n`scrutiny show INDEX` shows an entry, `scrutiny prove INDEX` proves that it is in the log.");
    Ok(())
}

fn entries(book: &Book, ground: &Ground) -> Done<Vec<Value>> {
    let entry = |index: &u64| {
        let line = book.line(EntryIndex(*index))?;
        let line = line.ok_or_else(|| Stop::VerificationFailed(format!("entry #{index} is gone")))?;
        let statement = &line.entry.statement;
        Ok(json!({
            "index": index,
            "kind": statement.kind.rsplit('.').next(),
            "stream": statement.stream.as_str(),
            "signed_by": projector::signed_by(&statement.signers),
            "occurred": statement.occurred.value,
        }))
    };
    ground.entries.iter().map(entry).collect()
}
