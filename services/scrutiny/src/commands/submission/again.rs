//! A submission made again from a ledger: what it should be, and the dataset that it comes from.

use std::path::Path;

use ledger_audit::Source;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use projector::Projection as _;
use projector::Standing;
use projector::dataset::month::Period;
use projector::dataset::population::Population;
use projector::dataset::{Dataset, Question};
use prost::Message as _;
use scrutiny_proto::governance::v1::{SubmissionRecorded, SubmissionStage};
use submissions::fill::Stamp;
use submissions::manifest::Manifest;
use submissions::submission::{POPULATION_FILE, Submission, TEMPLATE_FILE};
use submissions::template::Template;

use super::{manifest, stop};
use crate::counting::Count;
use crate::exit::{Done, Stop, io};
use crate::output::Output;

/// Entries read at a time while looking for what was recorded of a submission.
const BATCH: usize = 4_096;

/// The submission as the ledger gives it.
pub(crate) struct Again {
    pub(crate) submission: Submission,
    pub(crate) dataset: Dataset,
    pub(crate) standing: Standing,
    pub(crate) period: Period,
}

/// An entry that carries the digest of a manifest.
pub(crate) struct Stage {
    pub(crate) entry: u64,
    pub(crate) stage: &'static str,
    pub(crate) by: String,
}

impl Again {
    /// Makes the submission of a folder again, from its own template and population.
    pub(crate) fn make(dir: &Path, source: &dyn Source, out: Output) -> Done<Self> {
        let manifest = manifest(dir)?;
        if manifest.projection != Dataset::NAME || manifest.definition_version != Dataset::DEFINITION_VERSION
        {
            return Err(Stop::CannotDecide(format!(
                "it was made by {} version {}; this program has {} version {}",
                manifest.projection,
                manifest.definition_version,
                Dataset::NAME,
                Dataset::DEFINITION_VERSION
            )));
        }
        let template = input(dir, &manifest, TEMPLATE_FILE)?;
        let template = Template::parse(&template)
            .map_err(|e| Stop::VerificationFailed(format!("{TEMPLATE_FILE}: {e}")))?;
        let population = input(dir, &manifest, POPULATION_FILE)?;
        let population = Population::parse(&population)
            .map_err(|e| Stop::VerificationFailed(format!("{POPULATION_FILE}: {e}")))?;
        let period: Period =
            manifest.period.parse().map_err(|e| Stop::VerificationFailed(format!("the manifest: {e}")))?;
        let mut counted = Count::new(source, out);
        let standing = counted.up_to(Some(manifest.tree_size))?;
        if standing.root.to_string() != manifest.root || counted.ledger != manifest.ledger {
            return Err(Stop::VerificationFailed(format!(
                "{} has root {} after {} entries, and the submission rests on {} with root {}: this is another history",
                counted.ledger, standing.root, standing.tree_size, manifest.ledger, manifest.root
            )));
        }
        let question = Question { body: &manifest.body, period, population: &population };
        let view = counted.dataset.view(&question, &standing);
        let stamp = Stamp { ledger: &counted.ledger, made: counted.made };
        let submission = Submission::make(&template, &population, &view, stamp).map_err(stop)?;
        let dataset = std::mem::take(&mut counted.dataset);
        Ok(Self { submission, dataset, standing, period })
    }

    /// Entries behind the submission's tree that carry its digest.
    pub(crate) fn stages(&self, source: &dyn Source) -> Done<Vec<Stage>> {
        let manifest = &self.submission.manifest;
        let stream = format!("submission/{}/{}/{}", manifest.body, manifest.template, manifest.period);
        let digest = manifest.digest();
        let mut found = Vec::new();
        let mut next = self.standing.tree_size.0;
        loop {
            let batch = source.entries(EntryIndex(next), BATCH).map_err(|e| Stop::Io(e.to_string()))?;
            if batch.is_empty() {
                return Ok(found);
            }
            for bytes in batch {
                found.extend(stage(&bytes, &stream, &digest));
                next += 1;
            }
        }
    }
}

fn stage(bytes: &bytes::Bytes, stream: &str, digest: &str) -> Option<Stage> {
    let entry = Entry::parse(bytes).ok()?;
    let statement = &entry.statement;
    if statement.stream.as_str() != stream || !statement.kind.ends_with(".SubmissionRecorded") {
        return None;
    }
    let body = SubmissionRecorded::decode(statement.body.clone()).ok()?;
    let stage = match body.stage() {
        SubmissionStage::Prepared => "prepared",
        SubmissionStage::Approved => "approved",
        SubmissionStage::Sent => "sent",
        SubmissionStage::Acknowledged => "acknowledged",
        SubmissionStage::Unspecified => return None,
    };
    (body.payload_sha256 == digest).then(|| Stage {
        entry: entry.index.0,
        stage,
        by: projector::signed_by(&statement.signers),
    })
}

/// A file that the submission was made from, as its manifest has it.
fn input(dir: &Path, manifest: &Manifest, name: &str) -> Done<String> {
    let path = dir.join(name);
    let bytes = std::fs::read(&path).map_err(io(&path))?;
    let listed = manifest.inputs.iter().find(|file| file.name == name);
    if listed.is_none_or(|file| file.sha256 != Hash::of(&bytes).to_hex()) {
        return Err(Stop::VerificationFailed(format!(
            "{}: it is not the file that the manifest names",
            path.display()
        )));
    }
    String::from_utf8(bytes).map_err(|e| Stop::VerificationFailed(format!("{}: {e}", path.display())))
}
