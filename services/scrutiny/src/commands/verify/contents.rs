//! What statements say of other entries, checked against those: a sample against its frame and its seed, an imported
//! file against its rows.
//!
//! The rules cannot do this at the moment of recording: they keep neither the roots of earlier trees nor millions of
//! rows. So a draw with a root that never was, or a row that the file does not have, is recorded, and found here.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use ledger_audit::{Code, Finding, Report, Source};
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use prost::Message as _;
use scrutiny_proto::review::v1::{SourceFileImported, StopSearchRecorded, TableRowImported};
use sha2::{Digest as _, Sha256};

use crate::commands::sample::{each, repeat_all};
use crate::exit::Done;
use crate::output::Output;

/// Adds to the report what is wrong; or that it could not be looked at.
pub(super) fn check(source: &dyn Source, report: &mut Report, out: Output) {
    match files(source, out) {
        Ok((files, wrong)) => {
            report.counts.files = files;
            report.add(wrong);
        }
        Err(stop) => report.could_not(format!("imported files: {stop}")),
    }
    match repeat_all(source, out) {
        Ok((samples, wrong)) => {
            report.counts.samples = samples;
            let finding = |wrong: crate::commands::sample::Wrong| {
                let sentence = format!("sample/{}: {}", wrong.name, wrong.problem);
                let finding = if wrong.is_note { Finding::note } else { Finding::new };
                finding(Code::Sample, sentence).at(wrong.at.0).about(format!("sample/{}", wrong.name))
            };
            report.add(wrong.into_iter().map(finding).collect());
        }
        Err(stop) => report.could_not(format!("samples: {stop}")),
    }
}

/// A file on its way to being put together again.
struct File {
    entry: u64,
    about: SourceFileImported,
    digest: Sha256,
    /// The row that comes next, counted from 1.
    next: u32,
    /// Rows that were recorded before others of a lower number: an import that was gone on with.
    waiting: BTreeMap<u32, Bytes>,
}

impl File {
    fn new(entry: &Entry) -> Option<Self> {
        let about = SourceFileImported::decode(entry.statement.body.clone()).ok()?;
        let digest = Sha256::new_with_prefix(&about.head);
        Some(Self { entry: entry.index.0, about, digest, next: 1, waiting: BTreeMap::new() })
    }

    fn row(&mut self, number: u32, bytes: Bytes) {
        self.waiting.insert(number, bytes);
        while let Some(bytes) = self.waiting.remove(&self.next) {
            self.digest.update(&bytes);
            self.next += 1;
        }
    }

    /// A file of which rows are still to come is no finding; `import sources` lists it.
    fn finding(self, stream: &str) -> Option<Finding> {
        if self.next <= self.about.rows {
            return None;
        }
        let digest = self.digest.chain_update(&self.about.tail).finalize();
        let digest = Hash(digest.into()).to_hex();
        let sentence = format!(
            "{stream}: head, rows and tail have digest {digest}, and the file {} had {}",
            self.about.file_name, self.about.sha256
        );
        (digest != self.about.sha256)
            .then(|| Finding::new(Code::SourceFile, sentence).at(self.entry).about(stream))
    }
}

/// How many files there are whole, and which of them are not what was imported.
fn files(source: &dyn Source, out: Output) -> Done<(u64, Vec<Finding>)> {
    let mut files: HashMap<String, File> = HashMap::new();
    each(source, None, out, |_, entry| {
        let statement = &entry.statement;
        let body = || statement.body.clone();
        let line = match statement.kind.as_str() {
            "scrutiny.review.v1.SourceFileImported" => {
                let name = statement.stream.as_str().trim_start_matches("source/").to_owned();
                files.extend(File::new(&entry).map(|file| (name, file)));
                return;
            }
            "scrutiny.review.v1.StopSearchRecorded" => {
                StopSearchRecorded::decode(body()).map(|b| b.source_line)
            }
            "scrutiny.review.v1.TableRowImported" => TableRowImported::decode(body()).map(|b| b.source_line),
            _ => return,
        };
        let name = statement.stream.as_str().rsplit('/').next().and_then(|name| name.rsplit_once('-'));
        if let (Ok(line), Some((source, number))) = (line, name)
            && let (Some(file), Ok(number)) = (files.get_mut(source), number.parse())
        {
            file.row(number, line);
        }
    })?;
    let whole = files.values().filter(|file| file.next > file.about.rows).count() as u64;
    let mut wrong: Vec<Finding> =
        files.into_iter().filter_map(|(name, file)| file.finding(&format!("source/{name}"))).collect();
    wrong.sort_by_key(|finding| finding.index);
    Ok((whole, wrong))
}
