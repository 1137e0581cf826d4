//! One file on its way into the ledger: its own statement first, then its rows, many at a time.
//!
//! What a crash means: before the file's statement is durable, nothing happened. After it, some of the rows are
//! there, and the next import of the same file adds the others: a row's stream and statement are functions of the
//! file's digest and the row's number, so none can be there twice.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use imports::Flag;
use imports::record::{Batch, Rows, Service, row_stream, source_stream};
use indicatif::ProgressBar;
use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, StreamId};
use ledger_rules::civil::Day;
use prost::Message as _;
use recorder::Answer;
use scrutiny_proto::ledger::v1::{Document, Occurred, Precision};
use scrutiny_proto::review::v1::SourceFileImported;

use crate::exit::{Done, Stop};
use crate::signing;
use crate::writing::{Writer, failure};

/// Rows whose streams are looked up at a time.
const ASK: usize = 4_096;

/// A file that was read to its end, ready to be recorded.
pub(crate) struct Ready<'a> {
    pub(crate) digest: Hash,
    pub(crate) about: SourceFileImported,
    pub(crate) kind: Rows,
    pub(crate) rows: Vec<&'a [u8]>,
    /// What the file was made from, where it was not published as it is.
    pub(crate) documents: Vec<Document>,
}

impl Ready<'_> {
    /// The stream of the file itself.
    pub(crate) fn stream(&self) -> StreamId {
        source_stream(&self.digest).parse().expect("a digest's digits make a stream")
    }
}

/// Says of the one file that is imported which earlier one it takes the place of.
pub(crate) fn replace(ready: &mut [Ready<'_>], named: Option<&str>, writer: &Writer) -> Done {
    let Some(named) = named else { return Ok(()) };
    let [ready] = ready else {
        let sentence =
            format!("--replaces names the file that one other takes the place of; got {}", ready.len());
        return Err(Stop::Usage(sentence));
    };
    let known = writer.sources()?;
    let fits = |(stream, about): &&(StreamId, SourceFileImported)| {
        stream.as_str() == named || about.sha256 == named || about.file_name == named
    };
    let found: Vec<_> = known.iter().filter(fits).collect();
    let [(stream, _)] = found[..] else {
        let which =
            if found.is_empty() { "no such file was imported" } else { "several files are called so" };
        return Err(Stop::NotFound(format!("--replaces {named}: {which}; see `scrutiny import sources`")));
    };
    ready.about.replaces = stream.to_string();
    Ok(())
}

/// What a person should know of a file before its rows are counted: it is here under another name, or another file
/// is about the same month, and what stands in both is counted twice.
pub(crate) fn note(ready: &Ready<'_>, known: &[(StreamId, SourceFileImported)]) -> Option<String> {
    let new = &ready.about;
    if let Some((stream, old)) = known.iter().find(|(_, old)| old.sha256 == new.sha256) {
        let said = |about: &SourceFileImported| {
            [
                &about.file_name,
                &about.force,
                &about.period_words,
                &about.publisher,
                &about.licence,
                &about.url,
            ]
            .map(String::clone)
        };
        let (now, then) = (said(new), said(old));
        let differs = now.iter().zip(&then).any(|(now, then)| !now.is_empty() && now != then);
        return differs.then(|| {
            format!(
                "{} is here already, as {} ({stream}); what is said of it now is not recorded",
                new.file_name, old.file_name
            )
        });
    }
    let same = |old: &SourceFileImported| {
        let said = !new.period_words.is_empty() && !new.force.is_empty();
        said && new.period_words == old.period_words && new.force == old.force
    };
    let is_replaced = |stream: &StreamId| known.iter().any(|(_, by)| by.replaces == stream.as_str());
    let others: Vec<String> = known
        .iter()
        .filter(|(_, old)| ready.kind == Rows::Searches && same(old))
        .filter(|(stream, _)| stream.as_str() != new.replaces && !is_replaced(stream))
        .map(|(stream, _)| stream.to_string())
        .collect();
    (!others.is_empty()).then(|| {
        format!(
            "{} is another file than {} of {} {}; a search that stands in both is counted twice",
            new.file_name,
            others.join(", "),
            new.force,
            new.period_words
        )
    })
}

/// What became of a file's rows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) added: u64,
    pub(crate) already: u64,
}

/// Records what is not there yet. What it says it came to is true whether or not it came to the end: how many rows,
/// and what no table knows, with the number of rows that say it.
pub(crate) fn record(
    ready: &Ready<'_>,
    service: &Service,
    writer: &Writer,
    bar: &ProgressBar,
) -> ((Counts, BTreeMap<Flag, u64>), Done) {
    let mut counts = Counts::default();
    let flagged: Mutex<BTreeMap<Flag, u64>> = Mutex::default();
    let outcome = begin(ready, service, writer).and_then(|(file, is_new)| {
        let there = if is_new { vec![false; ready.rows.len()] } else { rows_there(ready, writer)? };
        let today = Day::in_london(signing::now_ms());
        let batch = Batch::new(service, ready.kind, ready.digest, file, today);
        for (row, _) in ready.rows.iter().zip(&there).filter(|(_, there)| **there) {
            flag(&flagged, batch.flags(row));
            counts.already += 1;
            bar.inc(1);
        }
        let missing = (1..).zip(&ready.rows).zip(there).filter(|(_, there)| !there).map(|(row, _)| row);
        let make = |(number, row): (u64, &&[u8])| {
            let (made, flags) = batch.submission(number, row);
            flag(&flagged, flags);
            made
        };
        let mut stop = Ok(());
        writer.submit_many(missing, make, |answer| count(answer, &mut counts, &mut stop, bar));
        stop
    });
    ((counts, flagged.into_inner().unwrap_or_else(PoisonError::into_inner)), outcome)
}

fn flag(flagged: &Mutex<BTreeMap<Flag, u64>>, flags: Vec<Flag>) {
    if flags.is_empty() {
        return;
    }
    let mut flagged = flagged.lock().unwrap_or_else(PoisonError::into_inner);
    flags.into_iter().for_each(|words| *flagged.entry(words).or_default() += 1);
}

fn count(answer: Answer, counts: &mut Counts, stop: &mut Done, bar: &ProgressBar) -> ControlFlow<()> {
    match answer {
        Ok(durable) if durable.already => counts.already += 1,
        Ok(_) => counts.added += 1,
        Err(why) => {
            // The first that stopped is what there is to tell.
            if stop.is_ok() {
                *stop = Err(failure(why));
            }
            return ControlFlow::Break(());
        }
    }
    bar.inc(1);
    ControlFlow::Continue(())
}

/// The id of the file's own statement, and whether it was recorded just now.
fn begin(ready: &Ready<'_>, service: &Service, writer: &Writer) -> Done<(StatementId, bool)> {
    let stream = ready.stream();
    if let Some(first) = writer.entries_of(&stream, 1)?.first() {
        let recorded = SourceFileImported::decode(first.statement.body.clone())
            .map_err(|e| Stop::VerificationFailed(format!("{stream}: it names no file: {e}")))?;
        if recorded.sha256 != ready.digest.to_hex() {
            let sentence = format!(
                "{stream} is another file, {} with digest {}; the two agree in 16 digits and cannot be told apart",
                recorded.file_name, recorded.sha256
            );
            return Err(Stop::Conflict(sentence));
        }
        if recorded.force != ready.about.force {
            let named = |force: &str| if force.is_empty() { "no force".to_owned() } else { force.to_owned() };
            let (was, is) = (named(&recorded.force), named(&ready.about.force));
            let name = &recorded.file_name;
            let sentence = format!(
                "{name} is recorded with {was}, by entry #{}, and not with {is}; what is recorded stays",
                first.index
            );
            return Err(Stop::Conflict(sentence));
        }
        if !ready.about.replaces.is_empty() && recorded.replaces != ready.about.replaces {
            let sentence = format!(
                "{} is recorded by entry #{} without taking the place of {}; what is recorded stays",
                recorded.file_name, first.index, ready.about.replaces
            );
            return Err(Stop::Conflict(sentence));
        }
        return Ok((first.statement.id, false));
    }
    let id = signing::new_id()?;
    let occurred = Occurred { precision: Precision::Unknown.into(), ..Default::default() };
    let body = Bytes::from(ready.about.encode_to_vec());
    let kind = "scrutiny.review.v1.SourceFileImported";
    writer.submit(service.submission(
        id,
        kind,
        stream.to_string(),
        occurred,
        body,
        ready.documents.clone(),
    ))?;
    Ok((id, true))
}

fn rows_there(ready: &Ready<'_>, writer: &Writer) -> Done<Vec<bool>> {
    let mut there = Vec::with_capacity(ready.rows.len());
    let numbers: Vec<u64> = (1..=ready.rows.len() as u64).collect();
    for some in numbers.chunks(ASK) {
        let stream = |n: &u64| {
            let text = row_stream(ready.kind, &ready.digest, *n);
            text.parse().expect("a digest's digits and a number make a stream")
        };
        there.extend(writer.versions(some.iter().map(stream).collect())?.into_iter().map(|v| v > 0));
    }
    Ok(there)
}
