//! `scrutiny sample check`: the draw once more, from what anybody can have.

use std::collections::BTreeMap;

use ledger_audit::Source;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_sample::METHOD;
use scrutiny_proto::review::v1::SampleDrawn;
use serde_json::json;

use super::draw::{committed, drawn};
use super::place::{self, Recorded};
use super::query;
use crate::cli::{Common, SampleCheck};
use crate::commands::verify::target;
use crate::exit::{Done, Stop};
use crate::output::{Output, count};

pub(crate) fn check(args: &SampleCheck, at: &Common, out: Output) -> Done {
    let source = target(args.target.as_ref(), at)?.open()?;
    let sample = place::sample(&*source, &args.name, args.at, out)?;
    let Some((entry, recorded)) = sample.drawn.clone() else {
        let until = args.at.map_or_else(String::new, |size| format!(" among the first {size} entries"));
        return Err(Stop::CannotDecide(format!(
            "sample/{} has its frame, entry #{}, and is not drawn yet{until}",
            args.name, sample.frame_at
        )));
    };
    let samples = [sample];
    let problems = repeat(&*source, &samples, out)?.remove(0);
    let [sample] = &samples;
    let frame = &sample.frame;
    let seed = if problems.is_empty() { "the first checkpoint behind the frame" } else { "as the draw says" };
    let facts = [
        format!(
            "Frame   #{}: {} {}, over the first {} entries",
            sample.frame_at,
            frame.frame_size,
            query::words(&sample.query()),
            frame.tree_size
        ),
        format!("Seed    {}: the root of {} entries, {seed}", recorded.root, recorded.checkpoint_size),
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

/// A sample that is not what its frame and its seed give.
pub(crate) struct Wrong {
    pub(crate) name: String,
    /// The draw's entry, or the frame's where nothing is drawn yet.
    pub(crate) at: EntryIndex,
    pub(crate) problem: String,
    /// True where nothing is wrong, and the reader should know it nevertheless.
    pub(crate) is_note: bool,
}

/// Repeats every sample of a record. Says how many there are, and what is wrong with them.
pub(crate) fn repeat_all(source: &dyn Source, out: Output) -> Done<(u64, Vec<Wrong>)> {
    let samples = place::samples(source, None, out)?;
    if samples.is_empty() {
        return Ok((0, Vec::new()));
    }
    let problems = repeat(source, &samples, out)?;
    let wrong = samples.iter().zip(problems).flat_map(|(sample, problems)| {
        let at = sample.drawn.as_ref().map_or(sample.frame_at, |(entry, _)| *entry);
        problems.into_iter().map(move |problem| Wrong {
            name: sample.name.clone(),
            at,
            problem,
            is_note: false,
        })
    });
    let passed_over = passed_over(&samples, &place::checkpoints(source)?);
    Ok((samples.len() as u64, wrong.chain(passed_over).collect()))
}

/// Samples that nobody drew although their seed was known, while another was framed for the same level: what somebody
/// leaves behind who frames again and again until the seed suits.
fn passed_over(samples: &[Recorded], kept: &BTreeMap<u64, Hash>) -> Vec<Wrong> {
    let same = |a: &Recorded, b: &Recorded| {
        (a.frame.level, a.query().power) == (b.frame.level, b.query().power) && a.name != b.name
    };
    let note = |sample: &Recorded| {
        let (size, _) = kept.range(sample.frame_at.0 + 2..).next()?;
        let next = samples.iter().find(|later| later.frame_at.0 >= *size && same(sample, later))?;
        let problem = format!(
            "its seed is known since there are {size} entries, nobody drew it, and sample/{} was framed for the same \
             level afterwards, by entry #{}",
            next.name, next.frame_at
        );
        Some(Wrong { name: sample.name.clone(), at: sample.frame_at, problem, is_note: true })
    };
    samples.iter().filter(|sample| sample.drawn.is_none()).filter_map(note).collect()
}

/// For each sample, everything in which it is not the one that frame and seed give.
fn repeat(source: &dyn Source, samples: &[Recorded], out: Output) -> Done<Vec<Vec<String>>> {
    let kept = place::checkpoints(source)?;
    if kept.is_empty() {
        let sentence = format!("{} keeps no checkpoints, so nobody can tell which came first", source.name());
        return Err(Stop::CannotDecide(sentence));
    }
    let computed = place::compute(source, samples, out)?;
    let one = |(sample, streams): (&Recorded, &Result<Vec<String>, String>)| {
        let mut found = frame_problems(sample, streams);
        if let Some((_, recorded)) = &sample.drawn {
            found.extend(seed_problems(sample, recorded, &kept, &computed.roots));
            if let (true, Ok(streams)) = (found.is_empty(), streams) {
                found.extend(differences(sample, streams, recorded)?);
            }
        }
        Ok(found)
    };
    samples.iter().zip(&computed.frames).map(one).collect()
}

fn frame_problems(sample: &Recorded, streams: &Result<Vec<String>, String>) -> Vec<String> {
    let (frame, frame_at) = (&sample.frame, sample.frame_at.0);
    let mut found = Vec::new();
    if frame.method != METHOD {
        found.push(format!("this program draws by {METHOD}, and the frame names {:?}", frame.method));
    }
    if frame.tree_size > frame_at {
        let size = frame.tree_size;
        found.push(format!("the frame is of {size} entries, and there were {frame_at} before it"));
    }
    match streams {
        Ok(streams) => found.extend(committed(sample, streams).err()),
        Err(problem) => found.push(problem.clone()),
    }
    found
}

fn seed_problems(
    sample: &Recorded,
    recorded: &SampleDrawn,
    kept: &BTreeMap<u64, Hash>,
    roots: &BTreeMap<u64, Hash>,
) -> Vec<String> {
    let mut found = Vec::new();
    let size = recorded.checkpoint_size;
    match kept.range(sample.frame_at.0 + 2..).next() {
        Some((first, _)) if *first == size => {}
        Some((first, _)) => found.push(format!(
            "the first checkpoint behind the frame is of {first} entries, and the draw took that of {size}"
        )),
        None => found.push("no checkpoint behind the frame is kept here".to_owned()),
    }
    for (what, root) in [("the entries come to", roots.get(&size)), ("the checkpoint has", kept.get(&size))] {
        let got = root.map_or_else(|| "none".to_owned(), Hash::to_hex);
        if got != recorded.root {
            found.push(format!("the draw names the root {}, and {what} {got}", recorded.root));
        }
    }
    found
}

fn differences(sample: &Recorded, streams: &[String], recorded: &SampleDrawn) -> Done<Vec<String>> {
    let Some(root) = Hash::from_hex(&recorded.root) else { return Ok(Vec::new()) };
    let given = drawn(sample, streams, &root)?;
    let mut found = Vec::new();
    if given.len() != recorded.drawn.len() {
        found.push(format!(
            "frame and seed give {} records, and {} are named",
            given.len(),
            recorded.drawn.len()
        ));
    }
    for (n, ((at, record), named)) in (1..).zip(given.iter().zip(&recorded.drawn)) {
        if **record != named.record || *at != named.position {
            found.push(format!("in place {n}, frame and seed give {record}, and {} is named", named.record));
        }
    }
    Ok(found)
}
