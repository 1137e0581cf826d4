//! `scrutiny sample check`: the draw once more, from what anybody can have.

use ledger_audit::Source;
use ledger_core::hash::Hash;
use ledger_sample::METHOD;
use scrutiny_proto::review::v1::SampleDrawn;
use serde_json::json;

use super::draw::drawn;
use super::place::{self, Recorded};
use super::query;
use crate::cli::{Common, SampleCheck};
use crate::commands::verify::target;
use crate::exit::{Done, Stop};
use crate::output::{Output, count};

pub(crate) fn check(args: &SampleCheck, at: &Common, out: Output) -> Done {
    let source = target(args.target.as_ref(), at)?.open()?;
    let sample = place::sample(&*source, &args.name, args.at, out)?;
    let Some((entry, recorded)) = &sample.drawn else {
        let until = args.at.map_or_else(String::new, |size| format!(" among the first {size} entries"));
        return Err(Stop::CannotDecide(format!(
            "sample/{} has its frame, entry #{}, and is not drawn yet{until}",
            args.name, sample.frame_at
        )));
    };
    let problems = problems(&*source, &sample, recorded, out)?;
    let frame = &sample.frame;
    let facts = [
        format!(
            "Frame   #{}: {} {}, over the first {} entries",
            sample.frame_at,
            frame.frame_size,
            query::words(&sample.query()),
            frame.tree_size
        ),
        format!(
            "Seed    {}: the root of {} entries, the first checkpoint behind the frame",
            recorded.root, recorded.checkpoint_size
        ),
        format!(
            "Draw    #{entry}: {} by {}",
            count(recorded.drawn.len() as u64, "record", "records"),
            frame.method
        ),
    ];
    let verdict = if problems.is_empty() {
        format!(
            "Repeated from {}: frame, seed and every record drawn are the same.\nWhether the entries are genuine is for `scrutiny verify`.",
            source.name()
        )
    } else {
        format!("Repeated from {}, and not the same:\n  {}", source.name(), problems.join("\n  "))
    };
    out.result("sample check", &format!("{}\n\n{verdict}", facts.join("\n")), || {
        json!({
            "sample": args.name,
            "frame_entry": sample.frame_at.0,
            "frame_size": frame.frame_size,
            "frame_sha256": frame.frame_sha256,
            "tree_size": frame.tree_size,
            "checkpoint_size": recorded.checkpoint_size,
            "root": recorded.root,
            "drawn_entry": entry.0,
            "drawn": recorded.drawn.iter().map(|d| d.record.as_str()).collect::<Vec<_>>(),
            "same": problems.is_empty(),
            "problems": problems,
        })
    });
    match problems.len() as u64 {
        0 => Ok(()),
        n => Err(Stop::VerificationFailed(format!(
            "do not rely on this sample: {}",
            count(n, "problem", "problems")
        ))),
    }
}

/// Everything in which the recorded draw is not the one that frame and seed give.
fn problems(
    source: &dyn Source,
    sample: &Recorded,
    recorded: &SampleDrawn,
    out: Output,
) -> Done<Vec<String>> {
    let mut found = Vec::new();
    let (frame, frame_at) = (&sample.frame, sample.frame_at.0);
    if frame.method != METHOD {
        return Err(Stop::CannotDecide(format!(
            "this program draws by {METHOD}, and the frame names {:?}",
            frame.method
        )));
    }
    if frame.tree_size > frame_at {
        found.push(format!(
            "the frame is of {} entries, and there were {frame_at} before it",
            frame.tree_size
        ));
    }
    match place::seed(source, sample.frame_at)? {
        Some((size, _)) if size == recorded.checkpoint_size => {}
        Some((size, _)) => found.push(format!(
            "the first checkpoint behind the frame is of {size} entries, and the draw took that of {}",
            recorded.checkpoint_size
        )),
        None => found.push("no checkpoint behind the frame is kept here".to_owned()),
    }
    let root = place::root_of_entries(source, recorded.checkpoint_size, out)?;
    let kept = place::checkpoint_root(source, recorded.checkpoint_size)?;
    for (what, root) in [("the entries come to", root), ("the checkpoint has", kept)] {
        let got = root.map_or_else(|| "none".to_owned(), |root| root.to_hex());
        if got != recorded.root {
            found.push(format!("the draw names the root {}, and {what} {got}", recorded.root));
        }
    }
    found.extend(differences(source, sample, recorded, out)?);
    Ok(found)
}

fn differences(
    source: &dyn Source,
    sample: &Recorded,
    recorded: &SampleDrawn,
    out: Output,
) -> Done<Vec<String>> {
    let streams = place::evaluate(source, &sample.query(), sample.frame.tree_size, out)?;
    let Some(root) = Hash::from_hex(&recorded.root) else { return Ok(Vec::new()) };
    let given = match drawn(sample, &streams, &root) {
        Ok(given) => given,
        Err(Stop::VerificationFailed(problem)) => return Ok(vec![problem]),
        Err(other) => return Err(other),
    };
    let mut found = Vec::new();
    if given.len() != recorded.drawn.len() {
        found.push(format!(
            "frame and seed give {} records, and {} are named",
            given.len(),
            recorded.drawn.len()
        ));
    }
    for (n, ((_, record), named)) in (1..).zip(given.iter().zip(&recorded.drawn)) {
        if **record != named.record {
            found.push(format!("in place {n}, frame and seed give {record}, and {} is named", named.record));
        }
    }
    Ok(found)
}
