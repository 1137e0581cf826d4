//! JSON in one form only: keys sorted, no blanks, no fractions. Two values are equal when their bytes are.
//!
//! It is what RFC 8785 makes of JSON whose numbers are whole and below 2^53; decimals are text, as their digits.

use serde_json::{Map, Value as Json, json};

use crate::sheet::{Mark, Sheet, Value, Workbook};

/// A whole workbook.
#[must_use]
pub fn write(workbook: &Workbook) -> Vec<u8> {
    canonical(&json!({
        "title": workbook.title,
        "cover": workbook.cover,
        "notes": workbook.notes,
        "tables": workbook.sheets.iter().map(sheet).collect::<Vec<_>>(),
    }))
}

fn sheet(sheet: &Sheet) -> Json {
    let rows = sheet.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>());
    json!({
        "name": sheet.name,
        "title": sheet.title,
        "lines": sheet.lines,
        "columns": sheet.columns,
        "keys": sheet.keys,
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// A count is a number; a decimal is text, so that it keeps its digits; a shorthand says what it is.
fn cell(value: &Value) -> Json {
    match value {
        Value::Text(text) | Value::Decimal(text) => json!(text),
        Value::Count(count) => json!(count),
        Value::Mark(mark) => json!({ "none": mark_word(*mark) }),
    }
}

fn mark_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Confidential => "confidential",
        Mark::NotAvailable => "not-available",
        Mark::NotApplicable => "not-applicable",
    }
}

/// A value in its one form, ended by a newline.
#[must_use]
pub fn canonical(value: &Json) -> Vec<u8> {
    let mut text = sorted(value).to_string();
    text.push('\n');
    text.into_bytes()
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let mut keys: Vec<_> = fields.keys().collect();
            keys.sort_unstable();
            Json::Object(
                keys.into_iter().map(|key| (key.clone(), sorted(&fields[key]))).collect::<Map<_, _>>(),
            )
        }
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let bytes = canonical(&json!({"b": [{"z": 1, "a": "é\n"}], "a": null}));
        assert_eq!(String::from_utf8_lossy(&bytes), "{\"a\":null,\"b\":[{\"a\":\"é\\n\",\"z\":1}]}\n");
    }
}
