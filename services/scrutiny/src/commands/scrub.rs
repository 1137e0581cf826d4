//! `scrutiny scrub`: compare the two copies, and heal.

use ledger_core::hash::Hash;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::exit::{Done, Stop};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::writing;

pub(crate) fn run(at: &Common, out: Output) -> Done {
    let bar = out.progress(0, "scrubbing");
    let report = ledger_store::scrub(&at.ledger, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .map_err(writing::store)?;
    bar.finish_and_clear();
    // Only a whole ledger is believed about what it says was erased.
    let erased = if report.findings.is_empty() { erase_left(at, out)? } else { Vec::new() };
    let mut text = format!("{} compared in both copies.\n", count(report.entries.0, "entry", "entries"));
    for event in &report.events {
        text.push_str(&format!("healed: {event}\n"));
    }
    for sentence in &erased {
        text.push_str(&format!("{sentence}\n"));
    }
    for finding in &report.findings {
        text.push_str(&format!("NOT HEALED: {finding}\n"));
    }
    if report.events.is_empty() && report.findings.is_empty() {
        text.push_str("Both copies are whole and agree with the latest signed checkpoint.\n");
    }
    let words = |list: &[String]| list.iter().map(|e| json!(e)).collect::<Vec<Value>>();
    let healed: Vec<String> = report.events.iter().map(ToString::to_string).collect();
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    out.result(
        "scrub",
        &text,
        || json!({ "entries": report.entries.0, "healed": words(&healed), "erased": words(&erased), "findings": words(&findings) }),
    );
    if findings.is_empty() {
        return Ok(());
    }
    let what = count(findings.len() as u64, "finding", "findings");
    Err(Stop::VerificationFailed(format!(
        "{what} could not be healed; an export or a mirror may have what is lost"
    )))
}

/// Erases what entries say is erased and was here all the same, and says so.
fn erase_left(at: &Common, out: Output) -> Done<Vec<String>> {
    let book = Book::open(&at.ledger)?;
    let state = book.state(out)?;
    let left = ledger_store::erase_left(&at.ledger, state.erased()).map_err(writing::store)?;
    let sentence = |digest: &Hash| {
        format!(
            "erased now: addendum {}, which an entry says is erased; look where else the backup or copy that \
             brought it back may lie",
            digest.to_hex()
        )
    };
    Ok(left.iter().map(sentence).collect())
}
