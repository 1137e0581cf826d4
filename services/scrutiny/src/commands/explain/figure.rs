//! The entries behind a figure of the scrutiny dataset, or behind a cell of a submission's file.

use std::path::Path;

use projector::dataset::month::Period;
use projector::dataset::{Behind, Dataset};
use projector::explain::Ground;
use projector::{Projection as _, Standing};
use serde_json::{Value, json};
use submissions::submission::Traced;
use submissions::template::Field;

use crate::cli::{Common, Explain};
use crate::commands::submission::{Again, manifest};
use crate::counting::{self, Count};
use crate::exit::{Done, Stop, io};
use crate::output::Output;

/// What is explained: grounds, where they stand, and what else there is to say.
pub(super) struct Explained {
    pub(super) grounds: Vec<Ground>,
    pub(super) standing: Standing,
    pub(super) about: Vec<(&'static str, Value)>,
}

/// `dataset/BODY/PERIOD/MEASURE/CELL`.
pub(super) fn named(args: &Explain, at: &Common, out: Output) -> Done<Explained> {
    let unknown = || {
        Stop::NotFound(format!(
            "{} is no figure: dataset/BODY/PERIOD/MEASURE/CELL, as `scrutiny dataset show` names them",
            args.name
        ))
    };
    let mut parts = args.name.splitn(5, '/').skip(1);
    let mut part = || parts.next().ok_or_else(unknown);
    let (body, period, measure, cell) = (part()?, part()?, part()?, part()?);
    let period: Period = period.parse().map_err(|e| Stop::Usage(format!("{}: {e}", args.name)))?;
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(args.when.at)?;
    let behind = counted.dataset.behind(body, period, measure, cell).ok_or_else(unknown)?;
    Ok(Explained { grounds: grounds(&args.name, behind, None), standing, about: Vec::new() })
}

/// A cell of a file in a submission's folder. The file must be the one that the ledger gives.
pub(super) fn cell(file: &Path, cell: &str, at: &Common, out: Output) -> Done<Explained> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let bytes = std::fs::read(file).map_err(io(file))?;
    let listed = manifest(dir)?;
    if listed.files.iter().all(|f| f.name != name) {
        return Err(Stop::NotFound(format!("{}: the manifest beside it names no such file", file.display())));
    }
    let source = counting::source(&at.ledger)?;
    let again = Again::make(dir, &*source, out)?;
    if again.submission.files.iter().all(|(known, made)| known != name || *made != bytes) {
        return Err(Stop::VerificationFailed(format!(
            "{}: it is not what the ledger gives; `scrutiny submission check {}` says where it differs",
            file.display(),
            dir.display()
        )));
    }
    let traced = again.submission.trace(name, cell).ok_or_else(|| {
        let form = if name.ends_with(".csv") { "C7" } else { "TABLE!C7" };
        Stop::NotFound(format!("{cell}: no figure is there; name a cell below the headings as {form}"))
    })?;
    let Some(field) = traced.field else {
        return Err(Stop::Usage(format!(
            "{cell} names its row ({}); ask for a figure beside it",
            traced.shows
        )));
    };
    let body = &again.submission.manifest.body;
    let behind = behind(&again.dataset, body, again.period, &traced)?;
    let label = format!("{} {cell}", file.display());
    let mut grounds = grounds(&label, behind, Some(field));
    for ground in &mut grounds {
        ground.says = format!("{}, {}: {}; {}", traced.heading, traced.cell, traced.shows, ground.says);
    }
    let about = vec![
        ("file", json!(file)),
        ("cell", json!(cell)),
        ("table", json!(traced.table)),
        ("column", json!(traced.heading)),
        ("row", json!(traced.cell)),
        ("measure", json!(traced.measure)),
        ("shows", json!(traced.shows)),
    ];
    Ok(Explained { grounds, standing: again.standing, about })
}

fn behind(dataset: &Dataset, body: &str, period: Period, traced: &Traced) -> Done<Behind> {
    dataset
        .behind(body, period, &traced.measure, &traced.cell)
        .ok_or_else(|| Stop::NotFound(format!("{}/{}: no such figure", traced.measure, traced.cell)))
}

/// A list for each part of the figure that the column shows.
fn grounds(name: &str, behind: Behind, field: Option<Field>) -> Vec<Ground> {
    let Behind { numerator, rest, unknown } = behind;
    let wanted = match field {
        Some(Field::Count | Field::Records) => [true, false, false],
        Some(Field::Unknown) => [false, false, true],
        _ => [true; 3],
    };
    let lists = [("counted", numerator), ("in the denominator beside them", rest), ("do not say", unknown)];
    let parts = lists.into_iter().zip(wanted).map(|((says, entries), wanted)| (says, entries, wanted));
    let shown = parts.filter(|(_, entries, wanted)| *wanted && !entries.is_empty());
    let ground = |(says, entries, _): (&str, Vec<u64>, bool)| Ground {
        name: name.to_owned(),
        projection: Dataset::NAME,
        says: format!("{} {says}", crate::output::count(entries.len() as u64, "entry", "entries")),
        entries,
    };
    let mut grounds: Vec<Ground> = shown.map(ground).collect();
    if grounds.is_empty() {
        let says = "no entry".to_owned();
        grounds.push(Ground { name: name.to_owned(), projection: Dataset::NAME, says, entries: Vec::new() });
    }
    grounds
}
