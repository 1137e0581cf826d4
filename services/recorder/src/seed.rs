//! The seed of a sample: the root of the first checkpoint behind its frame.
//!
//! The rules cannot know it, because they keep no roots; the recorder does. An auditor makes sure of it again, from
//! the ledger.

use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::merkle;
use ledger_core::statement::Statement;
use ledger_rules::{Code, State};
use ledger_store::Store;
use prost::Message as _;
use scrutiny_proto::review::v1::SampleDrawn;

use crate::intake::refusal;
use crate::receipt::Hashes;
use crate::recorder::Failure;

/// The kind that names a seed.
const DRAW: &str = "scrutiny.review.v1.SampleDrawn";

/// Refuses a draw from any other seed. Everything that is no draw passes.
pub(crate) fn check(store: &dyn Store, state: &State, statement: &Statement) -> Result<(), Failure> {
    if statement.kind != DRAW {
        return Ok(());
    }
    let Some(sample) = state.sample(statement.stream.as_str()) else { return Ok(()) };
    let named = SampleDrawn::decode(statement.body.clone()).unwrap_or_default();
    let unavailable = |e: String| Failure::Unavailable(e);
    let behind = EntryIndex(sample.frame_at.0 + 1);
    let first = store.first_checkpoint_covering(behind).map_err(|e| unavailable(e.to_string()))?;
    let Some((size, _)) = first else {
        let sentence = "no checkpoint behind the frame is published yet, so there is no seed".to_owned();
        return Err(Failure::Refused(refusal(Code::Inv17, sentence)));
    };
    let root = merkle::tree_root(size, &Hashes(store)).map_err(|e| unavailable(e.to_string()))?;
    if size.0 == named.checkpoint_size && Hash::from_hex(&named.root) == Some(root) {
        return Ok(());
    }
    let sentence = format!(
        "the seed is the root of the first checkpoint behind the frame, {} of {size} entries",
        root.to_hex()
    );
    Err(Failure::Refused(refusal(Code::Inv17, sentence)))
}
