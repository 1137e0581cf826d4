//! A source file, cut into a head and rows so that nothing lies between them.
//!
//! ```text
//! file = head ‖ row 1 ‖ row 2 ‖ … ‖ row n
//! ```
//!
//! The head is everything before the first row: a byte order mark, the line with the columns, the `[` of a JSON
//! array. A row is everything from its first byte to the first byte of the next one: its line ending, empty
//! lines behind it, the comma and the blanks between two elements of an array, whatever ends the file. So the
//! pieces put together again *are* the file, whichever line endings it has and whether or not its last line ends.

use std::ops::Range;

use crate::search::Search;
use crate::{csv, json};

/// Bytes in a source file at most. A force's busiest month has some ten thousand searches of 300 bytes each; this
/// is a hundred times the largest file published.
pub const MAX_SOURCE_BYTES: usize = 1 << 30;

/// Bytes in a row at most, so that its entry keeps room for the statement around it and a signature. Real rows
/// have 200 to 900.
pub const MAX_ROW_BYTES: usize = 32 << 10;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, RFC 4180, with a line of columns first.
    Csv,
    /// A JSON array of objects.
    Json,
}

/// Which line endings a CSV file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnds {
    /// `\r\n`
    CrLf,
    /// `\n`
    Lf,
    /// `\r`
    Cr,
    /// More than one kind.
    Mixed,
    /// None at all.
    None,
}

/// Why a file is no source of searches. Nothing of such a file is imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No bytes, or nothing but blanks.
    #[error("the file is empty")]
    Empty,
    /// Longer than anything that is published.
    #[error("it has {0} bytes; a source file may have {MAX_SOURCE_BYTES} at most")]
    TooLong(usize),
    /// Neither of the two public shapes.
    #[error(
        "it is neither a CSV file nor a JSON array: it begins with {begins:?}. The public shapes are those of \
         data.police.uk: a CSV whose first line names the columns, or the array of its interface"
    )]
    Shape {
        /// Its first characters.
        begins: String,
    },
    /// Written in UTF-16, as some spreadsheets do.
    #[error("it is written in UTF-16; save it as CSV in UTF-8, or take the file as it was published")]
    Utf16,
    /// A CSV with other columns.
    #[error(
        "its columns are not those of the public stop and search file:{}{}",
        list(" missing ", missing),
        list(" unknown ", unknown)
    )]
    Columns {
        /// Columns that it lacks.
        missing: Vec<String>,
        /// Columns that are not of that file, or are there twice.
        unknown: Vec<String>,
    },
    /// A line with too few or too many values: cut short, or two lines run into one.
    #[error(
        "row {row} (line {line}) has {got} values where the first line names {expected} columns; is the file cut short?"
    )]
    RowColumns {
        /// Which row, 1-based, the line of columns not counted.
        row: u64,
        /// Which line of the file, 1-based.
        line: u64,
        /// Values in it.
        got: usize,
        /// Columns of the file.
        expected: usize,
    },
    /// A quotation mark that nothing closes.
    #[error("row {row} (line {line}) opens a quotation mark that nothing closes; is the file cut short?")]
    Quote {
        /// Which row, 1-based; 0 is the line of columns.
        row: u64,
        /// Which line of the file the row begins on, 1-based.
        line: u64,
    },
    /// A JSON text that is no array of searches.
    #[error("element {row}, at byte {at}: {problem}")]
    Element {
        /// Which element, 1-based.
        row: u64,
        /// Where in the file.
        at: usize,
        /// What is wrong.
        problem: String,
    },
    /// A row that does not fit an entry.
    #[error("row {row} has {got} bytes; a row may have {MAX_ROW_BYTES} at most")]
    RowTooLong {
        /// Which row, 1-based; 0 is the head.
        row: u64,
        /// Its bytes.
        got: usize,
    },
}

fn list(before: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{before}{names:?}") }
}

/// A file that was cut into its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// How it is written.
    pub format: Format,
    bytes: &'a [u8],
    head: usize,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Cuts a file into its rows, every one of which can be read.
    ///
    /// # Errors
    /// Says what is wrong, and where.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_SOURCE_BYTES {
            return Err(ReadError::TooLong(bytes.len()));
        }
        let format = format(bytes)?;
        let (head, ends) = match format {
            Format::Csv => csv::cut(bytes)?,
            Format::Json => json::cut(bytes)?,
        };
        Self::cut(format, bytes, head, ends)
    }

    /// Cuts a table of counts into its rows: a CSV with columns of its own.
    ///
    /// # Errors
    /// Says what is wrong, and where.
    pub fn read_table(bytes: &'a [u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_SOURCE_BYTES {
            return Err(ReadError::TooLong(bytes.len()));
        }
        match format(bytes)? {
            Format::Csv => {
                let (head, ends) = csv::cut_table(bytes)?;
                Self::cut(Format::Csv, bytes, head, ends)
            }
            Format::Json => Err(ReadError::Shape { begins: "[".to_owned() }),
        }
    }

    fn cut(format: Format, bytes: &'a [u8], head: usize, ends: Vec<usize>) -> Result<Self, ReadError> {
        let source = Self { format, bytes, head, ends };
        if let Some((row, range)) = source.pieces().find(|(_, range)| range.len() > MAX_ROW_BYTES) {
            return Err(ReadError::RowTooLong { row, got: range.len() });
        }
        Ok(source)
    }

    /// Everything before the first row.
    #[must_use]
    pub fn head(&self) -> &'a [u8] {
        &self.bytes[..self.head]
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A row with its number, 1-based, and its bytes.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (u64, &'a [u8])> + '_ {
        (0..self.ends.len()).map(|at| (at as u64 + 1, &self.bytes[self.range(at)]))
    }

    /// One row's bytes; rows are counted from 1.
    #[must_use]
    pub fn row(&self, number: u64) -> Option<&'a [u8]> {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        (at < self.ends.len()).then(|| &self.bytes[self.range(at)])
    }

    /// Which line endings the head and the rows have.
    #[must_use]
    pub fn line_ends(&self) -> LineEnds {
        csv::line_ends(self.pieces().map(|(_, range)| &self.bytes[range]))
    }

    fn range(&self, at: usize) -> Range<usize> {
        let start = if at == 0 { self.head } else { self.ends[at - 1] };
        start..self.ends[at]
    }

    fn pieces(&self) -> impl Iterator<Item = (u64, Range<usize>)> + '_ {
        let rows = (0..self.ends.len()).map(|at| (at as u64 + 1, self.range(at)));
        std::iter::once((0, 0..self.head)).chain(rows)
    }
}

/// What a row's bytes say, whichever shape they have: an element of an array is an object with a type and a date,
/// which no line of CSV is.
///
/// # Errors
/// When they are no row of either shape.
pub fn search(row: &[u8]) -> Result<Search<'_>, RowError> {
    match row.first() {
        Some(b'{') => json::search(row).or_else(|error| csv::search(row).map_err(|_| error)),
        _ => csv::search(row),
    }
}

/// Why bytes are no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no row of a stop and search file: {0}")]
pub struct RowError(pub String);

fn format(bytes: &[u8]) -> Result<Format, ReadError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Utf16);
    }
    let text = without_mark(bytes);
    let first = text.iter().find(|b| !b.is_ascii_whitespace()).ok_or(ReadError::Empty)?;
    let shape = || ReadError::Shape { begins: String::from_utf8_lossy(text).chars().take(40).collect() };
    match first {
        b'[' => Ok(Format::Json),
        // An array's only element, a page, a PDF, a workbook (a ZIP): all are met, none is a table in text.
        b'{' | b'<' | b'%' => Err(shape()),
        _ if text.starts_with(b"PK\x03\x04") || text.iter().take(4096).any(|b| *b == 0) => Err(shape()),
        _ => Ok(Format::Csv),
    }
}

/// The bytes behind a byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
