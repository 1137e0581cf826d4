//! `scrutiny record`: sign and record.

use std::path::Path;

use ledger_draft::{Draft, describe, render};
use recorder::Durable;
use serde_json::{Value, json};

use crate::cli::{Common, Record};
use crate::exit::{Done, Stop};
use crate::output::{Output, count};
use crate::signing;
use crate::writing::{Writer, folder_of};

pub(crate) fn run(args: &Record, at: &Common, out: Output) -> Done {
    if args.file.extension().is_some_and(|e| e == "statement") {
        return signed_elsewhere(args, at, out);
    }
    let drafts = signing::read_drafts(&args.file)?;
    let folder = folder_of(&args.file);
    let writer = Writer::open(at, out)?;
    if args.dry_run {
        let mut text = String::new();
        let mut data = Vec::new();
        for draft in &drafts {
            let prepared =
                signing::prepare(draft, &writer.origin, &writer.keyring, &folder, &|s| writer.version(s))?;
            text.push_str(&render(&prepared.parsed));
            text.push('\n');
            data.push(describe(&prepared.parsed));
        }
        out.result("record", &text, || json!({ "would_sign": data }));
        out.say("Nothing was signed, and nothing recorded.");
        return Ok(());
    }
    let mut done = Vec::new();
    let mut stop = None;
    let progress = out.progress(drafts.len() as u64, "recording");
    for draft in &drafts {
        match not_said_before(&writer, draft).and_then(|()| writer.record(draft, &folder)) {
            Ok(durable) => done.push((draft.kind.short_name.clone(), draft.stream.to_string(), durable)),
            Err(why) => {
                stop = Some(at_draft(why, &args.file, draft));
                break;
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    writer.publish()?;
    let Some(why) = stop else { return report(&done, &writer, out) };
    if !done.is_empty() {
        report(&done, &writer, out)?;
        let left = drafts.len() - done.len();
        out.say(&format!(
            "Stopped: {} not recorded.",
            count(left as u64, "statement was", "statements were")
        ));
    }
    Err(why)
}

/// A file recorded a second time by mistake would say everything twice. Whoever means it gives an id.
fn not_said_before(writer: &Writer, draft: &Draft) -> Done {
    if draft.id.is_some() {
        return Ok(());
    }
    let Some(last) = writer.last_of(&draft.stream)? else { return Ok(()) };
    let signers: Vec<_> = last.statement.signers.iter().map(|s| (&s.role, &s.body)).collect();
    let same_signers = draft.signed_by.iter().map(|s| (&s.role, &s.body)).eq(signers);
    if same_signers && draft.kind.full_name == last.statement.kind && draft.body == last.statement.body[..] {
        let sentence =
            format!("entry #{} says the same already; where it is meant again, give it an `id:`", last.index);
        return Err(Stop::Conflict(sentence));
    }
    Ok(())
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

fn signed_elsewhere(args: &Record, at: &Common, out: Output) -> Done {
    let bundle = super::sign::Bundle::read(&args.file)?;
    if args.dry_run {
        out.result("record", &render(&bundle.parsed), || json!({ "would_sign": [describe(&bundle.parsed)] }));
        return Ok(());
    }
    let (kind, stream) = (bundle.parsed.kind.clone(), bundle.parsed.stream.to_string());
    let submission = bundle.into_submission()?;
    let writer = Writer::open(at, out)?;
    let durable = writer.submit(submission)?;
    writer.publish()?;
    let short = kind.rsplit('.').next().unwrap_or(&kind).to_owned();
    report(&[(short, stream, durable)], &writer, out)
}

fn report(done: &[(String, String, Durable)], writer: &Writer, out: Output) -> Done {
    let mut text = String::new();
    let mut data = Vec::new();
    for (kind, stream, durable) in done {
        let again = if durable.already { " (recorded before; this is its receipt)" } else { "" };
        text.push_str(&format!("#{} {kind} in {stream}{again}\n", durable.index));
        data.push(receipt_json(kind, stream, durable, writer.receipt(durable.index)?));
    }
    let recorded = count(done.len() as u64, "statement", "statements");
    text.push_str(&format!("{recorded} recorded, durable and under a signed checkpoint.\n"));
    out.result("record", &text, || Value::Array(data));
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
