//! What changed between two submissions of one template: cell by cell, from their JSON files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A cell that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The table.
    pub table: String,
    /// The row, by what names it.
    pub row: String,
    /// The column's heading.
    pub column: String,
    /// In the first; empty for a cell that it does not have.
    pub before: String,
    /// In the second.
    pub after: String,
}

#[derive(Deserialize)]
struct Book {
    tables: Vec<Table>,
}

#[derive(Deserialize)]
struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    keys: usize,
}

/// Every cell that differs, in the order of the second's tables; then what only the first has.
///
/// # Errors
/// When a file is not the JSON of a submission.
pub fn diff(before: &[u8], after: &[u8]) -> Result<Vec<Change>, serde_json::Error> {
    let before: Book = serde_json::from_slice(before)?;
    let after: Book = serde_json::from_slice(after)?;
    let mut old: BTreeMap<_, _> = cells(&before).collect();
    let mut changes = Vec::new();
    for (place, shows) in cells(&after) {
        let was = old.remove(&place);
        if was.as_ref() != Some(&shows) {
            changes.push(change(place, was.unwrap_or_default(), shows));
        }
    }
    changes.extend(old.into_iter().map(|(place, was)| change(place, was, String::new())));
    Ok(changes)
}

type At = (String, String, String);

fn cells(book: &Book) -> impl Iterator<Item = (At, String)> {
    book.tables.iter().flat_map(|table| {
        table.rows.iter().flat_map(move |row| {
            let keys: Vec<_> = row.iter().take(table.keys).map(text).collect();
            let name = if keys.is_empty() { "all".to_owned() } else { keys.join(", ") };
            let figures = row.iter().zip(&table.columns).skip(table.keys);
            figures
                .map(move |(value, column)| ((table.name.clone(), name.clone(), column.clone()), text(value)))
        })
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => fields.get("none").and_then(Value::as_str).unwrap_or_default().to_owned(),
        other => other.to_string(),
    }
}

fn change((table, row, column): At, before: String, after: String) -> Change {
    Change { table, row, column, before, after }
}
