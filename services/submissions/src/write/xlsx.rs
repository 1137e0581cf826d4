//! Office Open XML, for those who open what they are sent with a double click.
//!
//! `rust_xlsxwriter` makes the parts; they are packed anew without compression, so that the bytes do not hang on
//! a compressor's version.

use std::io::{Cursor, Read as _};

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Table, TableColumn, TableStyle, Worksheet, XlsxError,
};

use super::archive;
use crate::sheet::{LANGUAGE, Sheet, Value, Workbook, front};

/// A sans serif of 12 points, as the guidance asks.
const FONT: &str = "Arial";
const POINTS: f64 = 12.0;

/// A workbook.
///
/// # Errors
/// When a text or a sheet is beyond the format's limits (32,767 characters, 1,048,576 rows).
pub fn write(workbook: &Workbook) -> Result<Vec<u8>, XlsxError> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let properties = DocProperties::new()
        .set_title(&workbook.title)
        .set_creation_datetime(&ExcelDateTime::from_timestamp(workbook.made)?)
        .set_custom_property("Language", LANGUAGE);
    book.set_properties(&properties);
    for sheet in front(workbook).iter().chain(&workbook.sheets) {
        self::sheet(book.add_worksheet(), sheet)?;
    }
    Ok(repacked(&book.save_to_buffer()?))
}

fn sheet(page: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    page.set_name(&sheet.name)?;
    let plain = Format::new().set_font_name(FONT).set_font_size(POINTS);
    let wrapped = plain.clone().set_text_wrap().set_align(FormatAlign::Top);
    let above = sheet.above_or_cover();
    for (row, line) in (0..).zip(&above) {
        let bold = plain.clone().set_bold();
        page.write_string_with_format(row, 0, line, if row == 0 { &bold } else { &plain })?;
    }
    for (column, width) in (0..).zip(widths(sheet)) {
        page.set_column_width(column, width)?;
    }
    if sheet.columns.is_empty() {
        return Ok(());
    }
    let head = u32::try_from(above.len()).unwrap_or(u32::MAX);
    for (row, values) in (head + 1..).zip(&sheet.rows) {
        for (column, value) in (0..).zip(values) {
            match value {
                Value::Count(count) =>
                {
                    #[expect(clippy::cast_precision_loss, reason = "nobody counts past 2^53")]
                    page.write_number_with_format(row, column, *count as f64, &wrapped)?
                }
                Value::Decimal(digits) => {
                    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
                    let format = wrapped.clone().set_num_format(format!("0.{}", "0".repeat(decimals)));
                    page.write_number_with_format(row, column, digits.parse().unwrap_or(f64::NAN), &format)?
                }
                Value::Text(_) | Value::Mark(_) => {
                    page.write_string_with_format(row, column, value.text(), &wrapped)?
                }
            };
        }
    }
    let heading = wrapped.clone().set_bold();
    let columns: Vec<_> = sheet
        .columns
        .iter()
        .map(|name| TableColumn::new().set_header(name).set_header_format(&heading))
        .collect();
    let table = Table::new()
        .set_name(format!("table_{}", sheet.name))
        .set_autofilter(false)
        .set_banded_rows(false)
        .set_style(TableStyle::None)
        .set_alt_text_title(&sheet.title)
        .set_columns(&columns);
    // A marked-up table has one row at least; a table without rows is its headings.
    if sheet.rows.is_empty() {
        for (column, name) in (0..).zip(&sheet.columns) {
            page.write_string_with_format(head, column, name, &heading)?;
        }
        return Ok(());
    }
    let last_row = head + u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX);
    let last_column = u16::try_from(sheet.columns.len() - 1).unwrap_or(u16::MAX);
    page.add_table(head, 0, last_row, last_column, &table).map(|_| ())
}

/// Wide enough for the longest word or number, up to a column that still fits a page.
fn widths(sheet: &Sheet) -> Vec<f64> {
    if sheet.columns.is_empty() {
        return vec![100.0];
    }
    let longest = |column: usize| {
        let cells = sheet.rows.iter().filter_map(|row| row.get(column)).map(|v| v.text().chars().count());
        let word = sheet.columns[column].split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
        cells.chain([word]).max().unwrap_or(0)
    };
    (0..sheet.columns.len())
        .map(|column| f64::from(u32::try_from((longest(column) + 3).clamp(12, 60)).unwrap_or(60)))
        .collect()
}

/// The same members, stored.
fn repacked(bytes: &[u8]) -> Vec<u8> {
    const OURS: &str = "rust_xlsxwriter wrote this archive a moment ago";
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect(OURS);
    let mut members = Vec::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).expect(OURS);
        let mut content = Vec::new();
        member.read_to_end(&mut content).expect(OURS);
        let name = member.name().expect(OURS).into_owned();
        members.push((name, content));
    }
    archive::pack(&members)
}
