//! A workbook as it is meant, before any format writes it: a cover, contents, notes, and one table a sheet.
//!
//! The shape is that of the Government Analysis Function's guidance on statistics in spreadsheets: the title in
//! A1, what to know below it, then the table, with one row of headings, no merged cell, no blank row or column,
//! and a shorthand in brackets where there is no number. It stands here once, so that CSV, XLSX and ODS cannot
//! differ in what they say.

use std::collections::BTreeSet;

/// Language of every word that the house writes.
pub const LANGUAGE: &str = "en-GB";

/// A workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    /// What it is, as a title: on the cover, and in the document's properties.
    pub title: String,
    /// What a reader has to know first, a paragraph each.
    pub cover: Vec<String>,
    /// Numbered from 1, as "[note 1]" points at them.
    pub notes: Vec<String>,
    /// The tables.
    pub sheets: Vec<Sheet>,
    /// When what it rests on was recorded last, seconds since the Unix epoch: the document's own time.
    pub made: i64,
}

/// One table on its sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Of the sheet, the CSV file and the table: "find_rates".
    pub name: String,
    /// What it shows, for A1.
    pub title: String,
    /// What to know beside it, a line each.
    pub lines: Vec<String>,
    /// Headings, each different and none empty.
    pub columns: Vec<String>,
    /// How many columns name the row, before its figures.
    pub keys: usize,
    /// A value for each column.
    pub rows: Vec<Vec<Value>>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Words.
    Text(String),
    /// A count.
    Count(u64),
    /// A number with decimals, as its digits: "91.0".
    Decimal(String),
    /// No number, and why.
    Mark(Mark),
}

/// Why there is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Withheld: small, or another could be computed from it.
    Confidential,
    /// Nobody recorded what it takes.
    NotAvailable,
    /// There is nothing to compute.
    NotApplicable,
}

impl Mark {
    /// As it stands in a cell.
    #[must_use]
    pub fn shorthand(self) -> &'static str {
        match self {
            Self::Confidential => "[c]",
            Self::NotAvailable => "[x]",
            Self::NotApplicable => "[z]",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Confidential => {
                "withheld, because it is small or because a small number could be computed from it"
            }
            Self::NotAvailable => "not available: the records do not say",
            Self::NotApplicable => "not applicable: there is nothing to compute it from",
        }
    }
}

impl Value {
    /// The cell as text, in every format that has only text.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Decimal(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Mark(mark) => mark.shorthand().to_owned(),
        }
    }
}

/// A place in a sheet, 0-based, headings and lines above them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Down from the top.
    pub row: usize,
    /// To the right.
    pub column: usize,
}

impl Sheet {
    /// What stands above the table: the title, that there is one table, the shorthand in use, and its lines.
    #[must_use]
    pub fn above(&self) -> Vec<String> {
        let mut above = vec![self.title.clone(), "This worksheet contains one table.".to_owned()];
        let marks: BTreeSet<_> = self.rows.iter().flatten().filter_map(mark).collect();
        above.extend(marks.into_iter().map(|m| format!("{} means {}.", m.shorthand(), m.meaning())));
        above.extend(self.lines.iter().cloned());
        above
    }

    /// The same; for the cover, which has no table, only its title and lines.
    #[must_use]
    pub fn above_or_cover(&self) -> Vec<String> {
        if !self.columns.is_empty() {
            return self.above();
        }
        std::iter::once(&self.title).chain(&self.lines).cloned().collect()
    }

    /// The table's cell at a place of the worksheet: its row and column in the table. None for headings.
    #[must_use]
    pub fn at(&self, place: Place) -> Option<(usize, usize)> {
        self.in_table(place, self.above().len() + 1)
    }

    /// The same for a CSV file, which has headings and no lines above them.
    #[must_use]
    pub fn at_csv(&self, place: Place) -> Option<(usize, usize)> {
        self.in_table(place, 1)
    }

    fn in_table(&self, place: Place, first: usize) -> Option<(usize, usize)> {
        let row = place.row.checked_sub(first)?;
        (row < self.rows.len() && place.column < self.columns.len()).then_some((row, place.column))
    }
}

fn mark(value: &Value) -> Option<Mark> {
    if let Value::Mark(mark) = value { Some(*mark) } else { None }
}

impl Place {
    /// Reads "B7", as spreadsheets name a cell.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (letters, digits) = name.split_at(letters);
        if letters.is_empty() || letters.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let column = letters.bytes().fold(0_usize, |column, letter| {
            column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
        });
        Some(Self { row: digits.parse::<usize>().ok()?.checked_sub(1)?, column: column - 1 })
    }

    /// "B7".
    #[must_use]
    pub fn name(self) -> String {
        let mut letters = Vec::new();
        let mut left = self.column + 1;
        while left > 0 {
            letters.insert(0, char::from(b'A' + u8::try_from((left - 1) % 26).unwrap_or(0)));
            left = (left - 1) / 26;
        }
        format!("{}{}", letters.into_iter().collect::<String>(), self.row + 1)
    }
}

/// The sheets before the tables, as rows of text: each with its name, the lines above its table, the table's
/// headings and rows. Cover, contents, notes.
#[must_use]
pub fn front(workbook: &Workbook) -> Vec<Sheet> {
    let texts = |cells: [&str; 2]| cells.map(|cell| Value::Text(cell.to_owned())).to_vec();
    let mut cover = vec![format!("Language: {LANGUAGE}.")];
    cover.extend(workbook.cover.iter().cloned());
    let mut listed = Vec::new();
    if !workbook.notes.is_empty() {
        listed.push(texts(["Notes", "Notes on the tables"]));
    }
    listed.extend(workbook.sheets.iter().map(|sheet| texts([&sheet.name, &sheet.title])));
    let mut front = vec![
        Sheet {
            name: "Cover".to_owned(),
            title: workbook.title.clone(),
            lines: cover,
            columns: Vec::new(),
            keys: 0,
            rows: Vec::new(),
        },
        Sheet {
            name: "Contents".to_owned(),
            title: "Table of contents".to_owned(),
            lines: Vec::new(),
            columns: vec!["Worksheet".to_owned(), "What it shows".to_owned()],
            keys: 1,
            rows: listed,
        },
    ];
    if !workbook.notes.is_empty() {
        let numbered = (1..).zip(&workbook.notes);
        front.push(Sheet {
            name: "Notes".to_owned(),
            title: "Notes on the tables".to_owned(),
            lines: Vec::new(),
            columns: vec!["Note".to_owned(), "Text".to_owned()],
            keys: 1,
            rows: numbered.map(|(n, note)| texts([&format!("[note {n}]"), note])).collect(),
        });
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_named_as_spreadsheets_do() {
        for (name, row, column) in
            [("A1", 0, 0), ("B7", 6, 1), ("Z10", 9, 25), ("AA1", 0, 26), ("AZ3", 2, 51)]
        {
            assert_eq!(Place::parse(name), Some(Place { row, column }), "{name}");
            assert_eq!(Place { row, column }.name(), name);
        }
        for bad in ["", "7", "B", "B0", "1B", "B-1", "ABCD1", "B7x"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }
}
