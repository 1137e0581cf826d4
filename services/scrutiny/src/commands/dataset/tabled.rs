//! Figures as they were put before meetings: recorded by digest, revised and never overwritten.

use ledger_core::hash::Hash;
use projector::Standing;
use projector::dataset::month::Period;
use projector::dataset::{Dataset, DatasetView, Question, Tabled};
use serde_json::{Value, json};
use submissions::write::json::canonical;

use super::{population, which};
use crate::cli::{Common, Revisions, TableFigures};
use crate::counting::{self, Count};
use crate::exit::{Done, Stop};
use crate::output::{Output, indent, table};
use crate::writing::Writer;

/// The name under which figures are tabled, with the version of their definition.
fn dataset_name(view: &DatasetView) -> String {
    format!("{} {}", view.provenance.projection, view.provenance.definition_version)
}

/// What is put before a meeting, in bytes.
fn bytes(view: &DatasetView) -> Vec<u8> {
    canonical(&serde_json::to_value(view).expect("a view is made of plain values"))
}

pub(crate) fn table_figures(args: &TableFigures, at: &Common, out: Output) -> Done {
    let population = population(&args.residents)?;
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(None)?;
    let (body, period) = which(&args.which, &counted)?;
    let view = counted.dataset.view(&Question { body: &body, period, population: &population }, &standing);
    let before = tabled(&counted.dataset, &body, period, &standing);
    drop(counted);
    drop(source);
    let sha256 = Hash::of(&bytes(&view)).to_hex();
    // A meeting's body revises what it was shown itself.
    let of = |meeting: &str| meeting.split('/').nth(1).unwrap_or_default().to_owned();
    let last = before.iter().rfind(|t| of(&t.meeting) == of(&args.meeting));
    let revises = last.map(|t| t.sha256.clone()).unwrap_or_default();
    if let Some(last) = last.filter(|_| args.reason.is_none()) {
        let last = last.entry;
        return Err(Stop::Usage(format!(
            "figures of {period} were tabled before (entry #{last}): say with --reason why they are revised"
        )));
    }
    let statement = json!({
        "kind": "FiguresTabled",
        "stream": args.meeting,
        "signed_by": args.by,
        "body": {
            "dataset": dataset_name(&view), "period": period.to_string(), "tree_size": standing.tree_size.0,
            "sha256": sha256, "revises": revises, "revision_reason": args.reason.clone().unwrap_or_default(),
        },
    });
    let writer = Writer::open(at, out)?;
    let recorded = writer.record_value(&statement)?;
    writer.publish()?;
    let entry = recorded.first().map_or(0, |durable| durable.index.0);
    let text = format!(
        "#{entry} FiguresTabled in {}: {body}, {}, computed from {} entries, SHA-256 {sha256}",
        args.meeting,
        period.words(),
        standing.tree_size
    );
    out.result(
        "dataset table",
        &text,
        || json!({ "entry": entry, "sha256": sha256, "tree_size": standing.tree_size.0, "revises": revises }),
    );
    out.say(&format!("\nNext: scrutiny dataset revisions --body {body} --period {period}"));
    Ok(())
}

fn tabled(dataset: &Dataset, body: &str, period: Period, at: &Standing) -> Vec<Tabled> {
    dataset.coverage(body, period, at).tabled
}

/// One edition of a period's figures.
struct Edition {
    tabled: Option<Tabled>,
    view: DatasetView,
    /// Whether the digest that was recorded is that of what the tree gives.
    holds: bool,
}

pub(crate) fn revisions(args: &Revisions, at: &Common, out: Output) -> Done {
    let population = population(&args.residents)?;
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(None)?;
    let (body, period) = which(&args.which, &counted)?;
    let tabled = tabled(&counted.dataset, &body, period, &standing);
    let question = Question { body: &body, period, population: &population };
    let now = counted.dataset.view(&question, &standing);
    drop(counted);
    if tabled.is_empty() {
        let text = format!("No figures of {body}, {} were tabled yet.", period.words());
        out.result("dataset revisions", &text, || json!({ "editions": [], "changes": [] }));
        out.say(&format!(
            "Next: scrutiny dataset table --body {body} --period {period} --meeting STREAM --by SIGNER"
        ));
        return Ok(());
    }
    let mut editions = again(&*source, tabled, &question, out)?;
    editions.push(Edition { tabled: None, view: now, holds: true });
    report(&editions, out)?;
    match editions.iter().find(|edition| !edition.holds) {
        None => Ok(()),
        Some(edition) => Err(Stop::VerificationFailed(format!(
            "figures tabled in entry #{} are not what the ledger gave then (another population, or another version \
             of the definition, would explain it)",
            edition.tabled.as_ref().map_or(0, |t| t.entry)
        ))),
    }
}

/// The figures as they were, each computed again from the tree they were computed from.
fn again(
    source: &dyn ledger_audit::Source,
    mut tabled: Vec<Tabled>,
    question: &Question<'_>,
    out: Output,
) -> Done<Vec<Edition>> {
    tabled.sort_by_key(|t| (t.tree_size, t.entry));
    let mut counted = Count::new(source, out);
    let mut editions = Vec::new();
    for tabled in tabled {
        let standing = counted.up_to(Some(tabled.tree_size))?;
        let view = counted.dataset.view(question, &standing);
        let holds = Hash::of(&bytes(&view)).to_hex() == tabled.sha256;
        editions.push(Edition { tabled: Some(tabled), view, holds });
    }
    Ok(editions)
}

fn report(editions: &[Edition], out: Output) -> Done {
    let name = |edition: &Edition| match &edition.tabled {
        Some(tabled) => format!("#{}", tabled.entry),
        None => "now".to_owned(),
    };
    let listed = editions.iter().map(|edition| match &edition.tabled {
        Some(t) => [
            format!("#{}", t.entry),
            t.meeting.clone(),
            t.tree_size.to_string(),
            t.reason.clone(),
            if edition.holds { "as the ledger gives it" } else { "NOT WHAT THE LEDGER GIVES" }.to_owned(),
        ],
        None => [
            "now".to_owned(),
            String::new(),
            edition.view.provenance.tree_size.to_string(),
            String::new(),
            String::new(),
        ],
    });
    let mut text = indent(&table(["tabled", "meeting", "entries", "reason", "checked"], listed));
    let changes: Vec<[String; 4]> =
        editions.windows(2).flat_map(|pair| changes(&pair[0].view, &pair[1].view, &name(&pair[1]))).collect();
    if changes.is_empty() {
        text.push_str("\n Nothing has changed since.\n");
    } else {
        text.push_str(&format!("\n{}", indent(&table(["by", "figure", "before", "after"], changes.clone()))));
    }
    let edition = |e: &Edition| json!({ "tabled": e.tabled, "tree_size": e.view.provenance.tree_size, "holds": e.holds });
    let change = |[by, figure, before, after]: &[String; 4]| -> Value {
        json!({ "by": by, "figure": figure, "before": before, "after": after })
    };
    out.result("dataset revisions", &text, || {
        json!({
            "editions": editions.iter().map(edition).collect::<Vec<_>>(),
            "changes": changes.iter().map(change).collect::<Vec<_>>(),
        })
    });
    Ok(())
}

fn changes(before: &DatasetView, after: &DatasetView, by: &str) -> Vec<[String; 4]> {
    let words = |view: &DatasetView, measure: &str, breakdown: &[&str], cell: &str| {
        let found = view.find(measure, breakdown).and_then(|m| m.cells.iter().find(|c| c.name == cell));
        found.map_or_else(
            || "none".to_owned(),
            |c| format!("{} of {}, {} do not say", c.numerator, c.denominator, c.unknown),
        )
    };
    let mut found = Vec::new();
    for measure in &after.measures {
        for cell in &measure.cells {
            let was = words(before, measure.measure, &measure.by, &cell.name);
            let is = words(after, measure.measure, &measure.by, &cell.name);
            // A cell that is not there is one without records.
            if was != is && !(was == "none" && cell.numerator + cell.denominator + cell.unknown == 0) {
                found.push([by.to_owned(), format!("{}/{}", measure.measure, cell.name), was, is]);
            }
        }
    }
    found
}
