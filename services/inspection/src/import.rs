//! An inspection report from a spreadsheet, as statements to sign.
//!
//! One workbook is one report: what it is, its findings with addressees and due words, its judgments, and what
//! each body owes because of it. Three ways of writing it down say the same: XLSX with a sheet for each table,
//! CSV with the tables one after another under `[findings]` and the like, YAML. [`layout`] lists every table
//! and column; [`template`] writes one to fill in.
//!
//! Nothing is guessed. A column nobody knows is an error, so is a number that a spreadsheet may have rounded
//! (1.1 may have been typed as 1.10), and every problem says where it is: sheet, row and column.

mod csv;
mod drafts;
mod grid;
pub mod layout;
mod obligations;
mod table;
mod template;
mod xlsx;
mod yaml;

use std::fmt;

use ledger_draft::Draft;
use serde_json::Value;

pub use template::template;

/// Bytes in a workbook: a report has some hundreds of rows, and its longest text a statement's 57 kB.
pub const MAX_WORKBOOK_BYTES: usize = 16 << 20;

/// Rows in all tables: 43 forces that owe an answer to 200 limbs each are 8,600 obligations.
pub const MAX_ROWS: usize = 20_000;

/// Problems that are listed at once.
const MAX_PROBLEMS: usize = 20;

/// How a workbook is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables one after another, each under its name in brackets.
    Csv,
    /// A sheet for each table.
    Xlsx,
    /// A key for each table.
    Yaml,
}

impl Format {
    /// By the ending of a file's name; none for any other.
    #[must_use]
    pub fn of(file: &str) -> Option<Self> {
        match file.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "yaml" | "yml" | "json" => Some(Self::Yaml),
            _ => None,
        }
    }
}

/// Where in a workbook something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The table.
    pub sheet: String,
    /// The row as the reader of the file counts it, 1-based; none for the table as a whole.
    pub row: Option<u64>,
    /// The column's letter, where the file has letters, and its name.
    pub column: Option<(Option<String>, String)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sheet {}", self.sheet)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        match &self.column {
            Some((Some(letter), name)) => write!(f, ", column {letter} ({name})"),
            Some((None, name)) => write!(f, ", {name}"),
            None => Ok(()),
        }
    }
}

/// One thing that is wrong with a workbook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, and what would do.
    pub problem: String,
}

/// Why a workbook holds no report that could be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Not a file of its format at all.
    #[error("{0}")]
    Unreadable(String),
    /// It reads, and these places are wrong; the first ones of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Problems(Vec<Problem>),
}

/// What a workbook says, ready to be signed.
#[derive(Debug, Clone)]
pub struct Import {
    /// The drafts: the report, its findings, its judgments, what is owed.
    pub drafts: Vec<Draft>,
    /// The same as a person could have typed them, for `scrutiny record` or `sign` elsewhere.
    pub statements: Vec<Value>,
    /// What somebody should look at before signing: counts that do not agree, findings that nobody owes.
    pub notes: Vec<String>,
}

/// Reads a workbook.
///
/// # Errors
/// Says everything that is wrong, and where.
pub fn import(format: Format, bytes: &[u8]) -> Result<Import, ImportError> {
    if bytes.len() > MAX_WORKBOOK_BYTES {
        let sentence = format!("it has {} bytes; a workbook has {MAX_WORKBOOK_BYTES} at most", bytes.len());
        return Err(ImportError::Unreadable(sentence));
    }
    let mut problems = table::Problems::default();
    let tables = match format {
        Format::Csv => table::from_grids(csv::read(bytes)?, &mut problems),
        Format::Xlsx => table::from_grids(xlsx::read(bytes)?, &mut problems),
        Format::Yaml => yaml::read(bytes, &mut problems)?,
    };
    let import = drafts::make(&tables, &mut problems);
    match problems.into_error(MAX_PROBLEMS) {
        Some(error) => Err(error),
        None => Ok(import),
    }
}
