//! Imported files as the ledger has them: listed, and written again.

use std::collections::HashMap;
use std::io::Write as _;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use prost::Message as _;
use scrutiny_proto::review::v1::{SourceFileImported, StopSearchRecorded, TableRowImported};
use serde_json::{Value, json};

use crate::cli::{Common, ExportSource, Sources};
use crate::exit::{Done, Stop};
use crate::output::{Output, count, indent, table};
use crate::reading::{Book, Line};

/// A file and which of its rows are there.
pub(crate) struct Stored {
    pub(crate) stream: String,
    pub(crate) entry: EntryIndex,
    pub(crate) about: SourceFileImported,
    pub(crate) rows_there: u64,
}

pub(crate) fn sources(args: &Sources, at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let size = args.at.map_or(book.size(), TreeSize);
    let found = all(&book, size, out)?;
    if found.is_empty() {
        out.result("import sources", "No file was imported yet.", || Value::Array(Vec::new()));
        out.say("Next: scrutiny import stop-search FILE...");
        return Ok(());
    }
    let replaced_by =
        |s: &Stored| found.iter().find(|by| by.about.replaces == s.stream).map(|by| by.stream.as_str());
    let row = |s: &Stored| {
        let there =
            if s.rows_there == u64::from(s.about.rows) { String::new() } else { s.rows_there.to_string() };
        [
            s.stream.clone(),
            s.about.file_name.clone(),
            s.about.force.clone(),
            s.about.period_words.clone(),
            s.about.rows.to_string(),
            there,
            replaced_by(s).unwrap_or_default().to_owned(),
        ]
    };
    let head = ["source", "file", "force", "period", "rows", "only there", "replaced by"];
    let text = indent(&table(head, found.iter().map(row)));
    let json = |s: &Stored| {
        json!({
            "source": s.stream, "file": s.about.file_name, "sha256": s.about.sha256, "force": s.about.force,
            "period": s.about.period_words, "publisher": s.about.publisher, "licence": s.about.licence,
            "url": s.about.url, "rows": s.about.rows, "rows_there": s.rows_there, "entry": s.entry.0,
            "replaced_by": replaced_by(s),
        })
    };
    out.result("import sources", &text, || found.iter().map(json).collect());
    out.say(&format!("Next: scrutiny import export-source {} --out FILE", found[0].stream));
    Ok(())
}

/// Every imported file among the first entries, in the order of the log.
fn all(book: &Book, size: TreeSize, out: Output) -> Done<Vec<Stored>> {
    let mut found: Vec<Stored> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let bar = out.progress(size.0, "reading");
    book.first(size, |line| {
        bar.inc(1);
        if let Some(about) = file_of(&line)? {
            let stream = line.entry.statement.stream.to_string();
            places.insert(stream.trim_start_matches("source/").to_owned(), found.len());
            found.push(Stored { stream, entry: line.entry.index, about, rows_there: 0 });
        } else if let Some((source, _, _)) = row_of(&line)?
            && let Some(at) = places.get(&source)
        {
            found[*at].rows_there += 1;
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok(found)
}

pub(crate) fn export_source(args: &ExportSource, at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let found = all(&book, book.size(), out)?;
    let stored = pick(&args.source, &found)?;
    let rows = stored.about.rows;
    if stored.rows_there < u64::from(rows) {
        return Err(Stop::CannotDecide(format!(
            "{}: {} of {} are recorded; import {} again to add the others",
            stored.stream,
            stored.rows_there,
            count(rows.into(), "row", "rows"),
            stored.about.file_name
        )));
    }
    let bytes = put_together(&book, stored)?;
    let digest = Hash::of(&bytes).to_hex();
    if digest != stored.about.sha256 {
        return Err(Stop::VerificationFailed(format!(
            "{}: what the ledger holds has digest {digest}, and the file had {}",
            stored.stream, stored.about.sha256
        )));
    }
    match &args.out {
        Some(path) => {
            crate::keyring::write_new(path, &bytes, 0o644)?;
            let text = format!("{}: {} bytes, SHA-256 {digest}, as imported.", path.display(), bytes.len());
            out.result(
                "import export-source",
                &text,
                || json!({ "file": path, "bytes": bytes.len(), "sha256": digest }),
            );
        }
        // A closed pipe (`| head`) is how a reader says "enough".
        None => drop(std::io::stdout().write_all(&bytes)),
    }
    Ok(())
}

fn pick<'a>(named: &str, found: &'a [Stored]) -> Done<&'a Stored> {
    let fits = |s: &&Stored| s.stream == named || s.about.file_name == named || s.about.sha256 == named;
    let mut fitting = found.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Stop::Usage(format!(
            "several files are called {named}; say which by its stream, \"source/…\""
        ))),
        (None, _) => {
            Err(Stop::NotFound(format!("{named}: no such file was imported; see `scrutiny import sources`")))
        }
    }
}

/// Head, rows in their order, tail.
fn put_together(book: &Book, stored: &Stored) -> Done<Vec<u8>> {
    let source = stored.stream.trim_start_matches("source/");
    let mut rows: Vec<Option<Bytes>> = vec![None; stored.about.rows as usize];
    book.each(|line| {
        if line.entry.index < stored.entry {
            return Ok(());
        }
        if let Some((from, number, bytes)) = row_of(&line)? {
            let place = usize::try_from(number).ok().and_then(|n| rows.get_mut(n.checked_sub(1)?));
            if let Some(place) = place.filter(|_| from == source) {
                *place = Some(bytes);
            }
        }
        Ok(())
    })?;
    let mut file = stored.about.head.to_vec();
    for (row, number) in rows.into_iter().zip(1..) {
        let missing = || Stop::CannotDecide(format!("{}: row {number} is not there", stored.stream));
        file.extend_from_slice(&row.ok_or_else(missing)?);
    }
    file.extend_from_slice(&stored.about.tail);
    Ok(file)
}

fn file_of(line: &Line) -> Done<Option<SourceFileImported>> {
    let statement = &line.entry.statement;
    if statement.kind != "scrutiny.review.v1.SourceFileImported" {
        return Ok(None);
    }
    SourceFileImported::decode(statement.body.clone()).map(Some).map_err(|e| unreadable(line, &e))
}

/// The file that a row is of, its number, and its bytes.
fn row_of(line: &Line) -> Done<Option<(String, u64, Bytes)>> {
    let statement = &line.entry.statement;
    let bytes = match statement.kind.as_str() {
        "scrutiny.review.v1.StopSearchRecorded" => {
            StopSearchRecorded::decode(statement.body.clone()).map(|body| body.source_line)
        }
        "scrutiny.review.v1.TableRowImported" => {
            TableRowImported::decode(statement.body.clone()).map(|body| body.source_line)
        }
        _ => return Ok(None),
    };
    let bytes = bytes.map_err(|e| unreadable(line, &e))?;
    let name = statement.stream.as_str().rsplit('/').next().unwrap_or_default();
    let row =
        name.split_once('-').and_then(|(source, number)| Some((source.to_owned(), number.parse().ok()?)));
    Ok(row.filter(|_| !bytes.is_empty()).map(|(source, number)| (source, number, bytes)))
}

fn unreadable(line: &Line, error: &prost::DecodeError) -> Stop {
    Stop::VerificationFailed(format!("entry #{}: its body does not read: {error}", line.entry.index))
}
