//! The charter: the table of who may sign what, as adopted last.
//!
//! Each line names sets of signatures, and one of them must be met. More signers than the set needs are
//! welcome: a countersigner holds the role claimed like everybody else, and weakens nothing. What a
//! charter may never say, whatever its authors sign, is checked when it is adopted:
//!
//! - the acts of the registry take two persons, root keys or key administrators; a charter takes two roots;
//! - an attested transcription (HMI-T) takes two persons and a document;
//! - only the inspectorate closes and reopens (INV-02), and the local policing body signs its own
//!   published response (INV-08);
//! - a force answers for itself: sets for its answers tie a signer's body to the obligation's;
//! - a recorder (REC) signs its epochs, nobody else does, and it signs nothing else; log keys take two roots.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ledger_core::limits::MAX_SIGNATURES;
use ledger_core::statement::Signer;
use scrutiny_proto::options::v1 as options;
use scrutiny_proto::registry::v1 as wire;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::kinds::{self, Known, Tag};
use crate::lockout;
use crate::recorders::CheckpointKeys;
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::{KA, REC, ROOT};
use crate::signers::effective_role;
use crate::state::State;

/// The table of who may sign what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Charter {
    lines: BTreeMap<String, Vec<SignerSet>>,
    checkpoint_keys: CheckpointKeys,
}

/// One sufficient set of signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerSet {
    /// All of these are needed, each from different keys.
    pub require: Vec<Requirement>,
    /// Whether the statement must name a document.
    pub document: bool,
}

/// So many signatures by holders of one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Role code.
    pub role: String,
    /// How many different keys, 1 at least.
    pub count: u32,
    /// The stream parameter that the signer's body must equal.
    pub body: Option<String>,
}

impl Charter {
    /// Takes a charter as it stands in a body. It judges nothing.
    #[must_use]
    pub fn from_wire(charter: &wire::Charter) -> Self {
        let lines = charter.lines.iter();
        Self {
            lines: lines
                .map(|l| (l.kind.clone(), l.signers.iter().map(SignerSet::from_wire).collect()))
                .collect(),
            checkpoint_keys: CheckpointKeys::from_wire(charter.checkpoint_keys()),
        }
    }

    /// The sets that may sign a kind, by its full name; empty when nobody may.
    #[must_use]
    pub fn sets(&self, kind: &str) -> &[SignerSet] {
        self.lines.get(kind).map_or(&[], Vec::as_slice)
    }

    /// How the keys that sign checkpoints go from one recorder to the next.
    #[must_use]
    pub fn checkpoint_keys(&self) -> CheckpointKeys {
        self.checkpoint_keys
    }

    /// Every line: the kind's full name and its sets.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &[SignerSet])> {
        self.lines.iter().map(|(kind, sets)| (kind.as_str(), sets.as_slice()))
    }

    pub(crate) fn names_role(&self, role: &str) -> bool {
        self.lines.values().flatten().flat_map(|set| &set.require).any(|r| r.role == role)
    }
}

impl SignerSet {
    fn from_wire(set: &options::SignerSet) -> Self {
        let requirement = |r: &options::Requirement| Requirement {
            role: r.role.clone(),
            count: r.count.max(1),
            body: (!r.body.is_empty()).then(|| r.body.clone()),
        };
        Self { require: set.require.iter().map(requirement).collect(), document: set.document }
    }

    /// How many signatures of a role the set needs in all.
    pub(crate) fn needs(&self, role: &str) -> u32 {
        self.require.iter().filter(|r| r.role == role).map(|r| r.count).sum()
    }

    fn total(&self) -> u32 {
        self.require.iter().map(|r| r.count).fold(0, u32::saturating_add)
    }

    /// The set in words: "2 × HMI-T, with a document".
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (i, r) in self.require.iter().enumerate() {
            let joint = if i == 0 { "" } else { " and " };
            let count = if r.count == 1 { String::new() } else { format!("{} × ", r.count) };
            let body = r.body.as_ref().map_or_else(String::new, |b| format!(" of the stream's {b}"));
            let _ = write!(text, "{joint}{count}{}{body}", r.role);
        }
        if self.document {
            text.push_str(", with a document");
        }
        text
    }

    /// Requirements tied to a body choose first: what they leave fits the others exactly as well.
    fn is_met(&self, case: &Case<'_>) -> bool {
        let signers = &case.statement.signers;
        let mut used = 0_u32;
        let tied = self.require.iter().filter(|r| r.body.is_some());
        let free = self.require.iter().filter(|r| r.body.is_none());
        tied.chain(free).all(|requirement| {
            let body = requirement.body.as_deref().map(|name| case.param(name));
            let mut missing = requirement.count;
            for (i, signer) in signers.iter().enumerate().take(MAX_SIGNATURES) {
                let fits =
                    effective_role(signer) == requirement.role && body.is_none_or(|b| signer.body == b);
                if missing > 0 && fits && used & (1 << i) == 0 {
                    used |= 1 << i;
                    missing -= 1;
                }
            }
            missing == 0
        })
    }
}

/// Whether the signers form one of the sets that the charter in force names for the kind.
pub(crate) fn check(case: &Case<'_>) -> Result<(), Refusal> {
    let sets = case.state.charter.sets(&case.statement.kind);
    let mut lacks_document = false;
    for set in sets.iter().filter(|set| set.is_met(case)) {
        if !set.document || !case.statement.documents.is_empty() {
            return Ok(());
        }
        lacks_document = true;
    }
    if lacks_document {
        return refuse(
            Code::DocumentMissing,
            "an attested transcription names its document, this one names none",
        );
    }
    let title = &case.known.kind.title;
    if sets.is_empty() {
        return refuse(Code::Charter, format!("the charter in force lets nobody sign \"{title}\""));
    }
    let expected: Vec<_> = sets.iter().map(SignerSet::describe).collect();
    let got: Vec<_> = case.statement.signers.iter().map(describe_signer).collect();
    refuse(
        Code::Charter,
        format!("\"{title}\" is signed by {}; got {}", expected.join(", or by "), got.join(" and ")),
    )
}

fn describe_signer(signer: &Signer) -> String {
    match signer.on_behalf_of.as_str() {
        "" => format!("{} of {}", signer.role, signer.body),
        role => format!("{} for {role} of {}", signer.role, signer.body),
    }
}

pub(crate) fn decide_adopted(case: &Case<'_>) -> Result<(), Refusal> {
    let body: wire::CharterAdopted = case.body()?;
    let charter = well_formed(body.charter.as_ref())?;
    lockout::check_charter(case.state, &charter, case.today)
}

pub(crate) fn evolve_adopted(state: &mut State, body: &wire::CharterAdopted) {
    state.charter = body.charter.as_ref().map(Charter::from_wire).unwrap_or_default();
}

/// Reads a charter that is to be adopted.
pub(crate) fn well_formed(charter: Option<&wire::Charter>) -> Result<Charter, Refusal> {
    let lines = charter.map_or(&[][..], |c| &c.lines);
    let mut seen = BTreeSet::new();
    for line in lines {
        let Some(known) = kinds::known(&line.kind) else {
            return refuse(
                Code::CharterMalformed,
                format!("no kind {:?}; kinds are named in full", line.kind),
            );
        };
        if !seen.insert(line.kind.as_str()) {
            return malformed(known, "stands on two lines");
        }
        if line.signers.is_empty() {
            return malformed(known, "has no set of signers; leave the line out to let nobody sign");
        }
        for set in &line.signers {
            check_set(known, &SignerSet::from_wire(set))?;
        }
    }
    Ok(charter.map(Charter::from_wire).unwrap_or_default())
}

fn check_set(known: &Known, set: &SignerSet) -> Result<(), Refusal> {
    let limit = u32::try_from(MAX_SIGNATURES).expect("eight fits");
    if set.total() == 0 || set.total() > limit {
        return malformed(known, &format!("needs 1 to {limit} signatures, got {}", set.total()));
    }
    for r in &set.require {
        if r.role.is_empty() || !r.role.bytes().all(|b| b.is_ascii_graphic()) {
            return malformed(known, &format!("names no role, got {:?}", r.role));
        }
        let names_parameter = |body: &String| known.kind.stream.names().any(|name| name == body);
        if let Some(body) = r.body.as_ref().filter(|b| !names_parameter(b)) {
            return malformed(known, &format!("has no stream parameter {body:?}"));
        }
    }
    let attested = set.needs("HMI-T");
    if attested > 0 && (attested < 2 || !set.document) {
        return malformed(known, "an attested transcription (HMI-T) takes two persons and a document");
    }
    if set.needs(REC) > 0 && (known.tag != Tag::RecorderEpochStarted || set.total() != 1) {
        return malformed(known, "is nothing for a recorder (REC), whose key signs its own epochs alone");
    }
    check_fixed(known, set)
}

/// What no charter may change.
fn check_fixed(known: &Known, set: &SignerSet) -> Result<(), Refusal> {
    match known.tag {
        Tag::LedgerFounded | Tag::CharterAdopted | Tag::LogKeyAuthorised if set.needs(ROOT) < 2 => {
            malformed(known, "takes two root keys")
        }
        Tag::RecorderEpochStarted if set.needs(REC) == 0 => {
            malformed(known, "is signed by the recorder that takes over (REC), and by nobody else")
        }
        Tag::KeyEnrolled
        | Tag::KeyRotated
        | Tag::KeySuspended
        | Tag::KeyRevoked
        | Tag::RoleAssigned
        | Tag::RoleEnded
            if set.needs(ROOT) + set.needs(KA) < 2 =>
        {
            malformed(known, "takes two persons, root keys or key administrators (INV-35)")
        }
        Tag::ObligationClosed | Tag::ObligationReopened if set.needs("HMI") + set.needs("HMI-T") == 0 => {
            malformed(known, "is the inspectorate's alone (INV-02)")
        }
        Tag::StatutoryResponsePublished if set.needs("LPB") == 0 => {
            malformed(known, "is signed by the local policing body (INV-08)")
        }
        Tag::ForceResponseRecorded | Tag::ForceAssessedComplete | Tag::ActionProgressed
            if !set.require.iter().any(|r| r.body.as_deref() == Some("body")) =>
        {
            malformed(known, "is signed by the body that owes it; tie a signer to the stream's body")
        }
        _ => Ok(()),
    }
}

fn malformed<T>(known: &Known, problem: &str) -> Result<T, Refusal> {
    refuse(Code::CharterMalformed, format!("{}: {problem}", known.kind.short_name))
}
