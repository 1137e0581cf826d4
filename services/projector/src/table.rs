//! Rows of text for a terminal or a CSV file. Nothing here knows a terminal.

use std::fmt::Write as _;

use serde::Serialize;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Column heads.
    pub columns: Vec<&'static str>,
    /// One text for each column; empty for nothing.
    pub rows: Vec<Vec<String>>,
    /// What a reader has to know beside it: warnings first.
    pub notes: Vec<String>,
}

impl Table {
    /// RFC 4180, heads first; notes are left out.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::new();
        let heads: Vec<_> = self.columns.iter().map(|c| (*c).to_owned()).collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let cells: Vec<_> = row.iter().map(|cell| csv_cell(cell)).collect();
            let _ = write!(csv, "{}\r\n", cells.join(","));
        }
        csv
    }
}

/// A cell of a CSV file. One that a spreadsheet would take for a formula gets an apostrophe, as text that is not ours may
/// begin with anything.
#[must_use]
pub fn csv_cell(cell: &str) -> String {
    let guarded = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err() {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// The text of an optional value; empty for none.
pub(crate) fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_needs_it_and_disarms_formulas() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=1+1", "'=1+1"),
            ("-13.4", "-13.4"),
            ("-x", "'-x"),
        ] {
            assert_eq!(csv_cell(cell), expected);
        }
    }
}
