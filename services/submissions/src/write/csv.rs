//! A sheet's table as CSV: headings and rows, RFC 4180. What stands above it is in the workbook and in the JSON.

use projector::table::csv_cell;

use crate::sheet::Sheet;

/// The table of a sheet.
#[must_use]
pub fn write(sheet: &Sheet) -> Vec<u8> {
    let mut text = String::new();
    line(&mut text, sheet.columns.iter().map(|heading| csv_cell(heading)));
    for row in &sheet.rows {
        line(&mut text, row.iter().map(|value| csv_cell(&value.text())));
    }
    text.into_bytes()
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    text.push_str(&cells.collect::<Vec<_>>().join(","));
    text.push_str("\r\n");
}
