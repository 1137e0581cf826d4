//! `scrutiny sample show`: the samples there are, or one of them.

use serde_json::{Value, json};

use super::place::{self, Recorded};
use super::query;
use crate::cli::{Common, SampleShow};
use crate::commands::verify::Target;
use crate::exit::{Done, Stop};
use crate::output::{Output, indent, table};
use crate::reading::Book;

pub(crate) fn show(args: &SampleShow, at: &Common, out: Output) -> Done {
    Book::open(&at.ledger)?;
    let source = Target::Ledger(at.ledger.clone()).open()?;
    let mut found = place::samples(&*source, args.at, out)?;
    if let Some(name) = &args.name {
        found.retain(|sample| sample.name == *name);
        if found.is_empty() {
            return Err(Stop::NotFound(format!("no sample {name:?}; `scrutiny sample show` lists them")));
        }
    }
    if found.is_empty() {
        out.result("sample show", "No sample was drawn yet.", || Value::Array(Vec::new()));
        out.say("Next: scrutiny sample frame NAME --level rgrg --month 2024-04 -n 10 --by \"tactical-lead as TL of BODY\"");
        return Ok(());
    }
    let text = match (&args.name, found.as_slice()) {
        (Some(_), [one]) => full(one),
        _ => indent(&table(["sample", "of", "n", "from", "frame", "drawn"], found.iter().map(row))),
    };
    out.result("sample show", &text, || found.iter().map(to_json).collect());
    if let Some(open) = found.iter().find(|sample| sample.drawn.is_none()) {
        out.say(&format!("Next: scrutiny sample draw {} --by SIGNER", open.name));
    }
    Ok(())
}

/// What was drawn in a sample, as streams in the order of drawing.
pub(crate) fn drawn_records(name: &str, at: &Common, out: Output) -> Done<Vec<String>> {
    let source = Target::Ledger(at.ledger.clone()).open()?;
    let sample = place::sample(&*source, name, None, out)?;
    let drawn = sample.drawn.map(|(_, drawn)| drawn.drawn).unwrap_or_default();
    Ok(drawn.into_iter().map(|d| d.record).collect())
}

fn row(sample: &Recorded) -> [String; 6] {
    let drawn = sample.drawn.as_ref().map_or_else(|| "not yet".to_owned(), |(entry, _)| format!("#{entry}"));
    [
        sample.name.clone(),
        sample.frame.frame_size.to_string(),
        sample.frame.n.to_string(),
        query::words(&sample.query()),
        format!("#{}", sample.frame_at),
        drawn,
    ]
}

fn full(sample: &Recorded) -> String {
    let frame = &sample.frame;
    let mut text = format!(
        "sample/{}: {} of {} {}\n  frame  #{} over the first {} entries, SHA-256 {}\n",
        sample.name,
        frame.n,
        frame.frame_size,
        query::words(&sample.query()),
        sample.frame_at,
        frame.tree_size,
        frame.frame_sha256
    );
    if !frame.purpose.is_empty() {
        text.push_str(&format!("  for    {}\n", frame.purpose));
    }
    let Some((entry, drawn)) = &sample.drawn else {
        text.push_str("  not drawn yet\n");
        return text;
    };
    text.push_str(&format!(
        "  drawn  #{entry}, seed {} of {} entries\n\n",
        drawn.root, drawn.checkpoint_size
    ));
    let rows =
        drawn.drawn.iter().zip(1..).map(|(d, n)| [format!("{n}."), d.position.to_string(), d.record.clone()]);
    text + &indent(&table(["", "position", "record"], rows))
}

fn to_json(sample: &Recorded) -> Value {
    let frame = &sample.frame;
    let drawn = sample.drawn.as_ref().map(|(entry, drawn)| {
        json!({
            "entry": entry.0, "checkpoint_size": drawn.checkpoint_size, "root": drawn.root,
            "records": drawn.drawn.iter().map(|d| json!({ "position": d.position, "record": d.record })).collect::<Vec<_>>(),
        })
    });
    json!({
        "sample": sample.name,
        "level": frame.level().as_str_name().trim_start_matches("REVIEW_LEVEL_").to_lowercase(),
        "frame_entry": sample.frame_at.0,
        "frame": query::words(&sample.query()),
        "frame_size": frame.frame_size,
        "frame_sha256": frame.frame_sha256,
        "tree_size": frame.tree_size,
        "n": frame.n,
        "method": frame.method,
        "purpose": frame.purpose,
        "drawn": drawn,
    })
}
