//! What an audit found: a stable code, where, what was expected and what was there.

use std::collections::BTreeMap;
use std::fmt;

use ledger_core::ids::EntryIndex;
use serde::{Serialize, Serializer};

/// Findings of one code that are told in full. A ledger that is wrong throughout has millions; beyond this many
/// they are only counted.
pub const MAX_TOLD: u64 = 1_000;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something was changed, is missing, or broke a rule.
    Breach,
    /// A broken rule that may only be broken because an earlier entry could not be taken into account.
    Consequence,
    /// Nothing is wrong; the reader should know it nevertheless.
    Note,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What sort of finding.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// The entry it is about, 0-based.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<EntryIndex>,
    /// The file, key or digest it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What should have been there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The rule that refuses the statement, for [`Code::Rule`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// All of it in plain English.
    pub sentence: String,
}

impl Finding {
    /// A breach, to be completed by the methods below.
    #[must_use]
    pub fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Breach,
            index: None,
            about: None,
            expected: None,
            found: None,
            rule: None,
            sentence: sentence.into(),
        }
    }

    /// Something that is not wrong, and that the reader should know nevertheless.
    #[must_use]
    pub fn note(code: Code, sentence: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::new(code, sentence) }
    }

    /// Names the entry it is about, 0-based.
    #[must_use]
    pub fn at(self, index: u64) -> Self {
        Self { index: Some(EntryIndex(index)), ..self }
    }

    /// Names the file, key, digest or stream it is about.
    #[must_use]
    pub fn about(self, about: impl fmt::Display) -> Self {
        Self { about: Some(about.to_string()), ..self }
    }

    /// Where it stands among others: in the order of the entries, those about none last.
    pub(crate) fn place(&self) -> (u64, Code) {
        (self.index.map_or(u64::MAX, |index| index.0), self.code)
    }

    pub(crate) fn expected(self, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self { expected: Some(expected.to_string()), found: Some(found.to_string()), ..self }
    }
}

macro_rules! codes {
    ($($variant:ident = $text:literal, $explain:literal;)*) => {
        /// A stable name for a sort of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $explain] $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text in reports: `"CHAIN"`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub fn explain(self) -> &'static str {
                match self { $(Self::$variant => $explain,)* }
            }
        }
    };
}

codes! {
    EntryMalformed = "ENTRY-MALFORMED", "The bytes in an entry's place are not an entry.";
    Bundle = "BUNDLE", "An entry bundle is missing or cannot be taken apart, so its entries are not known.";
    Index = "INDEX", "An entry stands in another place than it was recorded in.";
    Chain = "CHAIN", "An entry was not recorded after the entry that stands before it.";
    StreamVersion = "STREAM-VERSION", "A stream's entries are not numbered 1, 2, 3 without gaps.";
    IdTwice = "ID-TWICE", "A statement stands in the ledger twice.";
    Signature = "SIGNATURE", "A signature of a statement is missing or does not hold.";
    Rule = "RULE", "A statement was recorded that the rules refuse at that place.";
    LeafTile = "LEAF-TILE", "An entry's bytes do not have the leaf hash that the tile has.";
    Tile = "TILE", "A tile does not have the hashes that the entries give.";
    TileMissing = "TILE-MISSING", "A tile that the latest checkpoint implies is not there.";
    Root = "ROOT", "The entries do not give the root hash that a checkpoint states.";
    CheckpointMalformed = "CHECKPOINT-MALFORMED", "The bytes in a checkpoint's place are not a checkpoint.";
    CheckpointMissing = "CHECKPOINT-MISSING", "No latest checkpoint is served although some are kept.";
    CheckpointSignature = "CHECKPOINT-SIGNATURE", "A checkpoint is not signed by the log's keys.";
    KeysNotInForce = "KEYS-NOT-IN-FORCE", "A checkpoint is signed by log keys that were not in force at its size.";
    CheckpointFork = "CHECKPOINT-FORK", "The log signed two different trees of one size: somebody was shown another history.";
    CheckpointAhead = "CHECKPOINT-AHEAD", "The log signed for more entries than there are: some were removed from the end.";
    CheckpointBehind = "CHECKPOINT-BEHIND", "The checkpoint served as the latest is older than one that is kept.";
    Cosignature = "COSIGNATURE", "A witness's signature on a checkpoint does not hold.";
    CosignerUnknown = "COSIGNER-UNKNOWN", "A checkpoint is cosigned by a key that the auditor was not given; that signature was not checked.";
    Uncovered = "UNCOVERED", "Entries at the end are not covered by any signed checkpoint yet.";
    AddendumDigest = "ADDENDUM-DIGEST", "An addendum's bytes are not the ones that the entry commits to.";
    AddendumMissing = "ADDENDUM-MISSING", "An addendum is not there, and no entry says that it was erased.";
    AddendumErased = "ADDENDUM-ERASED", "An addendum is still there although an entry says that it was erased.";
    AddendumStray = "ADDENDUM-STRAY", "An addendum is there that no entry commits to.";
    ErasureUnknown = "ERASURE-UNKNOWN", "An entry says that an addendum was erased which no entry commits to.";
    Origin = "ORIGIN", "The checkpoint, the key and entry 0 do not name one and the same ledger.";
    Genesis = "GENESIS", "Entry 0 is not the one that the auditor knows: this is another ledger, or one begun anew.";
    LogKey = "LOG-KEY", "Entry 0 pins other log keys than the ones that the auditor was given.";
    KeySuspect = "KEY-SUSPECT", "The entry was signed with a key that was later revoked as compromised from before that entry on.";
    Sample = "SAMPLE", "A sample is not the one that its frame and its seed give; as a note: one that nobody drew, for another.";
    SourceFile = "SOURCE-FILE", "Imported rows do not give the file that was imported.";
    Stray = "STRAY", "A file is there that belongs to no ledger of this size; it was not checked.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Gathers findings in bounded memory.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    told: Vec<Finding>,
    counts: BTreeMap<Code, u64>,
    weighs: bool,
}

impl Findings {
    pub(crate) fn add(&mut self, finding: Finding) {
        self.weighs |= finding.severity != Severity::Note;
        let count = self.counts.entry(finding.code).or_default();
        *count += 1;
        if *count <= MAX_TOLD {
            self.told.push(finding);
        }
    }

    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    /// True when anything but notes was found.
    pub(crate) fn weigh(&self) -> bool {
        self.weighs
    }

    /// The findings in the order of the entries, those about none last; and how many there are of each code.
    pub(crate) fn into_parts(mut self) -> (Vec<Finding>, BTreeMap<Code, u64>) {
        self.told.sort_by_key(Finding::place);
        (self.told, self.counts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_explained_in_a_sentence() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.explain().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn a_flood_of_findings_is_counted_and_not_kept() {
        let mut findings = Findings::default();
        for i in 0..MAX_TOLD + 5 {
            findings.add(Finding::new(Code::Chain, "x").at(i));
        }
        let (told, counts) = findings.into_parts();
        assert_eq!(told.len() as u64, MAX_TOLD);
        assert_eq!(counts[&Code::Chain], MAX_TOLD + 5);
    }
}
