//! From tables to drafts: what every statement of a report has in common, and what each adds.

use std::collections::BTreeSet;

use ledger_draft::{Draft, DraftError};
use serde_json::{Map, Value, json};

use super::layout::{self, Sheet};
use super::table::{Problems, Row, Tables, whole};
use super::{Import, Place, obligations};

/// Makes every draft that the tables hold. What cannot be made is a problem.
pub(super) fn make(tables: &Tables, problems: &mut Problems) -> Import {
    let import = Import { drafts: Vec::new(), statements: Vec::new(), notes: Vec::new() };
    let Some(report) = tables.report() else {
        problems.add(whole("report"), "it is missing: it says which report this is, and who signs");
        return import;
    };
    let mut maker = Maker { report, common: common(report, problems), import, problems };
    report.check_needed(maker.problems);
    maker.report();
    let findings = Finding::all(tables.rows("findings"), maker.problems);
    for finding in &findings {
        maker.finding(finding);
    }
    for row in tables.rows("judgments") {
        row.check_needed(maker.problems);
        maker.judgment(row);
    }
    for owed in obligations::owed(report, &findings, tables.rows("obligations"), maker.problems) {
        maker.obligation(&owed);
    }
    maker.compare_counts(&findings);
    if findings.is_empty() {
        maker.import.notes.push("there is no finding in it".to_owned());
    } else if tables.rows("obligations").is_empty() && report.list("owed_by").is_empty() {
        let sentence = "nobody owes an answer yet: owed_by, or the table obligations, says who does";
        maker.import.notes.push(sentence.to_owned());
    }
    maker.import
}

/// A finding: the rows that are about it.
pub(super) struct Finding<'a> {
    pub(super) rows: Vec<&'a Row>,
}

impl<'a> Finding<'a> {
    /// Rows one after another with the same number are one finding in parts.
    fn all(rows: &'a [Row], problems: &mut Problems) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut seen = BTreeSet::new();
        for row in rows {
            let number = row.get("finding");
            match all.last_mut() {
                Some(last) if last.number() == number && !number.is_empty() => {
                    if row.get("limb").is_empty() {
                        problems.add(
                            row.place("limb"),
                            format!("finding {number} is there already: a part of it has a limb"),
                        );
                    }
                    last.rows.push(row);
                }
                _ => {
                    row.check_needed(problems);
                    if !seen.insert(number) && !number.is_empty() {
                        problems.add(
                            row.place("finding"),
                            format!("finding {number} is there already, further up"),
                        );
                    }
                    all.push(Self { rows: vec![row] });
                }
            }
        }
        all
    }

    pub(super) fn first(&self) -> &'a Row {
        self.rows[0]
    }

    pub(super) fn number(&self) -> &'a str {
        self.first().get("finding")
    }

    pub(super) fn kind(&self) -> String {
        enum_word(self.first().get("kind"))
    }

    /// The keys of its parts; none where it is one.
    pub(super) fn limbs(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.rows.iter().map(|row| row.get("limb")).filter(|limb| !limb.is_empty())
    }
}

/// "Cause of concern" as the vocabulary has it.
fn enum_word(words: &str) -> String {
    let word = words.to_lowercase().replace([' ', '-'], "_");
    if word == "afi" { "area_for_improvement".to_owned() } else { word }
}

struct Maker<'a, 'p> {
    report: &'a Row,
    common: Map<String, Value>,
    import: Import,
    problems: &'p mut Problems,
}

/// What every statement of the report has: when, from which document, and that it is from older records.
fn common(report: &Row, problems: &mut Problems) -> Map<String, Value> {
    let mut common = Map::new();
    let given = report.get("occurred");
    let occurred = if given.is_empty() { report.get("published_on") } else { given };
    if occurred.is_empty() {
        let sentence = "must not be empty where published_on is: a day, a month, a year, or unknown";
        problems.add(report.place("occurred"), sentence);
    }
    common.insert(
        "occurred".to_owned(),
        match report.get("occurred_words") {
            "" => json!(occurred),
            words => json!({ "value": occurred, "words": words }),
        },
    );
    common.insert("imported".to_owned(), json!(report.flag("imported", problems).unwrap_or(true)));
    let [title, path, sha256, media_type] =
        ["document_title", "document_path", "document_sha256", "document_type"].map(|name| report.get(name));
    if [title, path, sha256, media_type].iter().any(|text| !text.is_empty()) {
        if title.is_empty() {
            problems.add(report.place("document_title"), "a document has a title");
        }
        let mut document = Map::from_iter([("title".to_owned(), json!(title))]);
        for (name, text) in [("path", path), ("sha256", sha256), ("media_type", media_type)] {
            if !text.is_empty() {
                document.insert(name.to_owned(), json!(text));
            }
        }
        common.insert("documents".to_owned(), json!([document]));
    }
    common
}

impl Maker<'_, '_> {
    fn report(&mut self) {
        let row = self.report;
        let mut body = texts(
            row,
            &["title", "publisher", "type", "programme", "published_on", "last_updated_on", "url"],
        );
        body.insert("type".to_owned(), json!(enum_word(row.get("type"))));
        let mut expected = Map::new();
        for name in ["recommendations", "areas_for_improvement", "causes_of_concern"] {
            match row.get(name) {
                "" => {}
                text => drop(
                    expected.insert(name.to_owned(), text.parse::<u32>().map_or(json!(text), |n| json!(n))),
                ),
            }
        }
        body.insert("expected".to_owned(), Value::Object(expected));
        for name in ["addressed_to", "evidence"] {
            body.insert(name.to_owned(), json!(row.list(name)));
        }
        self.add(
            "ReportPublished",
            format!("report/{}", row.get("report")),
            row.list("signed_by"),
            body,
            row,
        );
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        let row = finding.first();
        let mut body = texts(row, &["title", "text", "due_words", "theme", "repeats"]);
        body.insert("kind".to_owned(), json!(finding.kind()));
        body.insert("addressees".to_owned(), json!(row.list("addressees")));
        let limb = |row: &&&Row| json!({ "key": row.get("limb"), "text": row.get("limb_text") });
        let limbs: Vec<Value> =
            finding.rows.iter().filter(|r| !r.get("limb").is_empty()).map(|r| limb(&r)).collect();
        body.insert("limbs".to_owned(), json!(limbs));
        let stream = format!("finding/{}/{}", self.report.get("report"), finding.number());
        self.add("FindingIssued", stream, self.report.list("signed_by"), body, row);
    }

    fn judgment(&mut self, row: &Row) {
        let mut body = texts(row, &["area", "scheme", "carried_over_from", "judged_body"]);
        body.insert("scheme".to_owned(), json!(enum_word(row.get("scheme"))));
        body.insert("grade".to_owned(), json!(enum_word(row.get("grade"))));
        body.insert("inspected".to_owned(), json!(row.flag("inspected", self.problems).unwrap_or(false)));
        let stream = format!("judgment/{}/{}", self.report.get("report"), row.get("judgment"));
        self.add("JudgmentGiven", stream, self.report.list("signed_by"), body, row);
    }

    fn obligation(&mut self, owed: &obligations::Owed<'_>) {
        let mut body = owed.row.map_or_else(Map::new, |row| texts(row, &["owner_role"]));
        body.insert("strict_55_5b".to_owned(), json!(owed.strict));
        body.insert("oversight".to_owned(), json!(owed.row.map_or(&[][..], |row| row.list("oversight"))));
        let own = owed.row.map_or(&[][..], |row| row.list("signed_by"));
        let signers = if own.is_empty() { self.report.list("obligations_signed_by") } else { own };
        let stream =
            format!("obligation/{}/{}/{}/{}", owed.body, self.report.get("report"), owed.finding, owed.limb);
        let at = owed.row.unwrap_or(self.report);
        if signers.is_empty() {
            let sentence = format!("must not be empty: somebody signs that {} owes an answer", owed.body);
            self.problems.add(self.report.place("obligations_signed_by"), sentence);
            return;
        }
        self.add("ObligationCreated", stream, signers, body, at);
    }

    /// Reads the draft through the door that a typed one goes through, so that the same things are wrong with it.
    fn add(&mut self, kind: &str, stream: String, signers: &[String], body: Map<String, Value>, row: &Row) {
        let mut statement = Map::new();
        statement.insert("kind".to_owned(), json!(kind));
        statement.insert("stream".to_owned(), json!(stream));
        statement.insert("signed_by".to_owned(), json!(signers));
        statement.extend(self.common.clone());
        let said = body.into_iter().filter(|(_, value)| !says_nothing(value)).collect();
        statement.insert("body".to_owned(), Value::Object(said));
        let statement = Value::Object(statement);
        match Draft::parse_many(&statement.to_string()) {
            Ok(drafts) => {
                let line = row.place("report").row.unwrap_or(row.number);
                self.import.drafts.extend(drafts.into_iter().map(|draft| Draft { line, ..draft }));
                self.import.statements.push(statement);
            }
            Err(DraftError::Field { field, problem, .. }) => {
                let place = self.place(&field, row, kind == "ObligationCreated");
                // What is empty and must not be was said already, in the words of the table.
                if place_is_filled(&place, row, self.report) {
                    self.problems.add(place, problem);
                }
            }
            Err(other) => self.problems.add(row.place("title"), other.to_string()),
        }
    }

    /// Where the cell is that a field of a draft was made from.
    fn place(&self, field: &str, row: &Row, owed: bool) -> Place {
        let sheet = layout::sheet(row.sheet).expect("a row belongs to a known table");
        let mut parts = field.trim_start_matches("body.").split('.');
        let name = parts.next().unwrap_or_default();
        let column = match name {
            "stream" => key_column(sheet),
            "documents" => "document_sha256",
            "expected" => parts.next().unwrap_or("recommendations"),
            "limbs" => "limb_text",
            other => other,
        };
        let own = sheet.column(column).is_some() && (column != "signed_by" || !row.list(column).is_empty());
        match (column, owed) {
            ("signed_by", true) if sheet.upright || !own => self.report.place("obligations_signed_by"),
            _ if own => row.place(column),
            _ => self.report.place(column),
        }
    }

    /// The report's own totals beside what the workbook holds.
    fn compare_counts(&mut self, findings: &[Finding<'_>]) {
        let totals = [
            ("recommendations", "recommendation"),
            ("areas_for_improvement", "area_for_improvement"),
            ("causes_of_concern", "cause_of_concern"),
        ];
        for (field, kind) in totals {
            let held = findings.iter().filter(|finding| finding.kind() == kind).count();
            let said = self.report.get(field);
            if said.parse::<usize>().is_ok_and(|said| said != held) {
                let words = field.replace('_', " ");
                self.import
                    .notes
                    .push(format!("the report says it makes {said} {words}; the workbook has {held}"));
            }
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(yes) => !yes,
        _ => value.is_null(),
    }
}

fn texts(row: &Row, names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!(row.get(name)))).collect()
}

/// The column that a table's streams end with.
fn key_column(sheet: &Sheet) -> &'static str {
    match sheet.name {
        "findings" => "finding",
        "judgments" => "judgment",
        "obligations" => "body",
        _ => "report",
    }
}

fn place_is_filled(place: &Place, row: &Row, report: &Row) -> bool {
    let Some((_, name)) = &place.column else { return true };
    let of = if place.sheet == row.sheet { row } else { report };
    let needed = layout::sheet(of.sheet).and_then(|sheet| sheet.column(name)).is_some_and(|c| c.needed);
    !needed || !of.list(name).is_empty()
}
