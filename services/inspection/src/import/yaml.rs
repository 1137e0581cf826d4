//! YAML: a key for each table, with a list of rows; limbs as a list of their own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::layout::{self, Sheet};
use super::table::{Cell, Problems, Row, Tables, unknown_column};
use super::{ImportError, MAX_ROWS, Place};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    report: Option<Spanned<Map<String, Value>>>,
    #[serde(default)]
    findings: Vec<Spanned<Map<String, Value>>>,
    #[serde(default)]
    judgments: Vec<Spanned<Map<String, Value>>>,
    #[serde(default)]
    obligations: Vec<Spanned<Map<String, Value>>>,
}

pub(super) fn read(bytes: &[u8], problems: &mut Problems) -> Result<Tables, ImportError> {
    let unreadable = |e: String| ImportError::Unreadable(e);
    let text = std::str::from_utf8(bytes).map_err(|e| unreadable(format!("it is no text in UTF-8: {e}")))?;
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let book: Book =
        serde_saphyr::from_str_with_options(text, options).map_err(|e| unreadable(e.to_string()))?;
    let mut tables = Tables::default();
    let all = [
        ("report", book.report.into_iter().collect()),
        ("findings", book.findings),
        ("judgments", book.judgments),
        ("obligations", book.obligations),
    ];
    let mut count = 0;
    for (name, maps) in all {
        let sheet = layout::sheet(name).expect("the four tables are laid out");
        for map in maps {
            let line = map.defined.line();
            let (limbs, rest) = limbs(map.value);
            count += 1 + limbs.len();
            if count > MAX_ROWS {
                return Err(unreadable(format!("it has more than {MAX_ROWS} rows")));
            }
            let first = row(sheet, line, rest, problems);
            let finding = first.get("finding").to_owned();
            let mut limbs = limbs.into_iter().map(|limb| limb_row(sheet, line, &finding, limb, problems));
            tables.add(sheet, joined(first, limbs.next()));
            let more: Vec<Row> = limbs.collect();
            more.into_iter().for_each(|limb| tables.add(sheet, limb));
        }
    }
    Ok(tables)
}

/// Takes `limbs: [{key, text}]` out of a finding.
fn limbs(mut map: Map<String, Value>) -> (Vec<Value>, Map<String, Value>) {
    match map.remove("limbs") {
        Some(Value::Array(limbs)) => (limbs, map),
        Some(other) => (vec![other], map),
        None => (Vec::new(), map),
    }
}

fn limb_row(sheet: &'static Sheet, line: u64, finding: &str, limb: Value, problems: &mut Problems) -> Row {
    let map = match limb {
        Value::Object(mut map) => {
            let renamed = [("key", "limb"), ("text", "limb_text")]
                .into_iter()
                .filter_map(|(from, to)| Some((to.to_owned(), map.remove(from)?)))
                .collect::<Map<_, _>>();
            map.into_iter().map(|(key, value)| (format!("limbs.{key}"), value)).chain(renamed).collect()
        }
        other => Map::from_iter([("limb".to_owned(), other)]),
    };
    let mut row = row(sheet, line, map, problems);
    let cell = Cell { row: line, letters: None, values: vec![finding.to_owned()] };
    row.cells.entry("finding").or_insert(cell);
    row
}

/// The first limb stands on the finding's own row.
fn joined(mut first: Row, limb: Option<Row>) -> Row {
    for (name, cell) in limb.map(|row| row.cells).unwrap_or_default() {
        first.cells.entry(name).or_insert(cell);
    }
    first
}

fn row(sheet: &'static Sheet, line: u64, map: Map<String, Value>, problems: &mut Problems) -> Row {
    let mut cells = BTreeMap::new();
    for (name, value) in map {
        let place =
            || Place { sheet: sheet.name.to_owned(), row: Some(line), column: Some((None, name.clone())) };
        let Some(column) = sheet.column(&name) else {
            problems.add(place(), unknown_column(sheet, &name));
            continue;
        };
        let items = match value {
            Value::Null => continue,
            Value::Array(items) if column.list => items,
            other => vec![other],
        };
        let mut values = Vec::new();
        for item in items {
            match text(&item) {
                Some((text, fraction)) => {
                    if fraction && column.exact {
                        let sentence = format!(
                            "{text} is a number, and nobody can tell 1.1 from 1.10: put it in quotes"
                        );
                        problems.add(place(), sentence);
                    }
                    values.extend((!text.is_empty()).then_some(text));
                }
                None => problems.add(place(), format!("must be text; got {item}")),
            }
        }
        if !values.is_empty() {
            cells.insert(column.name, Cell { row: line, letters: None, values });
        }
    }
    Row { sheet: sheet.name, number: line, cells }
}

fn text(value: &Value) -> Option<(String, bool)> {
    match value {
        Value::String(text) => Some((text.trim().to_owned(), false)),
        Value::Bool(yes) => Some((if *yes { "yes" } else { "no" }.to_owned(), false)),
        Value::Number(number) => Some((number.to_string(), !number.is_u64() && !number.is_i64())),
        _ => None,
    }
}
