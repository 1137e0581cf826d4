//! A template and a dataset make a workbook; each row remembers which cell of the dataset it shows.

use projector::dataset::disparity::{Disparity, DisparityView};
use projector::dataset::month::Period;
use projector::dataset::{Cell, DatasetView, MeasureView};

use crate::sheet::{Mark, Sheet, Value, Workbook};
use crate::template::{Field, TableTemplate, Template};

/// A workbook with where its figures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// What is written.
    pub workbook: Workbook,
    /// For each sheet, its rows' and columns' origins.
    pub origins: Vec<Origins>,
}

/// Where the figures of one sheet come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// The measure of each row and its cell there.
    pub rows: Vec<(String, String)>,
    /// What the columns behind them show.
    pub fields: Vec<Field>,
}

/// Why a template cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// The period is a month and the template for years, or the other way round.
    #[error("the template {template} is not for {period}: it is for a {cadence}")]
    Period {
        /// Its name.
        template: String,
        /// What was asked for.
        period: String,
        /// What it is for.
        cadence: &'static str,
    },
    /// Nobody knows how many people live in the body's area.
    #[error("no population is known for {0:?}; give a file of residents that has it")]
    NoPopulation(String),
}

/// What a workbook says of itself beside its figures.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The ledger's name.
    pub ledger: &'a str,
    /// When the last entry it rests on was recorded, seconds since the Unix epoch.
    pub made: i64,
}

/// Fills a template with the figures of a body and period.
///
/// # Errors
/// When the template is not for such a period, or needs a population that is not known.
pub fn fill(template: &Template, view: &DatasetView, stamp: Stamp<'_>) -> Result<Filled, FillError> {
    let period: Period = view.period.parse().expect("a view is of a period");
    if !template.is_for(period) {
        let cadence = if period.from == period.to { "year, as \"ye-2024-03\"" } else { "month" };
        return Err(FillError::Period {
            template: template.name.clone(),
            period: view.period.clone(),
            cadence,
        });
    }
    let mut sheets = Vec::new();
    let mut origins = Vec::new();
    for table in &template.tables {
        let (sheet, origin) = match &table.disparity {
            Some(disparity) => {
                let found = view.disparities.iter().find(|d| d.measure == disparity);
                population(table, found.ok_or_else(|| FillError::NoPopulation(view.body.clone()))?)
            }
            None => measured(table, view),
        };
        sheets.push(sheet);
        origins.push(origin);
    }
    let mut cover = template.about.clone();
    cover.push(format!("Records of {}, {}.", view.body, period.words()));
    cover.push(format!(
        "Computed from the first {} entries of the ledger {}, with root {}.",
        view.provenance.tree_size, stamp.ledger, view.provenance.root
    ));
    cover.push(format!(
        "Template {} version {}; projection {} version {}.",
        template.name, template.version, view.provenance.projection, view.provenance.definition_version
    ));
    cover.push(format!("Computed from statements of the kinds {}.", template.sources.join(", ")));
    if view.without_month > 0 {
        cover.push(format!(
            "{} records have no month that can be told, and are in no table.",
            view.without_month
        ));
    }
    cover.extend(view.warnings());
    let workbook = Workbook {
        title: format!("{}: {}, {}", template.title, view.body, period.words()),
        cover,
        notes: template.notes.clone(),
        sheets,
        made: stamp.made,
    };
    Ok(Filled { workbook, origins })
}

fn measured(table: &TableTemplate, view: &DatasetView) -> (Sheet, Origins) {
    let by: Vec<&str> = table.by.iter().map(String::as_str).collect();
    let measure = table.measure.as_deref().unwrap_or_default();
    let found = view.find(measure, &by).expect("a template is checked against the measures there are");
    let columns = found.headings.iter().map(|h| (*h).to_owned()).chain(headings(table));
    let rows = found.cells.iter().map(|cell| {
        let keys = cell.values.iter().map(|value| Value::Text((*value).to_owned()));
        keys.chain(table.columns.iter().map(|column| figure(found, cell, column.field))).collect()
    });
    let sheet = Sheet {
        name: table.name.clone(),
        title: table.title.clone(),
        lines: lines(found),
        columns: columns.collect(),
        keys: found.headings.len(),
        rows: rows.collect(),
    };
    let origins = Origins {
        rows: found.cells.iter().map(|cell| (measure.to_owned(), cell.name.clone())).collect(),
        fields: table.columns.iter().map(|column| column.field).collect(),
    };
    (sheet, origins)
}

fn lines(found: &MeasureView) -> Vec<String> {
    let [yes, no, unknown] = found.words;
    let mut lines = vec![format!("{}.", found.title)];
    if !found.is_count && unknown != "-" {
        lines.push(format!("Counted: {yes}. Not counted: {no}. Cannot be told: {unknown}."));
    }
    lines.extend((!found.caveat.is_empty()).then(|| found.caveat.to_owned()));
    lines
}

fn headings(table: &TableTemplate) -> impl Iterator<Item = String> {
    table.columns.iter().map(|column| column.heading.clone())
}

fn figure(measure: &MeasureView, cell: &Cell, field: Field) -> Value {
    let none = if cell.unknown > 0 && !measure.is_count { Mark::NotAvailable } else { Mark::NotApplicable };
    let decimal =
        |text: Option<&String>| text.map_or(Value::Mark(none), |digits| Value::Decimal(digits.clone()));
    match field {
        Field::Count => Value::Count(cell.numerator),
        Field::Of => Value::Count(cell.denominator),
        Field::Unknown if measure.is_count || measure.words[2] == "-" => Value::Mark(Mark::NotApplicable),
        Field::Unknown => Value::Count(cell.unknown),
        Field::Percent => decimal(cell.percent.as_ref()),
        Field::Lower => decimal(cell.wilson_95.as_ref().map(|(lower, _)| lower)),
        Field::Upper => decimal(cell.wilson_95.as_ref().map(|(_, upper)| upper)),
        Field::Records | Field::Residents | Field::PerThousand | Field::Relative | Field::Why => {
            Value::Mark(Mark::NotApplicable)
        }
    }
}

fn population(table: &TableTemplate, found: &DisparityView) -> (Sheet, Origins) {
    let rows = found.groups.iter().map(|group| {
        let key = Value::Text(group.group.to_owned());
        std::iter::once(key).chain(table.columns.iter().map(|c| of_group(group, c.field))).collect()
    });
    let share = found.not_stated_percent.as_deref().unwrap_or("0.0");
    let sheet = Sheet {
        name: table.name.clone(),
        title: table.title.clone(),
        lines: vec![
            format!("{}. Population: census of {}.", found.title, found.population_year),
            format!(
                "Ethnicity is not stated in {} of {} records ({share} %).",
                found.not_stated, found.records
            ),
            format!("In {} records it is the officer's view alone.", found.officer_defined),
            found.caveat.to_owned(),
        ],
        columns: std::iter::once("Ethnicity".to_owned()).chain(headings(table)).collect(),
        keys: 1,
        rows: rows.collect(),
    };
    // Counts of persons: what stands behind a group are the records of that ethnicity.
    let measure = if found.measure == "force" { "force" } else { "searches" };
    let origins = Origins {
        rows: found
            .groups
            .iter()
            .map(|group| (measure.to_owned(), format!("ethnicity={}", group.group)))
            .collect(),
        fields: table.columns.iter().map(|column| column.field).collect(),
    };
    (sheet, origins)
}

fn of_group(group: &Disparity, field: Field) -> Value {
    let decimal = |text: &Option<String>| {
        text.as_ref().map_or(Value::Mark(Mark::NotApplicable), |digits| Value::Decimal(digits.clone()))
    };
    match field {
        Field::Records => Value::Count(group.records),
        Field::Residents => Value::Count(group.population),
        Field::PerThousand => decimal(&group.per_thousand),
        Field::Relative => decimal(&group.relative),
        Field::Why => {
            group.withheld.map_or(Value::Mark(Mark::NotApplicable), |why| Value::Text(why.to_owned()))
        }
        _ => Value::Mark(Mark::NotApplicable),
    }
}
