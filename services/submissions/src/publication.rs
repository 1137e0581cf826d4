//! The publication view: what the public may see of the figures, and a record of what it may not.
//!
//! Small counts are withheld, with whatever would give them away ([`projector::suppress`]). Percentages are shown
//! only where the counts behind them are. Tables whose totals other tables show too keep them, and so cannot be
//! played against each other; a template that breaks the same records down by the same heading twice is refused.
//!
//! The record says how many cells are withheld and under which code, and no more: how many of them are small
//! would itself help to compute them.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::hash::Hash;
use projector::dataset::measure::{MEASURES, Measure};
use projector::dataset::month::Period;
use projector::dataset::{Cell, DatasetView, MeasureView};
use projector::html::Page;
use projector::suppress::{Grid, Published, Shown, Totals};
use serde::{Deserialize, Serialize};

use crate::fill::{FillError, Stamp};
use crate::sheet::{Mark, Sheet, Value, Workbook};
use crate::template::{Field, TableTemplate, Template, TemplateError};
use crate::write::{csv, json, ods};

/// Why small cells are withheld, as a publication's record gives it.
pub const REASON_CODE: &str = "SMALL_NUMBERS";
/// The file that a later publication of the same period is compared with. It says what the page says.
pub const SHOWN_FILE: &str = "shown.json";
/// The page.
pub const PAGE_FILE: &str = "index.html";

/// The publications that the program carries, by name.
pub const OURS: [(&str, &str); 2] = [
    ("publication-stop-search", include_str!("../templates/publication-stop-search.yaml")),
    ("publication-use-of-force", include_str!("../templates/publication-use-of-force.yaml")),
];

/// A publication, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Every file, by name.
    pub files: Vec<(String, Vec<u8>)>,
    /// Digest of the page, hexadecimal: what a `PublicationRecorded` carries.
    pub content_sha256: String,
    /// How many cells are withheld.
    pub withheld: u64,
}

/// What was shown: the counts of each table with its totals, row by row; null for what was withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownBefore {
    body: String,
    period: String,
    template: String,
    tables: BTreeMap<String, ShownTable>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownTable {
    rows: Vec<String>,
    columns: usize,
    counts: Vec<Option<u64>>,
}

impl ShownTable {
    /// The counts under other names of rows. A row that was not there had nothing in it, and everybody could see that:
    /// words that nobody knew have a row only in the edition that has such a record.
    fn under(&self, names: &[String]) -> Vec<Option<u64>> {
        let width = self.columns + 1;
        let lines: Vec<&[Option<u64>]> = self.counts.chunks(width).collect();
        let withheld = vec![None; width];
        let line = |at: usize| lines.get(at).copied().unwrap_or(&withheld);
        let row = |name: &String| match self.rows.iter().position(|row| row == name) {
            Some(at) => line(at).to_vec(),
            None => vec![Some(0); width],
        };
        names.iter().flat_map(row).chain(line(self.rows.len()).iter().copied()).collect()
    }
}

/// Why nothing is published.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// The template is not for such a period.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// The template would give away what it withholds.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The publication before is of something else.
    #[error("the publication before is of {0}; one of the same body, period and template is needed")]
    Before(String),
}

impl Publication {
    /// Makes the files of a publication. `before` is what was published last of the same period.
    ///
    /// # Errors
    /// When the template is not for the period or breaks records down by one heading twice, or `before` is of
    /// something else.
    pub fn make(
        template: &Template,
        view: &DatasetView,
        stamp: Stamp<'_>,
        before: Option<&ShownBefore>,
    ) -> Result<Self, PublicationError> {
        let period: Period = view.period.parse().expect("a view is of a period");
        if !template.is_for(period) {
            let (template, period) = (template.name.clone(), view.period.clone());
            return Err(FillError::Period { template, period, cadence: "month" }.into());
        }
        check(template)?;
        if let Some(b) =
            before.filter(|b| (&b.body, &b.period, &b.template) != (&view.body, &view.period, &template.name))
        {
            return Err(PublicationError::Before(format!("{}, {} ({})", b.body, b.period, b.template)));
        }
        let tables: Vec<_> = template
            .tables
            .iter()
            .map(|table| Public::new(table, view, before.and_then(|b| b.tables.get(&table.name))))
            .collect();
        let withheld = tables.iter().map(Public::withheld).sum();
        let shown = ShownBefore {
            body: view.body.clone(),
            period: view.period.clone(),
            template: template.name.clone(),
            tables: tables.iter().map(|t| (t.sheet.name.clone(), t.shown())).collect(),
        };
        let workbook = workbook(template, view, stamp, period, &tables);
        let page = page(&workbook, &tables, withheld).into_bytes();
        let mut files: Vec<_> =
            workbook.sheets.iter().map(|sheet| (format!("{}.csv", sheet.name), csv::write(sheet))).collect();
        files.push((format!("{}.ods", template.name), ods::write(&workbook)));
        files.push(("withheld.csv".to_owned(), record(&tables)));
        let shown = serde_json::to_value(&shown).expect("it is made of plain values");
        files.push((SHOWN_FILE.to_owned(), json::canonical(&shown)));
        let content_sha256 = Hash::of(&page).to_hex();
        files.push((PAGE_FILE.to_owned(), page));
        Ok(Self { files, content_sha256, withheld })
    }
}

/// A table as the public sees it.
struct Public {
    sheet: Sheet,
    grid: Laid,
    caveat: String,
}

/// A table's counts with the names of its rows, published.
struct Laid {
    rows: Vec<String>,
    columns: usize,
    published: Published,
    has_totals: bool,
}

impl Public {
    fn new(table: &TableTemplate, view: &DatasetView, before: Option<&ShownTable>) -> Self {
        let by: Vec<&str> = table.by.iter().map(String::as_str).collect();
        let found = view.find(table.measure.as_deref().unwrap_or_default(), &by);
        let found = found.expect("a template is checked against the measures there are");
        let grid = publish(table, found, before);
        let mut rows: Vec<Vec<Value>> =
            found.cells.iter().enumerate().map(|(at, cell)| line(table, Some(cell), &grid, at)).collect();
        if grid.has_totals {
            rows.push(line(table, None, &grid, found.cells.len()));
        }
        let sheet = Sheet {
            name: table.name.clone(),
            title: table.title.clone(),
            lines: vec![format!("{}.", found.title)],
            columns: found
                .headings
                .iter()
                .map(|h| (*h).to_owned())
                .chain(table.columns.iter().map(|c| c.heading.clone()))
                .collect(),
            keys: 1,
            rows,
        };
        Self { sheet, grid, caveat: found.caveat.to_owned() }
    }

    fn withheld(&self) -> u64 {
        let marks = self.sheet.rows.iter().flatten();
        marks.filter(|value| **value == Value::Mark(Mark::Confidential)).count() as u64
    }

    fn shown(&self) -> ShownTable {
        let places = (0..=self.grid.rows.len())
            .flat_map(|row| (0..=self.grid.columns).map(move |column| (row, column)));
        let counts = places.map(|(row, column)| match self.grid.published.get(row, column) {
            Some(Shown::Count(count)) => Some(count),
            _ => None,
        });
        ShownTable { rows: self.grid.rows.clone(), columns: self.grid.columns, counts: counts.collect() }
    }
}

/// Which counts a table shows: all of a plain count; what counts and what does not; or with those that do not say.
fn publish(table: &TableTemplate, found: &MeasureView, before: Option<&ShownTable>) -> Laid {
    let apart = table.columns.iter().any(|c| c.field == Field::Unknown);
    let counts = |cell: &Cell| -> Vec<u64> {
        let of_all = measure_of(table).of_all;
        if found.is_count {
            vec![cell.numerator]
        } else if apart {
            vec![cell.numerator, cell.denominator - cell.numerator, cell.unknown]
        } else {
            let rest = cell.denominator - cell.numerator;
            vec![cell.numerator, rest + if of_all { 0 } else { cell.unknown }]
        }
    };
    let rows: Vec<Vec<u64>> = found.cells.iter().map(counts).collect();
    let names: Vec<String> = found.cells.iter().map(|cell| cell.name.clone()).collect();
    let grid = Grid::new(&rows);
    let columns = rows.first().map_or(0, Vec::len);
    let before =
        before.filter(|b| b.columns == columns).map(|b| Published::remembered(columns, &b.under(&names)));
    // Each record is once in such a table, so its columns add up to something that other tables show too.
    let has_totals = !matches!(table.by.first().map(String::as_str), Some("tactic" | "level") | None);
    let published = if has_totals {
        grid.publish_below_totals(before.as_ref())
    } else {
        grid.publish(Totals { of_rows: columns > 1, of_columns: false }, before.as_ref())
    };
    Laid { rows: names, columns, published, has_totals }
}

fn measure_of(table: &TableTemplate) -> &'static Measure {
    let id = table.measure.as_deref().unwrap_or_default();
    MEASURES.iter().find(|m| m.id == id).expect("a template is checked against the measures there are")
}

/// One row; without a cell it is the row of totals.
fn line(table: &TableTemplate, cell: Option<&Cell>, grid: &Laid, row: usize) -> Vec<Value> {
    let key = cell.map_or_else(
        || "All".to_owned(),
        |c| if c.values.is_empty() { "All".to_owned() } else { c.values.join(", ") },
    );
    let figures = table.columns.iter().map(|column| figure(column.field, grid, row));
    std::iter::once(Value::Text(key)).chain(figures).collect()
}

fn figure(field: Field, grid: &Laid, row: usize) -> Value {
    let at = |column| match grid.published.get(row, column) {
        Some(Shown::Count(count)) => Some(count),
        _ => None,
    };
    let or_withheld = |count: Option<u64>| count.map_or(Value::Mark(Mark::Confidential), Value::Count);
    // Of how many: with a column of those that do not say, the two before it; else the row's total.
    let of = if grid.columns == 3 { at(0).zip(at(1)).map(|(yes, no)| yes + no) } else { at(grid.columns) };
    match field {
        Field::Count => or_withheld(at(0)),
        Field::Of => or_withheld(of),
        Field::Unknown if grid.columns == 3 => or_withheld(at(2)),
        Field::Percent => match (at(0), of) {
            (Some(count), Some(of)) => {
                projector::rate::percent(count, of).map_or(Value::Mark(Mark::NotApplicable), Value::Decimal)
            }
            _ => Value::Mark(Mark::Confidential),
        },
        _ => Value::Mark(Mark::NotApplicable),
    }
}

/// No two tables may break the same records down by the same heading, and none by two.
fn check(template: &Template) -> Result<(), TemplateError> {
    let mut seen = BTreeSet::new();
    for table in &template.tables {
        let problem =
            |problem: &str| TemplateError::Table { table: table.name.clone(), problem: problem.to_owned() };
        if table.measure.is_none() || table.by.len() != 1 {
            return Err(problem("what is published is one measure by one heading"));
        }
        if !seen.insert((measure_of(table).power as u8, table.by.clone())) {
            return Err(problem(
                "another table breaks the same records down by the same heading: one would give away what the other withholds",
            ));
        }
    }
    Ok(())
}

fn workbook(
    template: &Template,
    view: &DatasetView,
    stamp: Stamp<'_>,
    period: Period,
    tables: &[Public],
) -> Workbook {
    let mut cover = template.about.clone();
    cover.push(format!(
        "Computed from the first {} entries of the ledger {}, with root {}.",
        view.provenance.tree_size, stamp.ledger, view.provenance.root
    ));
    cover.push(format!("Template {} version {}.", template.name, template.version));
    Workbook {
        title: format!("{}: {}, {}", template.title, view.body, period.words()),
        cover,
        notes: template.notes.clone(),
        sheets: tables.iter().map(|t| t.sheet.clone()).collect(),
        made: stamp.made,
    }
}

fn page(workbook: &Workbook, tables: &[Public], withheld: u64) -> String {
    let mut page = Page::new(&workbook.title);
    workbook.cover.iter().for_each(|line| {
        page.paragraph(line);
    });
    for table in tables {
        let sheet = &table.sheet;
        page.section(&sheet.title);
        let rows: Vec<Vec<String>> =
            sheet.rows.iter().map(|row| row.iter().map(Value::text).collect()).collect();
        page.grid(&sheet.title, &sheet.columns, &rows);
        page.meta(&format!("The same table for computers: {}.csv.", sheet.name));
        if !table.caveat.is_empty() {
            page.paragraph(&table.caveat);
        }
    }
    page.section("Notes");
    let notes: Vec<String> =
        (1..).zip(&workbook.notes).map(|(n, note)| format!("[note {n}] {note}")).collect();
    page.list(&notes);
    page.section("What is withheld, and why");
    page.paragraph(&format!(
        "[c] stands for a number that is withheld: {withheld} cells, {REASON_CODE}. [z] stands where there is nothing to compute."
    ));
    page.paragraph(&format!(
        "A number below {} is withheld, and so are numbers from which one could be computed. Percentages are shown \
         only with the numbers behind them. What was withheld in an earlier edition of the same month stays withheld.",
        projector::suppress::THRESHOLD
    ));
    page.finish()
}

/// How much is withheld from each table, and under which code.
fn record(tables: &[Public]) -> Vec<u8> {
    let rows = tables.iter().map(|t| {
        vec![
            Value::Text(t.sheet.name.clone()),
            Value::Count(t.withheld()),
            Value::Text(REASON_CODE.to_owned()),
        ]
    });
    csv::write(&Sheet {
        name: "withheld".to_owned(),
        title: String::new(),
        lines: Vec::new(),
        columns: ["Table", "Cells withheld", "Reason code"].map(str::to_owned).to_vec(),
        keys: 1,
        rows: rows.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A late form with a word that nobody knows brought a row of its own; the edition before was then taken for
    /// another table, and the cells that had moved by one were shown.
    #[test]
    fn an_edition_with_a_row_more_is_compared_with_the_one_before_all_the_same() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let counts = [Some(40), Some(40), None, None, Some(48), Some(48)];
        let before = ShownTable { rows: names(&["Male", "Other"]), columns: 1, counts: counts.to_vec() };
        let now = before.under(&names(&["Male", "Other", "Unrecognised"]));
        assert_eq!(now, [Some(40), Some(40), None, None, Some(0), Some(0), Some(48), Some(48)]);
        let grid = Grid::new(&[vec![41], vec![8], vec![1]]);
        let published = grid.publish_below_totals(Some(&Published::remembered(1, &now)));
        let shown = |row| published.get(row, 0).filter(|cell| matches!(cell, Shown::Count(_)));
        assert_eq!(
            (0..4).filter_map(shown).collect::<Vec<_>>(),
            [],
            "48 became 50: the total moved by a small number too"
        );

        let cut_short = ShownTable { counts: vec![Some(40)], ..before };
        assert!(cut_short.under(&names(&["Other"])).iter().all(Option::is_none), "what is lost was withheld");
    }
}
