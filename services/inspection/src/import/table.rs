//! Tables whose columns are known, whatever file they come from.

use std::collections::{BTreeMap, BTreeSet};

use super::grid::{Grid, GridRow, Raw, letters};
use super::layout::{self, SHEETS, Sheet};
use super::{ImportError, Place, Problem};

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, place: Place, problem: impl Into<String>) {
        self.0.push(Problem { place, problem: problem.into() });
    }

    pub(super) fn into_error(mut self, most: usize) -> Option<ImportError> {
        if self.0.is_empty() {
            return None;
        }
        // What every statement of a report has in common is wrong once.
        let mut seen = BTreeSet::new();
        self.0.retain(|problem| seen.insert(problem.to_string()));
        let more = self.0.len().saturating_sub(most);
        self.0.truncate(most);
        if more > 0 {
            let last = self.0.last_mut().expect("there is at least one");
            last.problem.push_str(&format!(" (and {more} more)"));
        }
        Some(ImportError::Problems(self.0))
    }
}

/// The tables of a workbook by name; a table that is not there is empty.
#[derive(Default)]
pub(super) struct Tables(BTreeMap<&'static str, Vec<Row>>);

/// A row: its cells by the name of the column.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) sheet: &'static str,
    pub(super) number: u64,
    pub(super) cells: BTreeMap<&'static str, Cell>,
}

#[derive(Debug)]
pub(super) struct Cell {
    /// The row it stands on: an upright table has a row for each field.
    pub(super) row: u64,
    /// The column's letters, where the file has such.
    pub(super) letters: Option<String>,
    /// Its values: one, unless the column takes a list.
    pub(super) values: Vec<String>,
}

impl Tables {
    pub(super) fn rows(&self, sheet: &str) -> &[Row] {
        self.0.get(sheet).map_or(&[], Vec::as_slice)
    }

    /// The report's own fields.
    pub(super) fn report(&self) -> Option<&Row> {
        self.rows("report").first()
    }

    pub(super) fn add(&mut self, sheet: &'static Sheet, row: Row) {
        self.0.entry(sheet.name).or_default().push(row);
    }
}

impl Row {
    pub(super) fn get(&self, column: &str) -> &str {
        self.cells.get(column).and_then(|cell| cell.values.first()).map_or("", String::as_str)
    }

    pub(super) fn list(&self, column: &str) -> &[String] {
        self.cells.get(column).map_or(&[], |cell| cell.values.as_slice())
    }

    pub(super) fn place(&self, column: &str) -> Place {
        let cell = self.cells.get(column);
        let row = cell.map_or(self.number, |cell| cell.row);
        let letters = cell.and_then(|cell| cell.letters.clone());
        Place {
            sheet: self.sheet.to_owned(),
            row: (row > 0).then_some(row),
            column: Some((letters, column.to_owned())),
        }
    }

    /// Yes or no; none where the cell is empty.
    pub(super) fn flag(&self, column: &str, problems: &mut Problems) -> Option<bool> {
        match self.get(column).to_lowercase().as_str() {
            "" => None,
            "yes" | "y" | "true" | "1" => Some(true),
            "no" | "n" | "false" | "0" => Some(false),
            other => {
                problems.add(self.place(column), format!("must be yes or no; got {other:?}"));
                None
            }
        }
    }

    /// Complains of every column that must not stay empty and does.
    pub(super) fn check_needed(&self, problems: &mut Problems) {
        let sheet = layout::sheet(self.sheet).expect("a row belongs to a known table");
        for column in sheet.columns.iter().filter(|c| c.needed && self.list(c.name).is_empty()) {
            problems.add(self.place(column.name), format!("must not be empty: {}", column.about));
        }
    }
}

/// Gives every cell of a file's tables the name of its column.
pub(super) fn from_grids(grids: Vec<Grid>, problems: &mut Problems) -> Tables {
    let mut tables = Tables::default();
    for grid in grids {
        let Some(sheet) = layout::sheet(&grid.name) else {
            // A sheet for the person who fills the others in.
            if grid.name != "notes" && !grid.rows.is_empty() {
                problems.add(
                    whole(&grid.name),
                    format!("there is no such table; there are {} and notes", names()),
                );
            }
            continue;
        };
        if sheet.upright {
            upright(sheet, grid, &mut tables, problems)
        } else {
            lying(sheet, grid, &mut tables, problems)
        }
    }
    tables
}

pub(super) fn whole(sheet: &str) -> Place {
    Place { sheet: sheet.to_owned(), row: None, column: None }
}

pub(super) fn names() -> String {
    SHEETS.iter().map(|sheet| sheet.name).collect::<Vec<_>>().join(", ")
}

/// What to say of a column that no table has.
pub(super) fn unknown_column(sheet: &Sheet, name: &str) -> String {
    let known = sheet.columns.iter().map(|column| column.name);
    match scrutiny_proto::vocabulary::nearest_word(name, known.clone()) {
        Some(near) => format!("there is no column {name:?}; did you mean {near}?"),
        None => format!("there is no column {name:?}; there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

fn upright(sheet: &'static Sheet, grid: Grid, tables: &mut Tables, problems: &mut Problems) {
    let mut row = Row { sheet: sheet.name, number: 0, cells: BTreeMap::new() };
    for GridRow { number, cells } in grid.rows {
        let mut cells = cells.into_iter();
        let Some((0, field)) = cells.next() else { continue };
        let place = Place {
            sheet: sheet.name.to_owned(),
            row: Some(number),
            column: Some((Some("A".to_owned()), "field".to_owned())),
        };
        let name = field.text.to_lowercase();
        if name == "field" || name.starts_with('#') {
            continue;
        }
        let Some(column) = sheet.column(&name) else {
            problems.add(place, unknown_column(sheet, &name));
            continue;
        };
        if row.cells.contains_key(column.name) {
            problems.add(place, format!("{name} stands there twice"));
            continue;
        }
        let mut cell = Cell { row: number, letters: Some("B".to_owned()), values: Vec::new() };
        // What stands behind the value is an explanation, unless the field takes a list.
        let most = if column.list { usize::MAX } else { 1 };
        for (at, raw) in cells.filter(|(at, raw)| !is_explanation(*at, raw)).take(most) {
            cell.letters.get_or_insert_with(|| letters(at));
            cell.values.extend(values(
                column,
                raw,
                || Place {
                    sheet: sheet.name.to_owned(),
                    row: Some(number),
                    column: Some((Some(letters(at)), name.clone())),
                },
                problems,
            ));
        }
        if !cell.values.is_empty() {
            row.cells.insert(column.name, cell);
        }
    }
    tables.add(sheet, row);
}

/// The template explains a field behind its value, in words that begin so.
fn is_explanation(at: usize, raw: &Raw) -> bool {
    at > 1 && raw.text.starts_with('#')
}

fn lying(sheet: &'static Sheet, grid: Grid, tables: &mut Tables, problems: &mut Problems) {
    let mut rows = grid
        .rows
        .into_iter()
        .filter(|row| !row.cells.first().is_some_and(|(at, raw)| *at == 0 && raw.text.starts_with('#')));
    let Some(header) = rows.next() else { return };
    let mut columns = BTreeMap::new();
    for (at, raw) in &header.cells {
        let name = raw.text.to_lowercase();
        let place = || Place {
            sheet: sheet.name.to_owned(),
            row: Some(header.number),
            column: Some((Some(letters(*at)), raw.text.clone())),
        };
        match sheet.column(&name) {
            Some(column) if columns.values().any(|c: &&layout::Column| c.name == column.name) => {
                problems.add(place(), format!("{name} stands there twice"));
            }
            Some(column) => drop(columns.insert(*at, column)),
            None => problems.add(place(), unknown_column(sheet, &name)),
        }
    }
    for GridRow { number, cells } in rows {
        let mut row = Row { sheet: sheet.name, number, cells: BTreeMap::new() };
        for (at, raw) in cells {
            let place = |name: &str| Place {
                sheet: sheet.name.to_owned(),
                row: Some(number),
                column: Some((Some(letters(at)), name.to_owned())),
            };
            let Some(column) = columns.get(&at) else {
                problems.add(place("no name"), format!("there is {:?} under no column's name", raw.text));
                continue;
            };
            let values = values(column, raw, || place(column.name), problems);
            row.cells.insert(column.name, Cell { row: number, letters: Some(letters(at)), values });
        }
        tables.add(sheet, row);
    }
}

/// A cell's values; several where the column takes a list.
fn values(
    column: &layout::Column,
    raw: Raw,
    place: impl Fn() -> Place,
    problems: &mut Problems,
) -> Vec<String> {
    if raw.fraction && column.exact {
        problems.add(
            place(),
            format!("{} is a number, and nobody can tell 1.1 from 1.10: format the cell as text", raw.text),
        );
    }
    if !column.list {
        return vec![raw.text];
    }
    raw.text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
