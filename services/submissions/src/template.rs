//! Templates: which figures a return has, in which tables, as data.
//!
//! A template is a YAML file with a name and a version. The house carries some of its own (`templates/`), and takes
//! any other file of the same shape. A submission keeps the template it was made with, so that it can be checked
//! after the template has changed.

use std::collections::BTreeSet;

use projector::dataset::measure::MEASURES;
use projector::dataset::month::Period;
use serde::Deserialize;

use crate::publication;

/// Bytes of a template at most: ten times the largest of ours.
pub const MAX_TEMPLATE_BYTES: usize = 1 << 16;
const MAX_TABLES: usize = 100;

/// The templates that the program carries, by name.
pub const OURS: [(&str, &str); 4] = [
    ("scrutiny-stop-search-monthly", include_str!("../templates/scrutiny-stop-search-monthly.yaml")),
    ("scrutiny-stop-search-year", include_str!("../templates/scrutiny-stop-search-year.yaml")),
    ("scrutiny-use-of-force-monthly", include_str!("../templates/scrutiny-use-of-force-monthly.yaml")),
    ("scrutiny-use-of-force-year", include_str!("../templates/scrutiny-use-of-force-year.yaml")),
];

/// A template, read and found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The file it was read from, byte for byte.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its version, counted up whenever the same records would give other bytes.
    pub version: u32,
    /// The return's title, to which the period and the body are added.
    pub title: String,
    /// Which periods it is for.
    pub cadence: Cadence,
    /// What its reader has to know first.
    pub about: Vec<String>,
    /// The kinds of statement it is computed from.
    pub sources: Vec<String>,
    /// Numbered from 1.
    pub notes: Vec<String>,
    /// Its tables.
    pub tables: Vec<TableTemplate>,
}

/// How long a template's periods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cadence {
    /// A calendar month.
    Month,
    /// Twelve months, named by the last.
    Year,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableTemplate {
    /// Of the sheet and the file: small letters, digits and underscores.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The measure it shows.
    pub measure: Option<String>,
    /// What the measure is broken down by.
    #[serde(default)]
    pub by: Vec<String>,
    /// Or the rates against the population.
    pub disparity: Option<String>,
    /// Its columns behind the breakdown's own.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// What stands in it.
    pub field: Field,
}

/// What a column shows of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Of a measure: how many.
    Count,
    /// Of how many.
    Of,
    /// How many do not say.
    Unknown,
    /// The percentage.
    Percent,
    /// The lower end of its interval.
    Lower,
    /// The upper end.
    Upper,
    /// Of a group in the population: records.
    Records,
    /// Residents.
    Residents,
    /// Records for each thousand residents.
    PerThousand,
    /// How many times the rate of the first group.
    Relative,
    /// Why there is no rate.
    Why,
}

/// Why a template is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Longer than a template is.
    #[error("it has {0} bytes; a template may have {MAX_TEMPLATE_BYTES} at most")]
    TooLong(usize),
    /// Not the YAML it should be.
    #[error("it is no template: {0}")]
    Malformed(String),
    /// A name or a title is missing or has characters that a file or a sheet cannot have.
    #[error("{what} {name:?}: small letters, digits, - and _ only, 1 to 31 of them, and each name once")]
    Name {
        /// What is named.
        what: &'static str,
        /// How.
        name: String,
    },
    /// A table asks for something that is not measured.
    #[error("table {table}: {problem}")]
    Table {
        /// Which.
        table: String,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    template: String,
    version: u32,
    title: String,
    period: Cadence,
    about: Vec<String>,
    sources: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    tables: Vec<TableTemplate>,
}

impl Template {
    /// One of ours, of returns or of publications, by name.
    #[must_use]
    pub fn ours(name: &str) -> Option<Self> {
        let (_, file) = OURS.iter().chain(&publication::OURS).find(|(ours, _)| *ours == name)?;
        Some(Self::parse(file).expect("a test reads every template that the program carries"))
    }

    /// Reads a template.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(file: &str) -> Result<Self, TemplateError> {
        if file.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::TooLong(file.len()));
        }
        let raw: Raw = serde_saphyr::from_str(file).map_err(|e| TemplateError::Malformed(e.to_string()))?;
        let Raw { template, version, title, period, about, sources, notes, tables } = raw;
        named("the template", &template, 64)?;
        if tables.is_empty() || tables.len() > MAX_TABLES {
            return Err(TemplateError::Malformed(format!(
                "it has {} tables; 1 to {MAX_TABLES} are good",
                tables.len()
            )));
        }
        let mut names = BTreeSet::new();
        for table in &tables {
            named("the table", &table.name, 25)?;
            if !names.insert(&table.name) {
                return Err(TemplateError::Name { what: "the table", name: table.name.clone() });
            }
            check(table).map_err(|problem| TemplateError::Table { table: table.name.clone(), problem })?;
        }
        Ok(Self {
            file: file.to_owned(),
            name: template,
            version,
            title,
            cadence: period,
            about,
            sources,
            notes,
            tables,
        })
    }

    /// Whether a period is one of the template's.
    #[must_use]
    pub fn is_for(&self, period: Period) -> bool {
        (self.cadence == Cadence::Month) == (period.from == period.to)
    }
}

fn named(what: &'static str, name: &str, longest: usize) -> Result<(), TemplateError> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let opens = name.starts_with(|c: char| c.is_ascii_lowercase());
    // A sheet and a range may not be called like a cell, and a dash is no part of a range's name.
    let dashed = what == "the table" && name.contains('-');
    if opens && name.len() <= longest && name.chars().all(good) && !dashed {
        return Ok(());
    }
    Err(TemplateError::Name { what, name: name.to_owned() })
}

fn check(table: &TableTemplate) -> Result<(), String> {
    let mut headings = BTreeSet::new();
    if table.columns.is_empty()
        || !table.columns.iter().all(|c| !c.heading.is_empty() && headings.insert(&c.heading))
    {
        return Err("it needs columns, each with a heading of its own".to_owned());
    }
    let of_population = |field: Field| {
        matches!(field, Field::Records | Field::Residents | Field::PerThousand | Field::Relative | Field::Why)
    };
    let wants_population = table.disparity.is_some();
    if table.columns.iter().any(|c| of_population(c.field) != wants_population) {
        return Err("its columns are not those of a measure, or not those of a disparity".to_owned());
    }
    match (&table.measure, &table.disparity) {
        (Some(measure), None) => {
            let Some(known) = MEASURES.iter().find(|m| m.id == *measure) else {
                return Err(format!("there is no measure {measure:?}"));
            };
            let by: Vec<Vec<_>> = known.by.iter().map(|by| by.iter().map(|d| d.name()).collect()).collect();
            if by.iter().any(|by| *by == table.by) {
                return Ok(());
            }
            Err(format!("{measure} is not broken down by {:?}; there are {by:?}", table.by))
        }
        (None, Some(disparity))
            if matches!(disparity.as_str(), "searches" | "force") && table.by.is_empty() =>
        {
            Ok(())
        }
        _ => Err("it shows a measure, or the disparity of searches or of force".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_of_ours_reads_and_is_called_as_its_file() {
        for (name, _) in OURS.iter().chain(&publication::OURS).copied() {
            let template = Template::ours(name).expect("it is one of ours");
            assert_eq!((template.name.as_str(), template.version), (name, 1));
            for table in &template.tables {
                let highest = format!("[note {}]", template.notes.len() + 1);
                assert!(!table.title.contains(&highest), "{}: a note that is not there", table.name);
            }
        }
        assert_eq!(Template::ours("annual-data-requirement"), None);
    }

    #[test]
    fn a_bad_template_says_what_is_wrong() {
        let good = OURS[0].1;
        let refused =
            |from: &str, to: &str| Template::parse(&good.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(refused("measure: searches", "measure: scarches").contains("no measure \"scarches\""));
        assert!(refused("by: [outcome]", "by: [weather]").contains("not broken down by"));
        assert!(refused("name: outcomes", "name: ../outcomes").contains("small letters"));
        assert!(refused("name: outcomes", "name: ages").contains("each name once"));
        assert!(refused("version: 1", "version: one").contains("no template"));
        assert!(refused("field: records", "field: count").contains("columns"));
        assert!(refused("title: Stop", "tittle: Stop").contains("no template"));
    }
}
