//! A workbook's sheets as CSV: the only file here that reads spreadsheets.

use std::io::Cursor;

use calamine::{Data, Range, Reader as _, open_workbook_auto_from_rs};

/// A sheet, written as CSV with a line for each of its rows.
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) csv: Vec<u8>,
}

/// Whether bytes are a workbook: ODS and XLSX are ZIP archives.
pub(crate) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Every sheet whose name begins with "Table", and the names of the others.
pub(crate) fn tables(bytes: &[u8]) -> Result<(Vec<Sheet>, Vec<String>), String> {
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let (mut sheets, mut others) = (Vec::new(), Vec::new());
    for name in workbook.sheet_names() {
        if !name.starts_with("Table") {
            others.push(name);
            continue;
        }
        let range = workbook.worksheet_range(&name).map_err(|e| format!("sheet {name}: {e}"))?;
        sheets.push(Sheet { csv: csv(&range), name });
    }
    Ok((sheets, others))
}

fn csv(range: &Range<Data>) -> Vec<u8> {
    let mut text = String::new();
    for row in range.rows() {
        let values: Vec<String> = row.iter().map(|cell| quoted(&words(cell))).collect();
        text.push_str(&values.join(","));
        text.push('\n');
    }
    text.into_bytes()
}

/// A cell as words. Counts are whole numbers, which a workbook keeps as fractions.
fn words(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => format!("{number:.0}"),
        other => other.to_string(),
    }
}

fn quoted(value: &str) -> String {
    if value.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_as_a_spreadsheet_exports_them() {
        for (cell, expected) in [
            (Data::Float(313_137.0), "313137"),
            (Data::Float(0.5), "0.5"),
            (Data::String("Handcuffing, of which".to_owned()), "\"Handcuffing, of which\""),
            (Data::String("5\" knife".to_owned()), "\"5\"\" knife\""),
            (Data::Empty, ""),
        ] {
            assert_eq!(quoted(&words(&cell)), expected);
        }
    }
}
