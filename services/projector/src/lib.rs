//! Registers, clocks and figures, folded from the ledger.
//!
//! Each projection is a pure fold over the entries in order, and can be thrown away: at the same tree size
//! it comes out the same, byte for byte. A view says which definition made it, at which tree size and root
//! it stands, and for which day it was computed. It serialises to JSON (the fields of the view types are
//! the documented shape) and renders as a [`table::Table`].
//!
//! In scope: what the record says. Out of scope: whether the entries are genuine (`ledger-audit`, or the
//! verified mirror that feeds the fold) and whether they were allowed (`ledger-rules`); a projection takes
//! what it is given.
//!
//! A view's day limits what had *happened* by then: an answer of September does not count in July. Things
//! whose day is unknown count on every day, and are marked. The tree size limits what was *known*.

pub mod all;
pub mod bodies;
pub mod conduct;
pub mod dataset;
pub mod explain;
pub mod facts;
pub mod figure;
pub mod flow;
pub mod html;
pub mod judgments;
pub mod learning;
pub mod letter;
pub mod offices;
pub mod oversight;
pub mod pack;
pub mod panels;
pub mod rate;
pub mod register;
pub mod responses;
pub mod reviews;
pub mod series;
#[cfg(feature = "service")]
pub mod service;
pub mod suppress;
pub mod svg;
pub mod table;
pub mod text;
mod when;

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::statement::{Signer, Statement};
use serde::Serialize;

/// A fold of the ledger.
pub trait Projection: Default {
    /// Its name, as files and reports give it.
    const NAME: &'static str;
    /// Changes whenever the same entries would give another result.
    const DEFINITION_VERSION: u32;

    /// Takes the next entry. It cannot fail: what it does not know leaves it as it was.
    fn apply(&mut self, index: EntryIndex, recorded_at_ms: u64, statement: &Statement);

    /// What its views say about where they come from.
    fn provenance(at: &Standing) -> Provenance {
        Provenance {
            projection: Self::NAME,
            definition_version: Self::DEFINITION_VERSION,
            tree_size: at.tree_size.0,
            root: at.root.to_string(),
        }
    }
}

/// The tree that a view was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many entries were folded.
    pub tree_size: TreeSize,
    /// Their root hash.
    pub root: Hash,
}

/// Where a view comes from: enough to compute it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Name of the projection.
    pub projection: &'static str,
    /// Version of its definition.
    pub definition_version: u32,
    /// How many entries were folded.
    pub tree_size: u64,
    /// Their root hash, base64.
    pub root: String,
}

/// A local policing body's identifier is by custom its force's with this ending.
const LPB_ENDING: &str = "-lpb";

/// The force area of a body: a force and its local policing body have the same.
fn area(body: &str) -> &str {
    body.strip_suffix(LPB_ENDING).unwrap_or(body)
}

/// Reads the body of a statement as the message its kind names; none where the bytes are not one.
fn decode<M: prost::Message + Default>(statement: &Statement) -> Option<M> {
    M::decode(statement.body.clone()).ok()
}

/// The last part of a statement's kind: `"ReportPublished"`.
fn kind_of(statement: &Statement) -> &str {
    statement.kind.rsplit('.').next().unwrap_or_default()
}

/// The parts of the statement's stream after its first word; empty ones where there are fewer.
fn stream_parts<const N: usize>(statement: &Statement) -> [&str; N] {
    let mut parts = statement.stream.as_str().split('/').skip(1);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// "CC of cambridgeshire", "LEAD for CC of cambridgeshire", "acting LPB of …", joined by "and".
#[must_use]
pub fn signed_by(signers: &[Signer]) -> String {
    let one = |s: &Signer| {
        let acting = if s.acting { "acting " } else { "" };
        match s.on_behalf_of.as_str() {
            "" => format!("{acting}{} of {}", s.role, s.body),
            role => format!("{acting}{} for {role} of {}", s.role, s.body),
        }
    };
    signers.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// Whether two people attested a document of the inspectorate, which did not sign itself.
fn is_attested(signers: &[Signer]) -> bool {
    signers.iter().any(|s| s.role == "HMI-T") && !signers.iter().any(|s| s.role == "HMI")
}
