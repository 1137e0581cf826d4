//! What a stranger can check: receipts, and an audit of an export.

use std::path::Path;

use ledger_audit::source::Folder;
use ledger_audit::{ExportDir, Trust, Verdict, audit as audit_source};
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::tlog_proof::TlogProof;
use ledger_store::{Reader, export};
use recorder::Recorder;

use crate::book::Book;
use crate::random::Random;
use crate::scene::signer;

/// New receipts asked for after each fault, and old ones asked for again.
const RECEIPTS: u64 = 6;

/// Asks for receipts of some entries and for some that were given out before: those must not have changed.
pub(crate) fn receipts(book: &mut Book, recorder: &Recorder, random: &mut Random) -> Result<(), String> {
    let old: Vec<u64> = book.receipts.keys().copied().collect();
    for draw in 0..2 * RECEIPTS {
        let at = match old.len() as u64 {
            count if draw < RECEIPTS && count > 0 => {
                old[usize::try_from(random.below(count)).expect("a count fits")]
            }
            _ => random.below(book.entries.len() as u64),
        };
        let index = EntryIndex(at);
        let receipt = recorder.read(move |store, _| recorder::receipt(store, index));
        let receipt = receipt.map_err(|e| format!("the receipt of entry {at}: {e}"))?;
        let receipt = receipt.ok_or_else(|| format!("entry {at} has no receipt"))?;
        check_receipt(&receipt, book.entries[usize::try_from(at).expect("a count fits")].1)
            .map_err(|why| format!("the receipt of entry {at}: {why}"))?;
        let bytes = receipt.to_bytes();
        if book.receipts.get(&at).is_some_and(|was| *was != bytes) {
            return Err(format!("entry {at} has another receipt than before"));
        }
        book.receipts.insert(at, bytes);
    }
    return Ok(());

    fn check_receipt(receipt: &TlogProof, leaf: Hash) -> Result<(), String> {
        let signed = receipt.signed_checkpoint().map_err(|e| e.to_string())?;
        let checkpoint = signed.open(&signer().verifier()).map_err(|e| e.to_string())?;
        receipt.verify_path(&leaf, &checkpoint).map_err(|e| e.to_string())
    }
}

/// Brings the export up to date and audits it, with every checkpoint ever seen as a remembered one.
pub(crate) fn audit(book: &Book, dir: &Path, to: &Path) -> Result<(), String> {
    let reader = Reader::open(dir).map_err(|e| e.to_string())?;
    let exported = export(&reader, to, true, &mut |_, _| {}).map_err(|e| format!("exporting: {e}"))?;
    let source = ExportDir::open(Folder::new(to)).map_err(|e| format!("opening the export: {e}"))?;
    let trust = Trust {
        log: Some(signer().verifier()),
        remembered: book.checkpoints.values().cloned().collect(),
        ..Trust::default()
    };
    let report = audit_source(&source, &trust, &mut |_| {});
    if report.verdict != Verdict::Clean || report.entries != book.entries.len() as u64 {
        let (entries, findings) = (report.entries, &report.findings);
        let kept = book.entries.len();
        return Err(format!("the audit of {entries} of {kept} entries: {:?} {findings:?}", report.verdict));
    }
    if (exported.size.0, exported.root) != (book.entries.len() as u64, book.root) {
        return Err(format!("{} entries are exported under another root than was read", exported.size));
    }
    Ok(())
}
