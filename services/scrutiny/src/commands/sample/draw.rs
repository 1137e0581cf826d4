//! `scrutiny sample draw`: what frame and seed give, recorded.

use ledger_core::hash::Hash;
use ledger_sample::frame_digest;
use serde_json::json;

use super::place::{self, Recorded};
use crate::cli::{Common, SampleDraw};
use crate::commands::verify::Target;
use crate::exit::{Done, Stop};
use crate::output::{Output, count, indent, table};
use crate::writing::Writer;

pub(crate) fn draw(args: &SampleDraw, at: &Common, out: Output) -> Done {
    // Opening for writing publishes a checkpoint over what an earlier crash left without one.
    let writer = Writer::open(at, out)?;
    let source = Target::Ledger(at.ledger.clone()).open()?;
    let sample = place::sample(&*source, &args.name, None, out)?;
    if let Some((entry, _)) = &sample.drawn {
        let sentence =
            format!("sample/{} is drawn already, by entry #{entry}; nobody draws again", args.name);
        return Err(Stop::Conflict(sentence));
    }
    let Some((size, root)) = place::seed(&*source, sample.frame_at)? else {
        return Err(Stop::CannotDecide(format!(
            "the seed does not exist yet: it is the root of the first checkpoint over more entries than the frame's \
             own, #{}; whatever is recorded next brings it",
            sample.frame_at
        )));
    };
    let streams = place::evaluate(&*source, &sample.query(), sample.frame.tree_size, out)?;
    let drawn = drawn(&sample, &streams, &root)?;
    let body = json!({
        "checkpoint_size": size,
        "root": root.to_hex(),
        "drawn": drawn.iter().map(|(at, record)| json!({ "position": at, "record": record })).collect::<Vec<_>>(),
    });
    let statement = json!({
        "kind": "SampleDrawn", "stream": format!("sample/{}", args.name), "signed_by": args.by, "body": body,
    });
    let recorded = writer.record_value(&statement)?;
    writer.publish()?;
    let index = recorded[0].index.0;
    let rows = drawn.iter().zip(1..).map(|((_, record), n)| [format!("{n}."), (*record).clone()]);
    let text = format!(
        "#{index} records what was drawn: {} of {}, seed {} (the root of {} entries).\n\n{}",
        count(drawn.len() as u64, "record", "records"),
        sample.frame.frame_size,
        root.to_hex(),
        size,
        indent(&table(["", "record"], rows))
    );
    out.result("sample draw", &text, || json!({ "sample": args.name, "entry": index, "drawn": body }));
    out.say(&format!("Next: scrutiny sample check {}", args.name));
    Ok(())
}

/// Whether the query gives the frame that was committed to; a sentence when it does not.
pub(super) fn committed(sample: &Recorded, streams: &[String]) -> Result<Hash, String> {
    let digest = frame_digest(streams.iter().map(String::as_str));
    let (size, frame) = (streams.len() as u64, &sample.frame);
    if digest.to_hex() == frame.frame_sha256 && size == frame.frame_size {
        return Ok(digest);
    }
    Err(format!(
        "the query gives {size} records with digest {}, and the frame was committed to as {} with {}",
        digest.to_hex(),
        frame.frame_size,
        frame.frame_sha256
    ))
}

/// The records that root and frame give, each with its position. The frame must be the one committed to.
pub(super) fn drawn<'a>(
    sample: &Recorded,
    streams: &'a [String],
    root: &Hash,
) -> Done<Vec<(u64, &'a String)>> {
    let digest = committed(sample, streams).map_err(Stop::VerificationFailed)?;
    let positions = ledger_sample::draw(root, &digest, streams.len() as u64, sample.frame.n.into())
        .map_err(|e| Stop::VerificationFailed(e.to_string()))?;
    let record = |at: u64| (at, &streams[usize::try_from(at).expect("a position in the frame")]);
    Ok(positions.into_iter().map(record).collect())
}
