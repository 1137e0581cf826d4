//! The dataset as one page: every table, and a chart above those of rates.

use projector::dataset::month::Period;
use projector::dataset::{DatasetView, MeasureView};
use projector::html::Page;

/// The page.
pub(crate) fn page(view: &DatasetView) -> String {
    let period: Period = view.period.parse().expect("a view is of a period");
    let of = format!("{}, {}", view.body, period.words());
    let mut page = Page::new(&format!("Scrutiny figures: {of}"));
    page.meta(&format!(
        "Computed from {} entries with root {}; {} version {}.",
        view.provenance.tree_size,
        view.provenance.root,
        view.provenance.projection,
        view.provenance.definition_version
    ));
    page.meta("For use inside the force: small numbers are not withheld here. `scrutiny publication` withholds them.");
    if view.without_month > 0 {
        page.paragraph(&format!(
            "{} records have no month that can be told, and are in no figure.",
            view.without_month
        ));
    }
    for disparity in view.disparities.iter().filter(|d| d.records > 0) {
        let table = disparity.to_table();
        page.section(&table.title).table(&table, "No record.");
    }
    for measure in view.measures.iter().filter(|m| m.cells.iter().any(|c| m.says(c))) {
        one(&mut page, measure, &of);
    }
    page.finish()
}

fn one(page: &mut Page, measure: &MeasureView, of: &str) {
    let by = if measure.headings.is_empty() {
        String::new()
    } else {
        format!(", by {}", measure.headings.join(" and ").to_lowercase())
    };
    page.section(&format!("{}{by}", measure.title));
    if !measure.is_count && measure.by.len() < 2 {
        page.chart(&measure.chart(of));
    }
    let [yes, _, unknown] = measure.words;
    let heads: Vec<&str> = measure
        .headings
        .iter()
        .copied()
        .chain([yes, "Out of"])
        .chain((!measure.is_count && unknown != "-").then_some(unknown))
        .chain(["Percent"])
        .chain((!measure.is_count).then_some("95 % interval"))
        .collect();
    let rows: Vec<Vec<String>> = measure
        .cells
        .iter()
        .filter(|c| measure.says(c))
        .map(|cell| {
            let mut row: Vec<String> = cell.values.iter().map(|v| (*v).to_owned()).collect();
            row.extend([cell.numerator.to_string(), cell.denominator.to_string()]);
            if !measure.is_count {
                row.extend((unknown != "-").then(|| cell.unknown.to_string()));
            }
            row.push(cell.percent.clone().unwrap_or_else(|| "none".to_owned()));
            if !measure.is_count {
                row.push(cell.wilson_95.as_ref().map_or_else(String::new, |(a, b)| format!("{a} to {b}")));
            }
            row
        })
        .collect();
    page.grid(measure.title, &heads, &rows);
    if !measure.caveat.is_empty() {
        page.paragraph(measure.caveat);
    }
}
