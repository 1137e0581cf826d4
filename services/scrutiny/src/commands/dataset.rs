//! `scrutiny dataset`: stop and search and use of force, counted.

mod page;
mod tabled;

use std::path::Path;

use projector::dataset::month::Period;
use projector::dataset::population::Population;
use projector::dataset::{DatasetView, MeasureView, Question};
use projector::table::Table;
use serde_json::{Value, json};

use crate::cli::{self, Common, Months, Residents, ShowDataset, Which};
use crate::counting::{self, Count};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, indent, table};
use crate::viewing;

pub(crate) use tabled::{revisions, table_figures};

/// How much of a file of residents is read.
const MAX_POPULATION_BYTES: u64 = 1 << 20;

pub(crate) fn months(args: &Months, at: &Common, out: Output) -> Done {
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(args.upto.at)?;
    let found = counted.dataset.months();
    if found.is_empty() {
        out.result("dataset months", "No search and no use of force is recorded yet.", || json!([]));
        out.say(
            "Next: scrutiny import stop-search FILE..., or record StopSearchRecorded and UseOfForceRecorded",
        );
        return Ok(());
    }
    let rows = found.iter().map(|(body, months)| {
        let text = |month: Option<_>| month.map_or_else(String::new, |m: &_| ToString::to_string(m));
        let without = counted.dataset.without_month(body);
        [
            (*body).to_owned(),
            months.len().to_string(),
            text(months.first()),
            text(months.last()),
            without.to_string(),
        ]
    });
    let text = indent(&table(["body", "months", "first", "last", "records without a month"], rows));
    out.result("dataset months", &format!("{text}\n{}", viewing::from(&standing)), || {
        let months = |(body, months): (&&str, &std::collections::BTreeSet<_>)| {
            let months: Vec<String> = months.iter().map(ToString::to_string).collect();
            json!({ "body": body, "months": months, "without_month": counted.dataset.without_month(body) })
        };
        found.iter().map(months).collect::<Value>()
    });
    if let Some((body, Some(last))) = found.iter().map(|(body, months)| (body, months.last())).next() {
        out.say(&format!("\nNext: scrutiny dataset show --body {body} --period {last}"));
    }
    Ok(())
}

pub(crate) fn show(args: &ShowDataset, at: &Common, out: Output) -> Done {
    let population = population(&args.residents)?;
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(args.upto.at)?;
    let (body, period) = which(&args.which, &counted)?;
    let question = Question { body: &body, period, population: &population };
    let mut view = counted.dataset.view(&question, &standing);
    drop(counted);
    if let Some(file) = &args.page {
        std::fs::write(file, page::page(&view)).map_err(io(file))?;
        out.say(&format!("{}: every table, and charts of the rates", file.display()));
    }
    pick(&mut view, args.measure.as_deref(), args.by.as_deref())?;
    if let Some(file) = &args.svg {
        svg(file, &view, out)?;
    }
    let figures = view.to_table();
    viewing::csv(args.csv.as_deref(), &figures, out)?;
    let mut text = String::new();
    if args.measure.is_none() {
        for disparity in view.disparities.iter().filter(|d| d.records > 0) {
            text.push_str(&format!("\n{}\n", plain(&disparity.to_table())));
        }
    }
    let nothing = "No figure: there is no record of the body in the period.";
    let text = format!("{text}\n{}", viewing::text(&figures, nothing, &standing));
    out.result("dataset show", text.trim_start_matches('\n'), || json!(view));
    out.say(&format!(
        "\n`scrutiny explain dataset/{body}/{period}/MEASURE/CELL` lists the entries behind a figure."
    ));
    Ok(())
}

pub(crate) fn coverage(args: &cli::Coverage, at: &Common, out: Output) -> Done {
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(args.upto.at)?;
    let (body, period) = which(&args.which, &counted)?;
    let view = counted.dataset.coverage(&body, period, &standing);
    drop(counted);
    let mut text = format!("{body}, {}\n\n", period.words());
    text.push_str(&match view.uncovered.as_slice() {
        [] => " No kind of force was used that the Internal Review Group never looked at.\n".to_owned(),
        some => format!(" Used, and never looked at by the Internal Review Group: {}.\n", some.join(", ")),
    });
    let samples = view.samples.iter().map(|s| {
        let counts = [s.frame_size, s.drawn.len() as u64, s.reviewed].map(|n| n.to_string());
        let [frame, drawn, reviewed] = counts;
        [s.sample.clone(), s.level.to_owned(), frame, drawn, reviewed]
    });
    if !view.samples.is_empty() {
        let head = ["sample", "level", "frame", "drawn", "reviewed"];
        text.push_str(&format!("\n{}", indent(&table(head, samples))));
    }
    let text = format!("{text}\n{}", viewing::from(&standing));
    out.result("dataset coverage", &text, || json!(view));
    out.say("\n`scrutiny reviews --outstanding` lists what waits for a review, and what is overdue.");
    Ok(())
}

pub(crate) fn issues(args: &Months, at: &Common, out: Output) -> Done {
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(args.upto.at)?;
    let issues = counted.dataset.issues();
    let rows = issues.iter().map(|i| {
        let difference = i.difference.map_or_else(String::new, |d| d.to_string());
        [i.issue.clone(), i.state.to_owned(), difference, i.sum.clone(), i.text.clone()]
    });
    let text = if issues.is_empty() {
        "No issue with data was raised.".to_owned()
    } else {
        indent(&table(["issue", "state", "difference", "sum", "what"], rows))
    };
    out.result(
        "dataset issues",
        &format!("{text}\n{}", viewing::from(&standing)),
        || json!({ "tree_size": standing.tree_size.0, "root": standing.root.to_string(), "issues": issues }),
    );
    Ok(())
}

/// The body and period that are asked for; the only body and the latest month where nothing is said.
pub(crate) fn which(args: &Which, counted: &Count<'_>) -> Done<(String, Period)> {
    let found = counted.dataset.months();
    let nothing = || {
        let sentence = "no search and no use of force is recorded yet; `scrutiny import stop-search` records published files";
        Stop::NotFound(sentence.to_owned())
    };
    let body = match &args.body {
        Some(body) if found.contains_key(body.as_str()) => body.clone(),
        Some(body) => {
            let there: Vec<_> = found.keys().copied().collect();
            return Err(Stop::NotFound(format!(
                "--body: {body:?} has no records; there are of {}",
                there.join(", ")
            )));
        }
        None if found.len() > 1 => {
            let there: Vec<_> = found.keys().copied().collect();
            return Err(Stop::Usage(format!("--body: say which of {}", there.join(", "))));
        }
        None => (*found.keys().next().ok_or_else(nothing)?).to_owned(),
    };
    let period = match &args.period {
        Some(text) => text.parse().map_err(|e| Stop::Usage(format!("--period: {e}")))?,
        None => Period::month(*found[body.as_str()].last().ok_or_else(nothing)?),
    };
    Ok((body, period))
}

/// The residents that are asked for.
pub(crate) fn population(args: &Residents) -> Done<Population> {
    let Some(file) = &args.population else { return Ok(Population::census_2011()) };
    let length = std::fs::metadata(file).map_err(io(file))?.len();
    if length > MAX_POPULATION_BYTES {
        return Err(Stop::Usage(format!(
            "{}: {length} bytes are more than a table of forces has",
            file.display()
        )));
    }
    let text = std::fs::read_to_string(file).map_err(io(file))?;
    Population::parse(&text).map_err(|e| Stop::Usage(format!("{}: {e}", file.display())))
}

/// Leaves only the measure and the breakdown that are asked for.
fn pick(view: &mut DatasetView, measure: Option<&str>, by: Option<&[String]>) -> Done {
    let Some(measure) = measure else { return Ok(()) };
    if view.measures.iter().all(|m| m.measure != measure) {
        let mut names: Vec<_> = view.measures.iter().map(|m| m.measure).collect();
        names.dedup();
        return Err(Stop::NotFound(format!("--measure: {measure:?} is none of {}", names.join(", "))));
    }
    view.measures.retain(|m| m.measure == measure);
    view.disparities.clear();
    let Some(by) = by else { return Ok(()) };
    let by: Vec<&str> = by.iter().map(String::as_str).filter(|b| *b != "all").collect();
    let there: Vec<String> = view.measures.iter().map(name_of).collect();
    view.measures.retain(|m| m.by == by);
    if view.measures.is_empty() {
        return Err(Stop::NotFound(format!("--by: {measure} is broken down by {}", there.join("; "))));
    }
    Ok(())
}

fn name_of(measure: &MeasureView) -> String {
    if measure.by.is_empty() { "all".to_owned() } else { measure.by.join(",") }
}

fn svg(file: &Path, view: &DatasetView, out: Output) -> Done {
    let [one] = view.measures.as_slice() else {
        let there: Vec<_> = view.measures.iter().map(name_of).collect();
        return Err(Stop::Usage(format!(
            "--svg: a chart shows one breakdown; --by one of {}",
            there.join("; ")
        )));
    };
    let period: Period = view.period.parse().expect("a view is of a period");
    let chart = one.chart(&format!("{}, {}", view.body, period.words()));
    std::fs::write(file, chart.to_svg()).map_err(io(file))?;
    out.say(&format!("{}: a chart of {}; its numbers are in the table", file.display(), one.measure));
    Ok(())
}

fn plain(table: &Table) -> String {
    let notes: String = table.notes.iter().map(|note| format!("  {note}\n")).collect();
    format!("{}\n\n{}\n\n{notes}", table.title, crate::output::columns(table, &table.columns).trim_end())
}
