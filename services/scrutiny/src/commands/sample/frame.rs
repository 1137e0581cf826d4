//! `scrutiny sample frame`: what a sample will be drawn from, committed to before the seed exists.

use ledger_sample::{METHOD, draw, frame_digest};
use scrutiny_proto::review::v1::{FrameFilter, FrameQuery, Power};
use serde_json::{Value, json};

use super::{place, query};
use crate::cli::{Common, Level, PowerName, SampleFrame};
use crate::commands::verify::Target;
use crate::exit::{Done, Stop};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::writing::Writer;

pub(crate) fn frame(args: &SampleFrame, at: &Common, out: Output) -> Done {
    let asked = asked(args)?;
    let tree_size = Book::open(&at.ledger)?.size().0;
    let source = Target::Ledger(at.ledger.clone()).open()?;
    let streams = place::evaluate(&*source, &asked, tree_size, out)?;
    if streams.is_empty() {
        let sentence = format!("no record fits: {} among {tree_size} entries", query::words(&asked));
        return Err(Stop::NotFound(sentence));
    }
    let digest = frame_digest(streams.iter().map(String::as_str));
    let frame_size = streams.len() as u64;
    // The same bounds as at the draw, before anything is recorded. The root does not matter to them.
    draw(&digest, &digest, frame_size, args.n.into()).map_err(|e| Stop::Usage(e.to_string()))?;
    let what = format!("{} of {frame_size} {}", args.n, query::words(&asked));
    let body = json!({
        "level": word(args.level),
        "query": query_json(&asked),
        "tree_size": tree_size,
        "frame_size": frame_size,
        "frame_sha256": digest.to_hex(),
        "n": args.n,
        "method": METHOD,
        "purpose": args.purpose.clone().unwrap_or_default(),
    });
    if args.dry_run {
        let text = format!("Would commit sample/{} to {what}; frame {}.", args.name, digest.to_hex());
        out.result("sample frame", &text, || json!({ "would_commit": body }));
        return Ok(());
    }
    commit(args, &body, &what, at, out)
}

fn commit(args: &SampleFrame, body: &Value, what: &str, at: &Common, out: Output) -> Done {
    let stream = format!("sample/{}", args.name);
    let statement =
        json!({ "kind": "SampleFrameCommitted", "stream": stream, "signed_by": args.by, "body": body });
    let writer = Writer::open(at, out)?;
    let recorded = writer.record_value(&statement)?;
    writer.publish()?;
    let index = recorded[0].index.0;
    let text = format!(
        "#{index} commits {stream} to {what}, over {}.\n\
         The seed does not exist yet: it is the root of the first checkpoint over {} or more.",
        count(body["tree_size"].as_u64().unwrap_or_default(), "entry", "entries"),
        index + 2,
    );
    out.result("sample frame", &text, || json!({ "sample": args.name, "entry": index, "frame": body }));
    out.say(&format!(
        "Next: whatever is recorded next brings the seed; then\n      scrutiny sample draw {} --by {:?}",
        args.name, args.by
    ));
    Ok(())
}

fn asked(args: &SampleFrame) -> Done<FrameQuery> {
    let filter = |text: &String| {
        let (field, equals) = text
            .split_once('=')
            .ok_or_else(|| Stop::Usage(format!("--where reads \"object=Controlled drugs\"; got {text:?}")))?;
        Ok(FrameFilter { field: field.to_owned(), equals: equals.to_owned() })
    };
    let from_month = args.month.clone().unwrap_or_default();
    for month in args.month.iter().chain(&args.to) {
        if !imports::period::is_month(month) {
            return Err(Stop::Usage(format!("a month is written 2024-04; got {month:?}")));
        }
    }
    let power = match args.power {
        PowerName::Search => Power::Search,
        PowerName::Force => Power::Force,
    };
    Ok(FrameQuery {
        power: power.into(),
        sources: args.source.clone(),
        to_month: args.to.clone().unwrap_or_else(|| from_month.clone()),
        from_month,
        filters: args.filters.iter().map(filter).collect::<Done<_>>()?,
    })
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Supervisor => "supervisor",
        Level::Irg => "irg",
        Level::Rgrg => "rgrg",
        Level::TaserTl => "taser_tl",
        Level::TaserTtt => "taser_ttt",
        Level::Superintendent => "superintendent",
        Level::Panel => "panel",
    }
}

fn query_json(query: &FrameQuery) -> Value {
    let power = if query.power() == Power::Force { "force" } else { "search" };
    let filter = |f: &FrameFilter| json!({ "field": f.field, "equals": f.equals });
    json!({
        "power": power,
        "sources": query.sources,
        "from_month": query.from_month,
        "to_month": query.to_month,
        "filters": query.filters.iter().map(filter).collect::<Vec<_>>(),
    })
}
