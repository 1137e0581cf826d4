//! The ledger's keys and statements, and reading it when nobody writes to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use host::bus::names::Force;
use ledger_audit::source::Folder;
use ledger_audit::{ExportDir, Trust, Verdict, audit};
use ledger_core::checkpoint::LogSigner;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId};
use ledger_core::wire::Durable;
use ledger_store::{Reader, export};
use load::Load;

use crate::{Outcome, force};

/// Officers who sign facts.
const OFFICERS: u32 = 4;

/// The log's keys, where nothing else is said about the force.
#[must_use]
pub fn signer() -> LogSigner {
    signer_of(&force())
}

/// The keys of a force's log.
pub(crate) fn signer_of(force: &Force) -> LogSigner {
    let [one, other] = seeds(force);
    let origin = load::ORIGIN.parse().expect("the load's origin is one");
    LogSigner::new(origin, &one, &other).expect("two seeds make a log's keys")
}

fn seeds(force: &Force) -> [[u8; 32]; 2] {
    ["ed25519", "ml-dsa-44"].map(|kind| Hash::of(format!("{force} {kind}").as_bytes()).0)
}

/// The file in which a recorder finds them.
pub(crate) fn key_file(force: &Force) -> String {
    let [one, other] = seeds(force);
    let line = |what: &str, seed: &[u8]| format!("{what} {} {}\n", load::ORIGIN, STANDARD.encode(seed));
    line("ed25519", &one) + &line("ml-dsa-44", &other)
}

/// The statements of a force's ledger. But for the founding, which names the log's keys, they are the same everywhere.
#[must_use]
pub fn statements(force: &Force) -> Load {
    Load::new(OFFICERS, signer_of(force).verifier().vkeys())
}

/// What a recorder writes on its own.
const EPOCH: &str = "scrutiny.registry.v1.RecorderEpochStarted";

/// Reads the whole ledger and holds it to what was acknowledged: all of that is in it, each once, and nothing else but
/// what founded it and what recorders wrote when they took over. Gives its size and root.
pub(crate) fn hold_to(
    dir: &Path,
    log: &LogSigner,
    told: &BTreeMap<StatementId, Durable>,
    founding: &BTreeSet<StatementId>,
) -> Outcome<(u64, Hash)> {
    let reader = Reader::open(dir).map_err(|e| format!("reading: {e}"))?;
    let mut places = BTreeMap::new();
    for item in reader.entries(EntryIndex(0)) {
        let (index, leaf, bytes) = item.map_err(|e| format!("reading: {e}"))?;
        let entry = Entry::parse(&bytes).map_err(|e| format!("entry {index}: {e}"))?;
        let expected = told.contains_key(&entry.statement.id) || founding.contains(&entry.statement.id);
        if !expected && entry.statement.kind != EPOCH {
            return Err(format!("entry {index} is {}, and nobody knows of it", entry.statement.kind));
        }
        if let Some((first, _)) = places.insert(entry.statement.id, (index, leaf)) {
            return Err(format!("entries {first} and {index} are the same statement"));
        }
    }
    for (id, durable) in told {
        if places.get(id) != Some(&(durable.index, durable.leaf_hash)) {
            return Err(format!("{id} was said to be entry {}, and is {:?}", durable.index, places.get(id)));
        }
    }
    clean(&reader, log, places.len() as u64)
}

/// Audits an export of it.
fn clean(reader: &Reader, log: &LogSigner, entries: u64) -> Outcome<(u64, Hash)> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let to = folder.path().join("export");
    let exported = export(reader, &to, true, &mut |_, _| {}).map_err(|e| format!("exporting: {e}"))?;
    let source = ExportDir::open(Folder::new(&to)).map_err(|e| format!("opening the export: {e}"))?;
    let trust = Trust { log: Some(log.verifier()), ..Trust::default() };
    let report = audit(&source, &trust, &mut |_| {});
    if report.verdict != Verdict::Clean || report.entries != entries {
        return Err(format!(
            "the audit of {} of {entries} entries: {:?} {:?}",
            report.entries, report.verdict, report.findings
        ));
    }
    Ok((exported.size.0, exported.root))
}
