//! What an import came to, for a person and for `--json`.

use std::collections::BTreeMap;

use imports::Flag;
use imports::record::{Rows, source_stream};
use serde_json::{Value, json};

use super::file::{Counts, Ready};
use crate::exit::{Done, Stop};
use crate::output::{Output, count, indent, table};

/// Flags shown to a person; the rest are in `--json`.
const SHOWN: usize = 20;

/// What became of one file.
pub(crate) struct FileReport {
    name: String,
    source: String,
    force: String,
    /// Its rows are of one force, and nothing says which.
    nameless: bool,
    rows: u64,
    counts: Counts,
    flags: BTreeMap<Flag, u64>,
}

impl FileReport {
    pub(crate) fn new(ready: &Ready<'_>, (counts, flags): (Counts, BTreeMap<Flag, u64>)) -> Self {
        Self {
            name: ready.about.file_name.clone(),
            source: source_stream(&ready.digest),
            force: ready.about.force.clone(),
            nameless: ready.kind == Rows::Searches && ready.about.force.is_empty(),
            rows: ready.rows.len() as u64,
            counts,
            flags,
        }
    }

    fn flagged(&self) -> u64 {
        self.flags.values().sum()
    }
}

/// What became of all of them.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) files: Vec<FileReport>,
    pub(crate) issues: Vec<Value>,
    /// What a person should know of the files.
    pub(crate) notes: Vec<String>,
    /// Why it did not come to the end.
    pub(crate) stop: Option<Stop>,
}

impl Report {
    fn sum(&self, of: impl Fn(&FileReport) -> u64) -> u64 {
        self.files.iter().map(of).sum()
    }

    pub(crate) fn text(&self) -> String {
        let row = |file: &FileReport| {
            let number = |n: u64| n.to_string();
            let Counts { added, already } = file.counts;
            let [rows, added, already] = [file.rows, added, already].map(number);
            [file.name.clone(), file.source.clone(), rows, added, already, number(file.flagged())]
        };
        let head = ["file", "source", "rows", "added", "already there", "flagged"];
        let mut text = indent(&table(head, self.files.iter().map(row)));
        text.push_str(&format!(
            "\n{} read: {} added, {} already there.\n",
            count(self.sum(|f| f.rows), "row", "rows"),
            self.sum(|f| f.counts.added),
            self.sum(|f| f.counts.already)
        ));
        text.push_str(&self.flags_text());
        for issue in &self.issues {
            text.push_str(&format!("Issue raised: {}\n", issue["text"].as_str().unwrap_or_default()));
        }
        text
    }

    fn flags_text(&self) -> String {
        let mut all: BTreeMap<&Flag, u64> = BTreeMap::new();
        for (flag, rows) in self.files.iter().flat_map(|file| &file.flags) {
            *all.entry(flag).or_default() += rows;
        }
        if all.is_empty() {
            return String::new();
        }
        let row = |(flag, rows): (&&Flag, &u64)| {
            [flag.column.to_owned(), format!("{:?}", flag.words), rows.to_string()]
        };
        let shown = indent(&table(
            ["column", "words that no table knows, kept as they are", "rows"],
            all.iter().take(SHOWN).map(row),
        ));
        let more = all.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!("  and {more} more, in --json\n") } else { String::new() };
        format!("\n{shown}{rest}")
    }

    pub(crate) fn to_json(&self) -> Value {
        let file = |file: &FileReport| {
            let flag = |(flag, rows): (&Flag, &u64)| json!({ "column": flag.column, "words": flag.words, "rows": rows });
            json!({
                "file": file.name,
                "source": file.source,
                "force": file.force,
                "rows_read": file.rows,
                "added": file.counts.added,
                "already_there": file.counts.already,
                "flagged": file.flagged(),
                "flags": file.flags.iter().map(flag).collect::<Vec<_>>(),
            })
        };
        json!({
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
            "rows_read": self.sum(|f| f.rows),
            "added": self.sum(|f| f.counts.added),
            "already_there": self.sum(|f| f.counts.already),
            "flagged": self.sum(FileReport::flagged),
            "issues": self.issues,
            "notes": self.notes,
        })
    }

    /// Says what to do next, or why it stopped.
    pub(crate) fn outcome(self, out: Output) -> Done {
        for note in &self.notes {
            out.say(&format!("note: {note}"));
        }
        if let Some(stop) = self.stop {
            out.say("What is counted above is recorded. Import the same files again to go on.");
            return Err(stop);
        }
        for file in self.files.iter().filter(|file| file.nameless) {
            out.say(&format!(
                "note: {}: neither its name nor --force says whose searches these are, so they are nobody's",
                file.name
            ));
        }
        if let Some(file) = self.files.last() {
            out.say(&format!("Next: scrutiny import sources\n      scrutiny show {}", file.source));
        }
        Ok(())
    }
}
