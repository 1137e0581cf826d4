//! `scrutiny explain`: the entries behind what a view says, or behind a cell of a file that was sent.

mod figure;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use ledger_core::ids::EntryIndex;
use projector::explain::{Ground, explain};
use serde_json::{Value, json};

use crate::cli::{Common, Explain};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::viewing;
use figure::Explained;

/// Entries that a terminal shows of one list; `--json` has all.
const SHOWN: usize = 40;

pub(crate) fn run(args: &Explain, at: &Common, out: Output) -> Done {
    let Explained { grounds, standing, about } = explained(args, at, out)?;
    let book = Book::open(&at.ledger)?;
    let mut text = String::new();
    let mut data = Vec::new();
    for ground in &grounds {
        let _ = writeln!(text, "{}\n  {} ({})", ground.name, ground.says, ground.projection);
        let entries = entries(&book, ground)?;
        for entry in entries.iter().take(SHOWN) {
            let word = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
            let (kind, stream, by) = (word("kind"), word("stream"), word("signed_by"));
            let _ = writeln!(text, "    #{:<5} {kind:<32} {stream}, by {by}", entry["index"]);
        }
        if entries.len() > SHOWN {
            let _ = writeln!(text, "    and {} more; --json lists all", entries.len() - SHOWN);
        }
        data.push(json!({
            "name": ground.name, "projection": ground.projection, "says": ground.says, "entries": entries,
        }));
    }
    let _ = write!(text, "\n{}", viewing::from(&standing));
    if let Some(dir) = &args.proofs {
        let _ = write!(text, "\n{}", proofs(&book, &grounds, dir)?);
    }
    out.result("explain", &text, || {
        let mut result = json!({ "tree_size": standing.tree_size.0, "root": standing.root.to_string() });
        about.into_iter().for_each(|(name, value)| result[name] = value);
        result["grounds"] = Value::Array(data);
        result
    });
    out.say("\n`scrutiny show INDEX` shows an entry, `scrutiny prove INDEX` proves that it is in the log.");
    Ok(())
}

fn explained(args: &Explain, at: &Common, out: Output) -> Done<Explained> {
    if let Some(cell) = &args.cell {
        return figure::cell(Path::new(&args.name), cell, at, out);
    }
    if args.name.starts_with("dataset/") {
        return figure::named(args, at, out);
    }
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let grounds = explain(&views, &args.name);
    if grounds.is_empty() {
        return Err(Stop::NotFound(format!(
            "no view says anything about {}; try a stream that one shows, or register/red",
            args.name
        )));
    }
    Ok(Explained { grounds, standing, about: Vec::new() })
}

/// Writes the proof of every entry, under its index.
fn proofs(book: &Book, grounds: &[Ground], dir: &Path) -> Done<String> {
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    let entries: BTreeSet<u64> = grounds.iter().flat_map(|g| g.entries.iter().copied()).collect();
    for index in &entries {
        super::prove::write(book, EntryIndex(*index), &dir.join(format!("{index}.tlog-proof")))?;
    }
    let written = count(entries.len() as u64, "proof", "proofs");
    Ok(format!("{written} in {}; `scrutiny check FILE --policy POLICY` checks one offline.", dir.display()))
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
