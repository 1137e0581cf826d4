//! Tables of counts: a CSV with columns of its own, as rows of words and numbers.

use std::borrow::Cow;

use crate::csv;
use crate::source::{ReadError, Source};

/// A table, with the names of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names, from however many lines of heads there are: "Perceived age: 18 - 34 years".
    pub columns: Vec<String>,
    /// The rows below the heads.
    pub rows: Vec<Row>,
}

/// A row with its number in the source, 1-based.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number under which it is recorded.
    pub number: u64,
    /// Its values, trimmed.
    pub values: Vec<String>,
}

/// A column that tells which line of a table is its last line of heads.
const HEADS: [&str; 3] = ["tactic", "police force", "region"];

/// Lines of heads at most.
const MOST_HEADS: usize = 12;

impl Table {
    /// Reads the rows of a source. The last line of heads is the last among the first dozen lines that names a column
    /// "Tactic", "Police force" or "Region"; where none does, the file's first line.
    #[must_use]
    pub fn of(source: &Source<'_>) -> Self {
        let lines = std::iter::once((0, source.head())).chain(source.rows());
        let all: Vec<Row> = lines.map(|(number, line)| Row { number, values: values(line) }).collect();
        let is_head = |row: &Row| row.values.iter().any(|v| HEADS.contains(&v.to_lowercase().as_str()));
        let last_head = all.iter().take(MOST_HEADS).rposition(is_head).unwrap_or(0);
        let width = all.iter().map(|row| row.values.len()).max().unwrap_or(0);
        let name = |column: usize| {
            let mut parts: Vec<&str> = all[..=last_head]
                .iter()
                .filter_map(|row| row.values.get(column))
                .map(String::as_str)
                .collect();
            parts.retain(|part| !part.is_empty() && number(part).is_none());
            parts.dedup();
            // A title stands in the first column above the heads, and is no column's name.
            if column == 0 { parts.pop().unwrap_or_default().to_owned() } else { parts.join(": ") }
        };
        let columns = (0..width).map(name).collect();
        Self { columns, rows: all.into_iter().skip(last_head + 1).collect() }
    }

    /// The column that is called so, letters' case aside.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.rsplit(": ").next().unwrap_or(column).eq_ignore_ascii_case(name))
    }
}

impl Row {
    /// The number in a column; none where it holds words or nothing.
    #[must_use]
    pub fn number(&self, column: usize) -> Option<u64> {
        number(self.values.get(column)?)
    }

    /// The words in a column.
    #[must_use]
    pub fn words(&self, column: usize) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }
}

/// "23451.0", "23,451", "23451": whole numbers as tables write them.
#[must_use]
pub fn number(text: &str) -> Option<u64> {
    let whole = text.strip_suffix(".0").unwrap_or(text).replace(',', "");
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) { None } else { whole.parse().ok() }
}

/// Reads a table's file.
///
/// # Errors
/// When it is no CSV, or a row has more or fewer values than the first line.
pub fn read(bytes: &[u8]) -> Result<Source<'_>, ReadError> {
    Source::read_table(bytes)
}

fn values(line: &[u8]) -> Vec<String> {
    let content = csv::content(line);
    let text = |value: Cow<'_, [u8]>| String::from_utf8_lossy(&value).trim().to_owned();
    csv::fields(content).into_iter().map(text).collect()
}
