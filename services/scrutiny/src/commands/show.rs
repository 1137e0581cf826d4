//! `scrutiny show`: a stream, an entry, a statement.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, StreamId};
use ledger_core::sshsig::Signature;
use ledger_core::statement::{NAMESPACE, Statement};
use ledger_draft::{describe, render};
use serde_json::{Value, json};

use crate::cli::{Common, Show};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::reading::{Book, Line};
use crate::withheld::withheld;

pub(crate) fn run(args: &Show, at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let lines = find(&book, &args.what)?;
    if let Some(dir) = &args.extract {
        return extract(&book, &lines, dir, out);
    }
    if let [line] = &lines[..] {
        out.result("show", &full(&book, line)?, || to_json(&book, line));
        return Ok(());
    }
    let mut text = format!("{}: {}\n", args.what, count(lines.len() as u64, "entry", "entries"));
    for line in &lines {
        let _ = write!(text, "\n{}", full(&book, line)?);
    }
    out.result("show", &text, || Value::Array(lines.iter().map(|line| to_json(&book, line)).collect()));
    Ok(())
}

/// What a person names: an index, an id, or a stream.
fn find(book: &Book, what: &str) -> Done<Vec<Line>> {
    let not_found = |sentence: String| Err(Stop::NotFound(sentence));
    if let Ok(index) = what.trim_start_matches('#').parse::<u64>() {
        return match book.line(EntryIndex(index))? {
            Some(line) => Ok(vec![line]),
            None => not_found(format!("there is no entry #{index}; the ledger holds {}", book.size())),
        };
    }
    let found = if let Ok(id) = what.parse::<StatementId>() {
        book.filter(|entry| entry.statement.id == id)?
    } else if let Ok(stream) = what.parse::<StreamId>() {
        book.filter(|entry| entry.statement.stream == stream)?
    } else {
        let sentence = format!("{what:?} is no index (12), statement id, or stream (finding/dupp-2021/7)");
        return Err(Stop::Usage(sentence));
    };
    if found.is_empty() { not_found(format!("nothing is recorded under {what}")) } else { Ok(found) }
}

fn full(book: &Book, line: &Line) -> Done<String> {
    let Entry { index, stream_version, recorded_at_ms, statement, .. } = &line.entry;
    let mut text = format!(
        "#{index}  version {stream_version} of {}  recorded {}\n",
        statement.stream,
        instant(*recorded_at_ms)
    );
    for part in render(statement).lines() {
        let _ = writeln!(text, "  {part}");
    }
    for (field, state) in sealed(book, statement)? {
        let _ = writeln!(text, "  {field} (sealed): {state}");
    }
    let _ = writeln!(text, "  leaf hash: {}", Hash::leaf(&line.bytes));
    Ok(text)
}

/// What became of each sealed field: its content where it is kept here, or that it is not.
fn sealed(book: &Book, statement: &Statement) -> Done<Vec<(String, String)>> {
    let withheld = if statement.sealed.is_empty() { HashMap::new() } else { withheld(book)? };
    let state = |digest: &Hash| {
        if let Some(why) = withheld.get(digest) {
            return Ok(why.clone());
        }
        Ok(match book.addendum(digest)? {
            Some(bytes) => String::from_utf8_lossy(bytes.get(32..).unwrap_or_default()).into_owned(),
            None => "not kept here".to_owned(),
        })
    };
    statement.sealed.iter().map(|c| Ok((c.field.clone(), state(&c.digest)?))).collect()
}

fn to_json(book: &Book, line: &Line) -> Value {
    let entry = &line.entry;
    let sealed = sealed(book, &entry.statement).unwrap_or_default();
    json!({
        "index": entry.index.0,
        "stream_version": entry.stream_version,
        "recorded_at_ms": entry.recorded_at_ms,
        "leaf_hash": Hash::leaf(&line.bytes).to_string(),
        "previous_leaf_hash": entry.previous.to_string(),
        "statement": describe(&entry.statement),
        "sealed": sealed.into_iter().map(|(field, state)| json!({ "field": field, "content": state })).collect::<Vec<_>>(),
    })
}

/// Writes each statement, its signatures and the registered keys as files, and the commands that check them.
fn extract(book: &Book, lines: &[Line], dir: &Path, out: Output) -> Done {
    fs::create_dir_all(dir).map_err(io(dir))?;
    let keys = dir.join("allowed_signers");
    fs::write(&keys, super::allowed_signers::text(&book.state(out)?)?).map_err(io(&keys))?;
    let mut text = String::new();
    let mut data = Vec::new();
    for line in lines {
        let base = dir.join(format!("{}.statement", line.entry.index));
        fs::write(&base, &line.entry.statement_bytes).map_err(io(&base))?;
        for (n, (blob, signer)) in line.entry.signatures.iter().zip(&line.entry.statement.signers).enumerate()
        {
            let path = dir.join(format!("{}.statement.{}.sig", line.entry.index, n + 1));
            let armor =
                Signature::parse(blob).map_err(|e| Stop::VerificationFailed(e.to_string()))?.to_armor();
            fs::write(&path, armor).map_err(io(&path))?;
            let principal = crate::reading::principal(&signer.key_id);
            let _ = writeln!(
                text,
                "ssh-keygen -Y verify -f {} -I {principal} -n {NAMESPACE} -s {} < {}",
                keys.display(),
                path.display(),
                base.display()
            );
            data.push(json!({ "statement": base, "signature": path, "principal": principal }));
        }
    }
    out.result("show", &text, || Value::Array(data));
    out.say("Each line checks one signature, with OpenSSH and nothing of ours.");
    Ok(())
}

fn instant(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| format!("{ms} ms"), |t| t.to_string())
}
