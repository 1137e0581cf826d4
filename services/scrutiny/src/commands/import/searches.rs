//! `scrutiny import stop-search`.

use std::fs;
use std::path::Path;

use imports::period::named;
use imports::record::{MAX_ROWS, Rows};
use imports::{Format, Source};
use ledger_core::hash::Hash;
use scrutiny_proto::review::v1::{SourceFileImported, SourceShape};

use super::file::Ready;
use super::report::{FileReport, Report};
use super::{file, service};
use crate::cli::{Common, ImportFiles};
use crate::exit::{Done, Stop, io};
use crate::output::Output;
use crate::writing::Writer;

pub(crate) fn stop_search(args: &ImportFiles, at: &Common, out: Output) -> Done {
    // Every file is read to its end before anything is recorded of any.
    let files: Vec<Vec<u8>> =
        args.files.iter().map(|path| fs::read(path).map_err(io(path))).collect::<Done<_>>()?;
    let mut ready = Vec::new();
    for (path, bytes) in args.files.iter().zip(&files) {
        ready.push(read(path, bytes, args)?);
    }
    let writer = Writer::open(at, out)?;
    let importer = service::find(args.by.as_deref(), &writer)?;
    file::replace(&mut ready, args.replaces.as_deref(), &writer)?;
    let report = record_all(&ready, &importer.service, &writer, out)?;
    out.result("import stop-search", &report.text(), || report.to_json());
    report.outcome(out)
}

/// Records files in their order; the first that stops ends it.
pub(super) fn record_all(
    ready: &[Ready<'_>],
    service: &imports::record::Service,
    writer: &Writer,
    out: Output,
) -> Done<Report> {
    let rows = ready.iter().map(|ready| ready.rows.len() as u64).sum();
    let bar = out.progress(rows, "importing");
    let mut report = Report::default();
    let mut known = writer.sources()?;
    for ready in ready {
        report.notes.extend(file::note(ready, &known));
        let (came_to, outcome) = file::record(ready, service, writer, &bar);
        report.files.push(FileReport::new(ready, came_to));
        known.push((ready.stream(), ready.about.clone()));
        if let Err(stop) = outcome {
            report.stop = Some(stop);
            break;
        }
    }
    bar.finish_and_clear();
    writer.publish()?;
    Ok(report)
}

fn read<'a>(path: &Path, bytes: &'a [u8], args: &ImportFiles) -> Done<Ready<'a>> {
    let usage = |problem: String| Stop::Usage(format!("{}: {problem}", path.display()));
    let source = Source::read(bytes).map_err(|e| usage(e.to_string()))?;
    if source.len() > MAX_ROWS {
        return Err(usage(format!("it has {} rows, and {MAX_ROWS} can be told apart", source.len())));
    }
    let digest = Hash::of(bytes);
    let about = about(path, &digest, &source, args).map_err(usage)?;
    let rows = source.rows().map(|(_, row)| row).collect();
    Ok(Ready { digest, about, kind: Rows::Searches, rows, documents: Vec::new() })
}

fn about(
    path: &Path,
    digest: &Hash,
    source: &Source<'_>,
    args: &ImportFiles,
) -> Result<SourceFileImported, String> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let said = named(&name);
    let force = match &args.force {
        Some(force) if !said.force.is_empty() && *force != said.force => {
            return Err(format!("its name says it is of {}, and --force says {force}", said.force));
        }
        Some(force) => force.clone(),
        None => said.force,
    };
    let shape = match source.format {
        Format::Csv => SourceShape::StopSearchCsv,
        Format::Json => SourceShape::StopSearchJson,
    };
    Ok(SourceFileImported {
        sha256: digest.to_hex(),
        file_name: name,
        shape: shape.into(),
        rows: u32::try_from(source.len()).expect("at most MAX_ROWS"),
        head: source.head().to_vec().into(),
        force,
        period_words: args.period.clone().unwrap_or(said.month),
        publisher: args.publisher.clone().unwrap_or_default(),
        licence: args.licence.clone().unwrap_or_default(),
        url: args.url.clone().unwrap_or_default(),
        ..SourceFileImported::default()
    })
}
