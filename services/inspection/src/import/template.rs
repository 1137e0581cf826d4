//! A workbook to fill in: every table with its columns, what belongs there, and one example.

use rust_xlsxwriter::{Format as Style, Workbook, XlsxError};

use super::Format;
use super::layout::{Column, SHEETS, Sheet};

/// Writes a template.
///
/// # Errors
/// When the spreadsheet cannot be put together.
pub fn template(format: Format) -> Result<Vec<u8>, XlsxError> {
    match format {
        Format::Csv => Ok(csv().into_bytes()),
        Format::Yaml => Ok(yaml().into_bytes()),
        Format::Xlsx => xlsx(),
    }
}

/// The rows of a table as cells; explanations begin with `#` and are passed over when it is read.
fn rows(sheet: &Sheet) -> Vec<Vec<String>> {
    let note = |text: &str| format!("# {text}");
    let mut rows = vec![vec![note(sheet.about)]];
    let hint =
        |column: &Column| note(&format!("{}{}", column.about, if column.needed { " (needed)" } else { "" }));
    if sheet.upright {
        let field = |column: &Column| vec![column.name.to_owned(), column.example.to_owned(), hint(column)];
        rows.extend(sheet.columns.iter().map(field));
    } else {
        rows.push(sheet.columns.iter().map(hint).collect());
        rows.push(sheet.columns.iter().map(|column| column.name.to_owned()).collect());
        if sheet.columns.iter().any(|column| !column.example.is_empty()) {
            rows.push(sheet.columns.iter().map(|column| column.example.to_owned()).collect());
        }
    }
    rows
}

fn csv() -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for sheet in &SHEETS {
        let heading = vec![format!("[{}]", sheet.name)];
        for row in std::iter::once(heading).chain(rows(sheet)) {
            writer.write_record(row).expect("a vector takes every row");
        }
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("the layout is text")
}

fn xlsx() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // As text: a finding 1.10 stays 1.10.
    let text = Style::new().set_num_format("@").set_text_wrap();
    let names = Style::new().set_bold().set_num_format("@");
    let notes = Style::new().set_italic().set_text_wrap();
    for sheet in &SHEETS {
        let page = book.add_worksheet().set_name(sheet.name)?;
        let width = u16::try_from(sheet.columns.len()).expect("some twenty columns");
        for column in 0..width {
            page.set_column_width(column, if sheet.upright && column == 0 { 24 } else { 36 })?;
            page.set_column_format(column, &text)?;
        }
        for (row, cells) in (0..).zip(rows(sheet)) {
            for (column, cell) in (0..).zip(cells.iter().filter(|_| true)) {
                let is_name = if sheet.upright { column == 0 && row > 0 } else { row == 2 };
                let style = if cell.starts_with('#') {
                    &notes
                } else if is_name {
                    &names
                } else {
                    &text
                };
                page.write_string_with_format(row, column, cell, style)?;
            }
        }
    }
    book.save_to_buffer()
}

fn yaml() -> String {
    let mut text = String::from(
        "# One report: fill in, strike what is not needed, then `scrutiny inspection import`.\n",
    );
    for sheet in &SHEETS {
        text.push_str(&format!("\n# {}\n", sheet.about));
        let empty = sheet.columns.iter().all(|column| column.example.is_empty());
        text.push_str(&format!("{}:{}\n", sheet.name, if empty { " []" } else { "" }));
        for (n, column) in sheet.columns.iter().enumerate() {
            let lead = match (empty, sheet.upright, n) {
                (true, _, 0) => "  # - ",
                (true, ..) => "  #   ",
                (_, false, 0) => "  - ",
                (_, false, _) => "    ",
                (_, true, _) => "  ",
            };
            text.push_str(&format!("{lead}{}: {}  # {}\n", column.name, example(column), column.about));
        }
    }
    text
}

fn example(column: &Column) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    if column.example.is_empty() {
        return if column.list { "[]".to_owned() } else { "\"\"".to_owned() };
    }
    if column.list {
        return format!("[{}]", column.example.split("; ").map(quoted).collect::<Vec<_>>().join(", "));
    }
    quoted(column.example)
}
