//! A batch of reviews from CSV: a row for each review that was completed, a column for each thing it looked at.
//!
//! The columns are the kind's own fields, so that a field added to the vocabulary is a column the next day. Nothing
//! is guessed: an unknown column is an error, and an empty cell says nothing, not "no".

use std::fmt;

use ledger_draft::{Draft, DraftError};
use scrutiny_proto::vocabulary::{Field, Kind, Shape, Vocabulary, nearest_word};
use serde_json::{Map, Value, json};

/// Bytes in a batch: some ten thousand reviews.
pub const MAX_BATCH_BYTES: usize = 4 << 20;

/// Problems that are listed at once.
const MAX_PROBLEMS: usize = 20;

/// What stands in a row besides the fields of the review.
const AROUND: [(&str, &str); 6] = [
    ("level", "self, supervisor, irg, rgrg, taser_tl, taser_ttt, jps or superintendent"),
    ("power", "search or uof"),
    ("record", "the record's name in its stream"),
    ("signed_by", "who reviewed: KEY as REV of cambridgeshire"),
    ("occurred", "when, if not now: 2024-06-03"),
    ("imported", "yes where it is from older records"),
];

/// One thing that is wrong with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file, 1-based; 0 for the file as a whole.
    pub row: u64,
    /// The column, where one is to blame.
    pub column: String,
    /// What, and what would do.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.row > 0 {
            write!(f, "row {}, ", self.row)?;
        }
        if !self.column.is_empty() {
            write!(f, "column {}: ", self.column)?;
        }
        f.write_str(&self.problem)
    }
}

/// Reads a batch.
///
/// # Errors
/// The first problems, each with its row and column.
pub fn batch(bytes: &[u8]) -> Result<Vec<Draft>, Vec<Problem>> {
    let whole = |problem: String| vec![Problem { row: 0, column: String::new(), problem }];
    if bytes.len() > MAX_BATCH_BYTES {
        return Err(whole(format!("it has {} bytes; a batch has {MAX_BATCH_BYTES} at most", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| whole(format!("it is no text in UTF-8: {e}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).comment(Some(b'#')).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| whole(format!("it is no CSV: {e}")))?.clone();
    let columns: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    let mut problems: Vec<Problem> = columns.iter().filter_map(|name| unknown(name)).collect();
    let mut drafts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| whole(format!("it is no CSV: {e}")))?;
        let row = record.position().map_or(0, csv::Position::line);
        let cells = columns.iter().map(String::as_str).zip(record.iter().map(str::trim));
        let cells: Vec<(&str, &str)> = cells.filter(|(_, text)| !text.is_empty()).collect();
        if cells.is_empty() || !problems.is_empty() && problems.len() >= MAX_PROBLEMS {
            continue;
        }
        match review(&cells) {
            Ok(read) => drafts.extend(read.into_iter().map(|draft| Draft { line: row, ..draft })),
            Err((column, problem)) => problems.push(Problem { row, column, problem }),
        }
    }
    if drafts.is_empty() && problems.is_empty() {
        return Err(whole("there is no review in it".to_owned()));
    }
    problems.truncate(MAX_PROBLEMS);
    if problems.is_empty() { Ok(drafts) } else { Err(problems) }
}

/// An empty batch: every column, and what belongs there.
#[must_use]
pub fn template() -> String {
    let kind = kind();
    let mut text = String::new();
    for (name, about) in AROUND {
        text.push_str(&format!("# {name}: {about}\n"));
    }
    for field in fields(kind) {
        let words: Vec<&str> = field.choices().iter().map(|choice| choice.word.as_str()).collect();
        let takes = if words.is_empty() { field.type_words() } else { words.join(", ") };
        text.push_str(&format!("# {}: {} ({takes})\n", field.name, field.doc.replace('\n', " ").trim()));
    }
    let names = AROUND.iter().map(|(name, _)| *name).chain(fields(kind).map(|field| field.name.as_str()));
    text.push_str(&names.collect::<Vec<_>>().join(","));
    text.push('\n');
    text
}

fn review(cells: &[(&str, &str)]) -> Result<Vec<Draft>, (String, String)> {
    let get = |name: &str| cells.iter().find(|(column, _)| *column == name).map(|(_, text)| *text);
    let needed = |name: &str| get(name).ok_or_else(|| (name.to_owned(), "must not be empty".to_owned()));
    let stream = format!("review/{}/{}/{}", needed("level")?, needed("power")?, needed("record")?);
    let mut statement = Map::new();
    statement.insert("kind".to_owned(), json!("ReviewCompleted"));
    statement.insert("stream".to_owned(), json!(stream));
    statement.insert("signed_by".to_owned(), json!(needed("signed_by")?));
    if let Some(occurred) = get("occurred") {
        statement.insert("occurred".to_owned(), json!(occurred));
    }
    if let Some(imported) = get("imported") {
        statement.insert("imported".to_owned(), flag("imported", imported)?);
    }
    let mut body = Map::new();
    for field in fields(kind()) {
        if let Some(text) = get(&field.name) {
            let value =
                if matches!(field.shape, Shape::Flag) { flag(&field.name, text)? } else { json!(text) };
            body.insert(field.name.clone(), value);
        }
    }
    statement.insert("body".to_owned(), Value::Object(body));
    Draft::parse_many(&Value::Object(statement).to_string()).map_err(|error| match error {
        DraftError::Field { field, problem, .. } => {
            let column = field.trim_start_matches("body.");
            (if column == "stream" { "record" } else { column }.to_owned(), problem)
        }
        other => (String::new(), other.to_string()),
    })
}

fn flag(column: &str, text: &str) -> Result<Value, (String, String)> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Ok(json!(true)),
        "no" | "n" | "false" | "0" => Ok(json!(false)),
        other => Err((column.to_owned(), format!("must be yes or no; got {other:?}"))),
    }
}

fn unknown(name: &str) -> Option<Problem> {
    let known: Vec<&str> =
        AROUND.iter().map(|(name, _)| *name).chain(fields(kind()).map(|field| field.name.as_str())).collect();
    if known.contains(&name) {
        return None;
    }
    let hint = nearest_word(name, known.into_iter()).map(|near| format!("; did you mean {near}?"));
    let problem = format!("there is no column {name:?}{}", hint.unwrap_or_default());
    Some(Problem { row: 1, column: name.to_owned(), problem })
}

fn kind() -> &'static Kind {
    Vocabulary::get().kind("ReviewCompleted").expect("the vocabulary has reviews")
}

fn fields(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|field| !field.repeated && field.fields().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: &str = "\
level,power,record,signed_by,occurred,imported,outcome,saw_record,saw_footage,grounds,note
rgrg,search,ab12,group-reviewer as REV of cambridgeshire,2024-06-03,yes,no_concern,yes,no,,
irg,uof,cd34,group-reviewer as REV of cambridgeshire,,,learning,yes,yes,,Spoke well
";

    fn complaint(from: &str, to: &str) -> String {
        let problems = batch(BATCH.replacen(from, to, 1).as_bytes()).expect_err("it is wrong");
        problems.iter().map(|p| format!("{p}\n")).collect()
    }

    #[test]
    fn each_row_is_a_review() {
        let drafts = batch(BATCH.as_bytes()).expect("it reads");
        let streams: Vec<&str> = drafts.iter().map(|draft| draft.stream.as_str()).collect();
        assert_eq!(streams, ["review/rgrg/search/ab12", "review/irg/uof/cd34"]);
        let body = drafts[0].kind.body_to_json(&drafts[0].body).expect("its own body reads");
        assert_eq!(body, json!({"outcome": "no_concern", "saw_record": true}));
        assert!(drafts[0].imported && !drafts[1].imported);
        assert_eq!(drafts[1].sealed[0].text, "Spoke well", "a note is sealed");
    }

    #[test]
    fn what_is_wrong_is_said_with_row_and_column() {
        let check = |from: &str, to: &str, words: &[&str]| {
            let got = complaint(from, to);
            assert!(words.iter().all(|word| got.contains(word)), "{to:?}: {got}");
        };
        check(",saw_footage,", ",saw_footag,", &["column saw_footag", "did you mean saw_footage?"]);
        check("no_concern", "fine", &["row 2, column outcome", "fine"]);
        check("learning,yes", "learning,perhaps", &["row 3, column saw_record", "yes or no"]);
        check("irg,uof,cd34", "irg,uof,", &["row 3, column record", "must not be empty"]);
        check("irg,uof", "IRG,uof", &["row 3, column record"]);
        check("group-reviewer as REV of cambridgeshire,2024", "somebody,2024", &["row 2, column signed_by"]);
        check(BATCH, "level,power\n", &["no review"]);
    }

    #[test]
    fn a_template_has_every_column_and_no_review() {
        let text = template();
        assert!(
            text.contains("\nlevel,power,record,signed_by,occurred,imported,outcome,saw_record,"),
            "{text}"
        );
        let problems = batch(text.as_bytes()).expect_err("it is empty");
        assert_eq!(problems[0].problem, "there is no review in it");
    }
}
