//! `scrutiny import use-of-force`: tables of counts, and the sums in them that do not add up.

use std::fs;

use bytes::Bytes;
use imports::record::{Rows, row_stream, source_stream};
use imports::sums::{self, Mismatch};
use imports::tables::{self, Table};
use ledger_core::hash::Hash;
use scrutiny_proto::ledger::v1::Document;
use scrutiny_proto::review::v1::{SourceFileImported, SourceShape};
use serde_json::{Value, json};

use super::file::Ready;
use super::service::Importer;
use super::{file, searches, service, workbook};
use crate::cli::{Common, ImportFiles};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::writing::Writer;

/// A table's bytes under the name it is recorded by.
struct Named {
    name: String,
    csv: Vec<u8>,
    /// The workbook it is a sheet of.
    documents: Vec<Document>,
}

pub(crate) fn use_of_force(args: &ImportFiles, at: &Common, out: Output) -> Done {
    let files = read(args, out)?;
    let mut ready = Vec::new();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for file in &files {
        let usage = |problem: String| Stop::Usage(format!("{}: {problem}", file.name));
        let source = tables::read(&file.csv).map_err(|e| usage(e.to_string()))?;
        let (found, sums) = sums::check(&Table::of(&source));
        let digest = Hash::of(&file.csv);
        compared += sums;
        wrong.extend(found.into_iter().map(|mismatch| (file, digest, mismatch)));
        let rows = u32::try_from(source.len()).map_err(|_| usage("it has too many rows".to_owned()))?;
        let about = about(file, &digest, rows, source.head(), args);
        let rows = source.rows().map(|(_, row)| row).collect();
        let documents = file.documents.clone();
        ready.push(Ready { digest, about, kind: Rows::Counts, rows, documents });
    }
    let writer = Writer::open(at, out)?;
    let importer = service::find(args.by.as_deref(), &writer)?;
    file::replace(&mut ready, args.replaces.as_deref(), &writer)?;
    let mut report = searches::record_all(&ready, &importer.service, &writer, out)?;
    if report.stop.is_none() {
        report.issues = raise(&wrong, &importer, &writer)?;
        writer.publish()?;
    }
    let totals = count(compared, "total", "totals");
    let text = format!("{}{totals} compared with their parts: {} differ.\n", report.text(), wrong.len());
    out.result("import use-of-force", &text, || {
        let mut data = report.to_json();
        data["totals_compared"] = json!(compared);
        data["totals_that_differ"] = json!(wrong.len());
        data
    });
    report.outcome(out)
}

/// Every table of every file, each read to its end.
fn read(args: &ImportFiles, out: Output) -> Done<Vec<Named>> {
    let mut files = Vec::new();
    for path in &args.files {
        let bytes = fs::read(path).map_err(io(path))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let usage = |problem: String| Stop::Usage(format!("{}: {problem}", path.display()));
        files.extend(named(name, bytes, out).map_err(usage)?);
    }
    Ok(files)
}

fn about(file: &Named, digest: &Hash, rows: u32, head: &[u8], args: &ImportFiles) -> SourceFileImported {
    SourceFileImported {
        sha256: digest.to_hex(),
        file_name: file.name.clone(),
        shape: SourceShape::UseOfForceTable.into(),
        rows,
        head: Bytes::copy_from_slice(head),
        force: args.force.clone().unwrap_or_default(),
        period_words: args.period.clone().unwrap_or_default(),
        publisher: args.publisher.clone().unwrap_or_default(),
        licence: args.licence.clone().unwrap_or_default(),
        url: args.url.clone().unwrap_or_default(),
        ..SourceFileImported::default()
    }
}

fn named(name: String, bytes: Vec<u8>, out: Output) -> Result<Vec<Named>, String> {
    if !workbook::is_workbook(&bytes) {
        return Ok(vec![Named { name, csv: bytes, documents: Vec::new() }]);
    }
    let (sheets, others) = workbook::tables(&bytes)?;
    if sheets.is_empty() {
        return Err(format!("no sheet of this workbook is called \"Table…\"; it has {}", others.join(", ")));
    }
    out.say(&format!("note: {name}: not imported, for they are no tables: {}", others.join(", ")));
    let media_type = if name.ends_with(".ods") {
        "application/vnd.oasis.opendocument.spreadsheet"
    } else {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    };
    let document = Document {
        sha256: Bytes::copy_from_slice(Hash::of(&bytes).as_bytes()),
        media_type: media_type.to_owned(),
        title: name.clone(),
    };
    let one = |sheet: workbook::Sheet| Named {
        name: format!("{name} {}.csv", sheet.name),
        csv: sheet.csv,
        documents: vec![document.clone()],
    };
    Ok(sheets.into_iter().map(one).collect())
}

/// Records an issue for each total that differs, unless it was raised before.
fn raise(wrong: &[(&Named, Hash, Mismatch)], importer: &Importer, writer: &Writer) -> Done<Vec<Value>> {
    let mut raised = Vec::new();
    for (file, digest, mismatch) in wrong {
        let source = source_stream(digest);
        let named = source.trim_start_matches("source/");
        let stream = format!("quality/{}/{named}-{}-{}", importer.body, mismatch.row, mismatch.column_at + 1);
        let id = stream.parse().map_err(|e| Stop::Usage(format!("{stream}: {e}")))?;
        let text = sentence(&file.name, mismatch);
        let (stated, computed) = (mismatch.stated, mismatch.computed());
        let is_new = writer.versions(vec![id])?[0] == 0;
        if is_new {
            writer.record_value(&json!({
                "kind": "DataQualityIssueRecorded",
                "stream": stream,
                "signed_by": importer.signer,
                "body": {
                    "step": "raised",
                    "dataset": file.name,
                    "text": text,
                    "sum": { "stated": stated, "computed": computed, "parts": mismatch.words() },
                    "concerns": [source, row_stream(Rows::Counts, digest, mismatch.row)],
                },
            }))?;
        }
        raised.push(json!({
            "stream": stream, "new": is_new, "text": text, "stated": stated, "computed": computed,
            "difference": mismatch.difference(), "parts": mismatch.words(),
        }));
    }
    Ok(raised)
}

fn sentence(file: &str, wrong: &Mismatch) -> String {
    format!(
        "{file}, row {}, {}: {} is stated as {}, and its parts come to {}: a difference of {}",
        wrong.row,
        wrong.column,
        wrong.total,
        wrong.stated,
        wrong.computed(),
        wrong.difference()
    )
}
