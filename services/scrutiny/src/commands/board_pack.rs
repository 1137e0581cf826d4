//! `scrutiny board-pack`: one page for a board, with what was verified before it was made.

use ledger_audit::{KeyBasis, Report, Verdict};
use projector::pack::{Pack, Period, Verification};
use serde_json::json;

use super::verify;
use crate::cli::{BoardPack, Common};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::viewing;

pub(crate) fn run(args: &BoardPack, at: &Common, out: Output) -> Done {
    let period = Period { from: viewing::day(args.from)?, to: viewing::day(args.to)? };
    if period.to < period.from {
        return Err(Stop::Usage(format!("the period ends on {} and begins on {}", args.to, args.from)));
    }
    let (all, standing) = viewing::fold(&Book::open(&at.ledger)?, args.at, out)?;
    let views = all.views(period.to, &standing);
    if !views.bodies.bodies.iter().any(|body| body.body == args.body) {
        let sentence = format!("no body is registered as {:?}; `scrutiny bodies` lists them", args.body);
        return Err(Stop::NotFound(sentence));
    }
    let report = verify::own_ledger(at, out)?;
    let pack = Pack::new(&views, &args.body, period, verification(&report));
    std::fs::write(&args.out, pack.to_html()).map_err(io(&args.out))?;
    let text = format!(
        "{}: {} for {} to {}; {}",
        args.out.display(),
        pack.name,
        pack.from,
        pack.to,
        pack.verification.result
    );
    out.result("board-pack", &text, || json!(pack));
    verify::outcome(&report)
}

/// What an audit of this very ledger says, in the words of a page.
fn verification(report: &Report) -> Verification {
    let head = report.head.as_ref();
    let entries = count(report.entries, "entry", "entries");
    let findings: u64 = report.finding_counts.values().sum();
    let result = match &report.verdict {
        Verdict::Clean => format!(
            "Everything was recomputed from the bytes of {entries}, under a log key that whoever made this pack \
             vouches for, and agrees."
        ),
        Verdict::Findings => format!(
            "DO NOT RELY ON THIS PACK: an audit of {entries} has {}.",
            count(findings, "finding", "findings")
        ),
        Verdict::CannotDecide(reason) => format!("Not verified: {reason}"),
    };
    Verification {
        clean: report.verdict == Verdict::Clean,
        result,
        checkpoint: head
            .filter(|head| matches!(head.log_signature, KeyBasis::Given | KeyBasis::Followed))
            .map(|head| (head.size, head.root.to_string())),
        witnesses: head.map_or_else(Vec::new, |h| h.cosigned_by.iter().map(|c| c.name.clone()).collect()),
    }
}
