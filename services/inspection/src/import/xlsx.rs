//! XLSX: a sheet for each table. Cells are read one by one: a sheet that claims a million rows costs nothing.

use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};

use super::grid::{Grid, GridRow, Raw, letters};
use super::{ImportError, MAX_ROWS};

/// Cells beyond this column are somebody's scribbles far off, or a file made to be large.
const MAX_COLUMNS: u32 = 256;

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Grid>, ImportError> {
    let unreadable =
        |e: &dyn std::fmt::Display| ImportError::Unreadable(format!("it is no XLSX workbook: {e}"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| unreadable(&e))?;
    let mut grids = Vec::new();
    let mut rows = 0;
    for name in book.sheet_names() {
        let mut cells = book.worksheet_cells_reader(&name).map_err(|e| unreadable(&e))?;
        let mut grid = Grid { name: name.trim().to_lowercase(), rows: Vec::new() };
        while let Some(cell) = cells.next_cell().map_err(|e| unreadable(&e))? {
            let (row, column) = cell.get_position();
            let Some(raw) = text(cell.get_value(), || format!("{name}!{}{}", place(column), row + 1))? else {
                continue;
            };
            if column >= MAX_COLUMNS {
                let sentence =
                    format!("sheet {name}, row {}: there is something in column {}", row + 1, place(column));
                return Err(ImportError::Unreadable(sentence));
            }
            let number = u64::from(row) + 1;
            if grid.rows.last().is_none_or(|last| last.number != number) {
                rows += 1;
                grid.rows.push(GridRow { number, cells: Vec::new() });
            }
            if rows > MAX_ROWS {
                return Err(ImportError::Unreadable(format!("it has more than {MAX_ROWS} rows")));
            }
            let last = grid.rows.last_mut().expect("a row was just put there");
            last.cells.push((usize::try_from(column).expect("a small number fits"), raw));
        }
        grids.push(grid);
    }
    Ok(grids)
}

fn place(column: u32) -> String {
    letters(usize::try_from(column).unwrap_or(usize::MAX - 1))
}

/// A cell as text, dates in ISO form; none for an empty one.
fn text(value: &DataRef<'_>, place: impl Fn() -> String) -> Result<Option<Raw>, ImportError> {
    let raw = match value {
        DataRef::Empty => return Ok(None),
        DataRef::Int(number) => Raw::text(&number.to_string()),
        DataRef::Float(number) => Raw { text: number.to_string(), fraction: number.fract() != 0.0 },
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Raw::text(text),
        DataRef::SharedString(text) => Raw::text(text),
        DataRef::Bool(yes) => Raw::text(if *yes { "yes" } else { "no" }),
        DataRef::DateTime(when) => Raw::text(&day(when)),
        DataRef::Error(error) => {
            return Err(ImportError::Unreadable(format!("{}: the cell shows the error {error}", place())));
        }
    };
    Ok((!raw.text.is_empty()).then_some(raw))
}

/// `2026-03-31`, and the time where there is one.
fn day(when: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = when.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        date
    } else {
        format!("{date}T{hour:02}:{minute:02}:{second:02}")
    }
}
