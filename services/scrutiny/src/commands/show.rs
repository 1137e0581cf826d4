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
    let places = find(&book, &args.what)?;
    if let Some(dir) = &args.extract {
        return extract(&book, &places, dir, out);
    }
    let mut sealed = Sealed { book: &book, withheld: None };
    if let [place] = places[..] {
        let line = at_place(&book, place)?;
        let content = sealed.of(&line.entry.statement)?;
        out.result("show", &full(&line, &content), || to_json(&line, &content));
        return Ok(());
    }
    out.begin_list("show");
    if !out.is_json() {
        let heading = format!("{}: {}", args.what, count(places.len() as u64, "entry", "entries"));
        out.item(|| heading, || Value::Null);
    }
    for place in places {
        let line = at_place(&book, place)?;
        let content = sealed.of(&line.entry.statement)?;
        out.item(|| format!("\n{}", full(&line, &content)), || to_json(&line, &content));
    }
    Ok(())
}

/// Where what a person names is: an index, an id, or a stream.
fn find(book: &Book, what: &str) -> Done<Vec<EntryIndex>> {
    let not_found = |sentence: String| Err(Stop::NotFound(sentence));
    if let Ok(index) = what.trim_start_matches('#').parse::<u64>() {
        if index < book.size().0 {
            return Ok(vec![EntryIndex(index)]);
        }
        return not_found(format!("there is no entry #{index}; the ledger holds {}", book.size()));
    }
    let found = if let Ok(id) = what.parse::<StatementId>() {
        book.places(|entry| entry.statement.id == id)?
    } else if let Ok(stream) = what.parse::<StreamId>() {
        book.places(|entry| entry.statement.stream == stream)?
    } else {
        let sentence = format!("{what:?} is no index (12), statement id, or stream (finding/dupp-2021/7)");
        return Err(Stop::Usage(sentence));
    };
    if found.is_empty() { not_found(format!("nothing is recorded under {what}")) } else { Ok(found) }
}

fn at_place(book: &Book, place: EntryIndex) -> Done<Line> {
    book.line(place)?.ok_or_else(|| Stop::NotFound(format!("entry #{place} is not there any more")))
}

fn full(line: &Line, sealed: &[(String, String)]) -> String {
    let Entry { index, stream_version, recorded_at_ms, statement, .. } = &line.entry;
    let mut text = format!(
        "#{index}  version {stream_version} of {}  recorded {}\n",
        statement.stream,
        instant(*recorded_at_ms)
    );
    for part in render(statement).lines() {
        let _ = writeln!(text, "  {part}");
    }
    for (field, state) in sealed {
        let _ = writeln!(text, "  {field} (sealed): {state}");
    }
    let _ = writeln!(text, "  leaf hash: {}", Hash::leaf(&line.bytes));
    text
}

/// What may be shown of sealed fields.
struct Sealed<'a> {
    book: &'a Book,
    /// Read when the first sealed field is met: it takes the whole ledger.
    withheld: Option<HashMap<Hash, String>>,
}

impl Sealed<'_> {
    /// What became of each sealed field: its content where it is kept here, or that it is not.
    fn of(&mut self, statement: &Statement) -> Done<Vec<(String, String)>> {
        statement.sealed.iter().map(|c| Ok((c.field.clone(), self.state(&c.digest)?))).collect()
    }

    fn state(&mut self, digest: &Hash) -> Done<String> {
        let withheld = match &mut self.withheld {
            Some(withheld) => withheld,
            none => none.insert(withheld(self.book)?),
        };
        if let Some(why) = withheld.get(digest) {
            return Ok(why.clone());
        }
        Ok(match self.book.addendum(digest)? {
            Some(bytes) => String::from_utf8_lossy(bytes.get(32..).unwrap_or_default()).into_owned(),
            None => "not kept here".to_owned(),
        })
    }
}

fn to_json(line: &Line, sealed: &[(String, String)]) -> Value {
    let entry = &line.entry;
    json!({
        "index": entry.index.0,
        "stream_version": entry.stream_version,
        "recorded_at_ms": entry.recorded_at_ms,
        "leaf_hash": Hash::leaf(&line.bytes).to_string(),
        "previous_leaf_hash": entry.previous.to_string(),
        "statement": describe(&entry.statement),
        "sealed": sealed.iter().map(|(field, state)| json!({ "field": field, "content": state })).collect::<Vec<_>>(),
    })
}

/// Writes each statement, its signatures and the registered keys as files, and the commands that check them.
fn extract(book: &Book, places: &[EntryIndex], dir: &Path, out: Output) -> Done {
    fs::create_dir_all(dir).map_err(io(dir))?;
    let keys = dir.join("allowed_signers");
    fs::write(&keys, super::allowed_signers::text(&book.state(out)?)?).map_err(io(&keys))?;
    out.begin_list("show");
    for &place in places {
        extract_entry(&at_place(book, place)?, &keys, dir, out)?;
    }
    out.say("Each line checks one signature, with OpenSSH and nothing of ours.");
    Ok(())
}

fn extract_entry(line: &Line, keys: &Path, dir: &Path, out: Output) -> Done {
    let index = line.entry.index;
    let base = dir.join(format!("{index}.statement"));
    fs::write(&base, &line.entry.statement_bytes).map_err(io(&base))?;
    for (n, (blob, signer)) in line.entry.signatures.iter().zip(&line.entry.statement.signers).enumerate() {
        let path = dir.join(format!("{index}.statement.{}.sig", n + 1));
        let armor = Signature::parse(blob).map_err(|e| Stop::VerificationFailed(e.to_string()))?.to_armor();
        fs::write(&path, armor).map_err(io(&path))?;
        let principal = crate::reading::principal(&signer.key_id);
        let command = format!(
            "ssh-keygen -Y verify -f {} -I {principal} -n {NAMESPACE} -s {} < {}",
            keys.display(),
            path.display(),
            base.display()
        );
        out.item(|| command, || json!({ "statement": base, "signature": path, "principal": principal }));
    }
    Ok(())
}

fn instant(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| format!("{ms} ms"), |t| t.to_string())
}
