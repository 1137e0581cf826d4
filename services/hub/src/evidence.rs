//! The evidence of a fork as one file: plain words for whoever finds it, and everything that a check takes.

use std::fmt::Write as _;

use bytes::Bytes;
use ledger_core::hash::Hash;

use crate::fork::Fork;
use crate::note::Note;

/// Before and after each part that a program reads.
const MARK: &str = "-----";

/// Writes the file.
#[must_use]
pub fn write(force: &str, found_at_ms: u64, fork: &Fork) -> String {
    let Fork { smaller, larger, begins_with, proof } = fork;
    let found = i64::try_from(found_at_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let found = found.map_or_else(String::new, |at| format!("{at:.0}"));
    let mut text = format!(
        "FORK of the ledger of {force}, found by the hub {found}\n\n{}.\n\n{}\n",
        capital(&fork.sentence()),
        explained(fork)
    );
    let mut part = |name: &str, lines: &str| {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{MARK}BEGIN {name}{MARK}\n{lines}{MARK}END {name}{MARK}\n");
    };
    for (number, note) in [(1, smaller), (2, larger)] {
        part(&format!("KEYS {number}"), &lines(&note.keys));
        part(&format!("NOTE {number}"), &String::from_utf8_lossy(&note.bytes));
    }
    if smaller.size != larger.size {
        part("BEGINS WITH", &format!("{begins_with}\n"));
        part("PROOF", &lines(proof));
    }
    text
}

fn explained(fork: &Fork) -> String {
    let (a, b) = (fork.smaller.size, fork.larger.size);
    let why = if a == b {
        format!(
            "Both notes are of {a} entries, and their third lines, the roots, differ. {a} entries have one root."
        )
    } else {
        format!(
            "NOTE 1 is of {a} entries, NOTE 2 of {b}. The first {a} of those {b} entries have the root under BEGINS WITH: \
             the\nhashes under PROOF are the consistency proof of that (RFC 6962 section 2.1.2, from {a} to {b} entries). It is not\n\
             the root in NOTE 1, and no {a} entries have two roots."
        )
    };
    format!(
        "What this shows. A log promises with every checkpoint that each later one only adds to it. Both notes below are\n\
         signed with this log's keys, and they cannot both be true. Whoever signed them keeps two histories, or lost one\n\
         and began another. It does not show which of them is the right one.\n\n{why}\n\n\
         How anybody can check it:\n\n  \
         1. Get the log's keys from somebody else than from this file, and compare them with KEYS: `scrutiny policy`\n     \
         prints them at the force, and entry 0 of its ledger names them.\n  \
         2. `scrutiny hub check-fork FILE --policy POLICY` does the rest. By other tools: save what stands between the\n     \
         marks of a note as it is, and verify it as a signed note (c2sp.org/signed-note; Go: golang.org/x/mod/sumdb/note).\n  \
         3. Compare the second and third lines of the notes, and verify the proof as one of consistency.\n"
    )
}

/// Reads the file again, checks every signature in it and that the notes contradict each other.
///
/// # Errors
/// Says what is missing, or what does not hold.
pub fn read(text: &str) -> Result<Fork, String> {
    let keys = |number| -> Result<Vec<String>, String> {
        Ok(part(text, &format!("KEYS {number}"))?.lines().map(str::to_owned).collect())
    };
    let note = |number| -> Result<Note, String> {
        let bytes = Bytes::copy_from_slice(part(text, &format!("NOTE {number}"))?.as_bytes());
        Note::open(bytes, &keys(number)?).map_err(|e| format!("note {number}: {e}"))
    };
    let (smaller, larger) = (note(1)?, note(2)?);
    let hash = |line: &str| Hash::from_base64(line).ok_or_else(|| format!("{line:?} is no hash"));
    let (begins_with, proof) = if smaller.size == larger.size {
        (larger.root, Vec::new())
    } else {
        let proof = part(text, "PROOF")?.lines().map(hash).collect::<Result<_, _>>()?;
        (hash(part(text, "BEGINS WITH")?.trim_end())?, proof)
    };
    Fork::of(smaller, larger, begins_with, proof)
        .ok_or_else(|| "the notes do not contradict each other, or the proof does not hold".to_owned())
}

fn part<'a>(text: &'a str, name: &str) -> Result<&'a str, String> {
    let (begin, end) = (format!("\n{MARK}BEGIN {name}{MARK}\n"), format!("{MARK}END {name}{MARK}\n"));
    let found = text.split_once(begin.as_str()).and_then(|(_, rest)| rest.split_once(end.as_str()));
    found.map(|(part, _)| part).ok_or_else(|| format!("there is no part {name} in it"))
}

fn lines(each: &[impl ToString]) -> String {
    each.iter().map(|one| format!("{}\n", one.to_string())).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
