//! `scrutiny record`: sign and record.

use std::collections::HashMap;
use std::path::Path;

use ledger_core::entry::Entry;
use ledger_core::ids::StreamId;
use ledger_draft::{Draft, describe, render};
use recorder::Durable;
use serde_json::{Value, json};

use super::send::Sender;
use crate::cli::{Common, Record, Sending};
use crate::exit::{Done, Stop};
use crate::keyring::Keyring;
use crate::outbox::memory::Memory;
use crate::output::{Output, count};
use crate::reading::Book;
use crate::writing::{Writer, folder_of};
use crate::{reach, signing};

/// Statements on their way, whichever command they come from.
pub(crate) struct Way<'a> {
    /// The command, as its result is called.
    pub(crate) command: &'static str,
    /// Where the statements stand, for errors and for documents beside it.
    pub(crate) file: &'a Path,
    pub(crate) dry_run: bool,
    pub(crate) resume: bool,
    pub(crate) sending: &'a Sending,
}

pub(crate) fn run(args: &Record, at: &Common, out: Output) -> Done {
    if args.file.extension().is_some_and(|e| e == "statement") {
        return signed_elsewhere(args, at, out);
    }
    let drafts = signing::read_drafts(&args.file)?;
    let (dry_run, resume, sending) = (args.dry_run, args.resume, &args.sending);
    all(&drafts, &Way { command: "record", file: &args.file, dry_run, resume, sending }, at, out)
}

/// Shows, records or hands in drafts, as the flags say.
pub(crate) fn all(drafts: &[Draft], way: &Way<'_>, at: &Common, out: Output) -> Done {
    match way.sending.to.as_deref() {
        _ if way.dry_run => show(drafts, way, at, out),
        Some(to) => hand_in(drafts, to, way, at, out),
        None => record_here(drafts, way, at, out),
    }
}

/// How far streams have come: as a ledger at hand has it, or as was last seen from here.
pub(crate) enum Versions {
    Held(HashMap<StreamId, u64>),
    Seen(Memory),
}

/// Exactly what would be signed.
fn show(drafts: &[Draft], way: &Way<'_>, at: &Common, out: Output) -> Done {
    let folder = folder_of(way.file);
    let (origin, versions) = match way.sending.to.as_deref() {
        Some(to) => super::send::known_here(to, way.sending, at)?,
        None => {
            let book = Book::open(&at.ledger)?;
            (book.origin()?, Versions::Held(book.stream_versions()?))
        }
    };
    let keyring = Keyring::new(&at.keys);
    let version = |stream: &StreamId| match &versions {
        Versions::Held(versions) => versions.get(stream).copied().unwrap_or(0),
        Versions::Seen(memory) => memory.seen(stream.as_str()),
    };
    let mut text = String::new();
    let mut data = Vec::new();
    for draft in drafts {
        let prepared = signing::prepare(draft, &origin, &keyring, &folder, &version)?;
        text.push_str(&render(&prepared.parsed));
        text.push('\n');
        data.push(describe(&prepared.parsed));
    }
    out.result(way.command, &text, || json!({ "would_sign": data }));
    out.say("Nothing was signed, and nothing recorded.");
    Ok(())
}

fn record_here(drafts: &[Draft], way: &Way<'_>, at: &Common, out: Output) -> Done {
    let folder = folder_of(way.file);
    let writer = Writer::open(at, out)?;
    let mut done = Vec::new();
    let mut stop = None;
    let mut passed_over = 0;
    let progress = out.progress(drafts.len() as u64, "recording");
    for draft in drafts {
        match next(&writer, draft, &folder, way.resume) {
            Ok(None) => passed_over += 1,
            Ok(Some(durable)) => {
                done.push((draft.kind.short_name.clone(), draft.stream.to_string(), durable))
            }
            Err(why) => {
                stop = Some(at_draft(why, way.file, draft));
                break;
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    writer.publish()?;
    if passed_over > 0 {
        out.say(&format!(
            "{} recorded before, and passed over.",
            count(passed_over, "statement was", "statements were")
        ));
    }
    let Some(why) = stop else { return report(way.command, &done, &writer, out) };
    if !done.is_empty() {
        report(way.command, &done, &writer, out)?;
        let left = drafts.len() - done.len();
        out.say(&format!(
            "Stopped: {} not recorded.",
            count(left as u64, "statement was", "statements were")
        ));
    }
    Err(why)
}

/// Records the next statement of a file; `None` when `resume` passes over it.
///
/// A file recorded a second time by mistake would say everything twice. Whoever means it gives an id.
fn next(writer: &Writer, draft: &Draft, folder: &Path, resume: bool) -> Done<Option<Durable>> {
    let before = match draft.id {
        Some(_) => Vec::new(),
        None if resume => writer.entries_of(&draft.stream, 1)?,
        None => writer.entries_of(&draft.stream, writer.version(&draft.stream))?,
    };
    match before.iter().find(|entry| says_the_same(draft, entry)) {
        None => writer.record(draft, folder).map(Some),
        Some(_) if resume => Ok(None),
        Some(entry) => Err(Stop::Conflict(format!(
            "entry #{} says the same already; `--resume` goes on behind it, and an `id:` says it again on purpose",
            entry.index
        ))),
    }
}

fn says_the_same(draft: &Draft, entry: &Entry) -> bool {
    let said = &entry.statement;
    let drafted = draft.signed_by.iter().map(|s| (&s.role, &s.body));
    draft.kind.full_name == said.kind
        && draft.body == said.body[..]
        && drafted.eq(said.signers.iter().map(|s| (&s.role, &s.body)))
}

/// Says which statement of a file a refusal is about.
fn at_draft(stop: Stop, file: &Path, draft: &Draft) -> Stop {
    let name = |why: String| {
        format!(
            "{}, line {}: {} in {}: {why}",
            file.display(),
            draft.line,
            draft.kind.short_name,
            draft.stream
        )
    };
    match stop {
        Stop::Refused(why) => Stop::Refused(name(why)),
        Stop::Conflict(why) => Stop::Conflict(name(why)),
        other => other,
    }
}

/// Hands the statements in to services, one after the other: later ones may need those before them.
fn hand_in(drafts: &[Draft], to: &str, way: &Way<'_>, at: &Common, out: Output) -> Done {
    let folder = folder_of(way.file);
    reach::wait_for(async {
        let mut sender = Sender::open(to, way.sending, at, out).await?;
        sender.clear().await?;
        let progress = out.progress(drafts.len() as u64, "handing in");
        let mut stop = None;
        for draft in drafts {
            if let Err(why) = sender.draft(draft, &folder, way.resume).await {
                stop = Some(at_draft(why, way.file, draft));
                break;
            }
            progress.inc(1);
        }
        progress.finish_and_clear();
        sender.finish(way.command, stop).await
    })
}

fn signed_elsewhere(args: &Record, at: &Common, out: Output) -> Done {
    let bundle = super::sign::Bundle::read(&args.file)?;
    if args.dry_run {
        out.result("record", &render(&bundle.parsed), || json!({ "would_sign": [describe(&bundle.parsed)] }));
        return Ok(());
    }
    let (kind, stream) = (bundle.parsed.kind.clone(), bundle.parsed.stream.to_string());
    let submission = bundle.into_submission()?;
    if let Some(to) = args.sending.to.as_deref() {
        return reach::wait_for(async {
            let mut sender = Sender::open(to, &args.sending, at, out).await?;
            sender.clear().await?;
            let stop = sender.submission(submission).await.err();
            sender.finish("record", stop).await
        });
    }
    let writer = Writer::open(at, out)?;
    let durable = writer.submit(submission)?;
    writer.publish()?;
    let short = kind.rsplit('.').next().unwrap_or(&kind).to_owned();
    report("record", &[(short, stream, durable)], &writer, out)
}

fn report(command: &str, done: &[(String, String, Durable)], writer: &Writer, out: Output) -> Done {
    let mut text = String::new();
    let mut data = Vec::new();
    for (kind, stream, durable) in done {
        let again = if durable.already { " (recorded before; this is its receipt)" } else { "" };
        text.push_str(&format!("#{} {kind} in {stream}{again}\n", durable.index));
        data.push(receipt_json(kind, stream, durable, writer.receipt(durable.index)?));
    }
    let recorded = count(done.len() as u64, "statement", "statements");
    text.push_str(&format!("{recorded} recorded, durable and under a signed checkpoint.\n"));
    out.result(command, &text, || Value::Array(data));
    if let Some((_, stream, durable)) = done.last() {
        out.say(&format!("Next: scrutiny show {stream}\n      scrutiny prove {}", durable.index));
    }
    Ok(())
}

fn receipt_json(kind: &str, stream: &str, durable: &Durable, proof: Option<String>) -> Value {
    json!({
        "index": durable.index.0,
        "id": durable.id.to_string(),
        "kind": kind,
        "stream": stream,
        "leaf_hash": durable.leaf_hash.to_string(),
        "recorded_at_ms": durable.recorded_at_ms,
        "already": durable.already,
        "proof": proof,
    })
}
