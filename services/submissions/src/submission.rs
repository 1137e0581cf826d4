//! A submission: a template, a population and a dataset, and the files they make.

use projector::dataset::DatasetView;
use projector::dataset::population::Population;

use crate::fill::{FillError, Filled, Stamp, fill};
use crate::manifest::{FORMAT_VERSION, FileDigest, MANIFEST, Manifest};
use crate::sheet::Place;
use crate::template::{Field, Template};
use crate::write::{csv, json, ods, xlsx};

/// The template that a submission was made from. No table's name has a dash, so none of its files is called so.
pub const TEMPLATE_FILE: &str = "input-template.yaml";
/// The residents that rates were computed against.
pub const POPULATION_FILE: &str = "input-residents.csv";

/// A submission, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What it is.
    pub manifest: Manifest,
    /// Every file of its folder but the manifest, by name: inputs first.
    pub files: Vec<(String, Vec<u8>)>,
    filled: Filled,
}

/// Why there is no submission.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionError {
    /// The template cannot be filled.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// A workbook is beyond what its format holds.
    #[error("the workbook cannot be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// One cell of a submission's file, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The table.
    pub table: String,
    /// The column's heading.
    pub heading: String,
    /// What stands in the cell.
    pub shows: String,
    /// The row: "ethnicity=Black/purpose=Weapons".
    pub cell: String,
    /// The measure.
    pub measure: String,
    /// What of the figure the column shows; none for a column that names the row.
    pub field: Option<Field>,
}

impl Submission {
    /// Makes all files of a submission.
    ///
    /// # Errors
    /// When the template is not for the period, or a workbook is beyond what its format holds.
    pub fn make(
        template: &Template,
        population: &Population,
        view: &DatasetView,
        stamp: Stamp<'_>,
    ) -> Result<Self, SubmissionError> {
        let filled = fill(template, view, stamp)?;
        let book = &filled.workbook;
        let inputs = vec![
            (TEMPLATE_FILE.to_owned(), template.file.clone().into_bytes()),
            (POPULATION_FILE.to_owned(), population.file.clone().into_bytes()),
        ];
        let mut made: Vec<_> =
            book.sheets.iter().map(|sheet| (format!("{}.csv", sheet.name), csv::write(sheet))).collect();
        made.push((format!("{}.json", template.name), json::write(book)));
        made.push((format!("{}.ods", template.name), ods::write(book)));
        made.push((format!("{}.xlsx", template.name), xlsx::write(book)?));
        let digests = |files: &[(String, Vec<u8>)]| {
            files.iter().map(|(name, bytes)| FileDigest::of(name, bytes)).collect::<Vec<_>>()
        };
        let manifest = Manifest {
            format_version: FORMAT_VERSION,
            ledger: stamp.ledger.to_owned(),
            body: view.body.clone(),
            period: view.period.clone(),
            template: template.name.clone(),
            template_version: template.version,
            projection: view.provenance.projection.to_owned(),
            definition_version: view.provenance.definition_version,
            tree_size: view.provenance.tree_size,
            root: view.provenance.root.clone(),
            inputs: digests(&inputs),
            files: digests(&made),
        };
        let files = inputs.into_iter().chain(made).collect();
        Ok(Self { manifest, files, filled })
    }

    /// What is wrong with a folder that should hold this submission: nothing when every file is there, byte for
    /// byte, the manifest too. `read` gives a file of the folder; none when it is not there.
    #[must_use]
    pub fn differences(&self, mut read: impl FnMut(&str) -> Option<Vec<u8>>) -> Vec<String> {
        let manifest = (MANIFEST.to_owned(), self.manifest.to_bytes());
        let expected = self.files.iter().chain([&manifest]);
        let wrong = expected.filter_map(|(name, bytes)| match read(name) {
            None => Some(format!("{name} is missing")),
            Some(found) if found == *bytes => None,
            Some(found) => Some(format!("{name} differs: {}", first_difference(&found, bytes))),
        });
        wrong.collect()
    }

    /// Where a cell of one of the files comes from: "C7" in a CSV file, "find_rates!C7" in a workbook.
    #[must_use]
    pub fn trace(&self, file: &str, cell: &str) -> Option<Traced> {
        let (sheet, place) = match file.strip_suffix(".csv") {
            Some(table) => (table, cell),
            None => cell.split_once('!')?,
        };
        let place = Place::parse(place)?;
        let at = self.filled.workbook.sheets.iter().position(|s| s.name == sheet)?;
        let (sheet, origins) = (&self.filled.workbook.sheets[at], &self.filled.origins[at]);
        let found = if file.ends_with(".csv") { sheet.at_csv(place) } else { sheet.at(place) };
        let (row, column) = found?;
        let (measure, name) = origins.rows.get(row)?;
        Some(Traced {
            table: sheet.name.clone(),
            heading: sheet.columns[column].clone(),
            shows: sheet.rows[row][column].text(),
            cell: name.clone(),
            measure: measure.clone(),
            field: column.checked_sub(sheet.keys).and_then(|at| origins.fields.get(at).copied()),
        })
    }
}

fn first_difference(found: &[u8], expected: &[u8]) -> String {
    let at = found.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(found.len().min(expected.len()));
    format!("{} bytes where {} were expected, the first other one at {at}", found.len(), expected.len())
}
