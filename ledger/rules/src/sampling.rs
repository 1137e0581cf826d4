//! Samples: the frame is fixed before the seed exists, and what is drawn is what frame and seed give (INV-17).
//!
//! **What the rules check on every replay**: the frame was committed to first; the checkpoint named as the seed's
//! covers at least one entry behind the frame, and none that was not recorded yet; the positions drawn are exactly
//! those that the method gives for that root and that frame; every record drawn is on the ledger.
//!
//! **What they cannot**, because they keep neither the tree's roots nor the list of records: that the root is the one
//! of that checkpoint, that it was the *first* published one behind the frame, that the query gives the frame's
//! digest, and that the record at a position is the one named. `scrutiny sample check` and `scrutiny verify` check
//! those four from the ledger or an export, with no key and no network. The recorder, which keeps the checkpoints, refuses
//! a draw from another root than the first one's; only one that is not honest takes it, and then whoever verifies finds
//! it.

use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_sample::{MAX_DRAWN, METHOD};
use scrutiny_proto::review::v1::{Power, ReviewLevel, SampleDrawn, SampleFrameCommitted};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::powers::RecordKey;
use crate::refusal::{Code, Refusal, refuse};
use crate::review::bit;
use crate::sources;
use crate::state::State;

/// What the rules remember of a sample: 16 bytes for each record drawn, and no more than a thousand of those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The entry that committed to the frame.
    pub frame_at: EntryIndex,
    /// How many records the frame has.
    pub frame_size: u64,
    /// Its digest.
    pub frame: [u8; 32],
    /// How many are to be drawn.
    pub n: u32,
    /// The level it is for, by its number.
    pub level: u8,
    /// Whether the frame is of searches, and not of uses of force.
    pub searches: bool,
    /// What was drawn; none until it is.
    pub drawn: Option<Vec<RecordKey>>,
}

pub(crate) fn decide_frame(case: &Case<'_>) -> Result<(), Refusal> {
    let body: SampleFrameCommitted = case.body()?;
    let query = body.query.as_ref().map(|query| (query.power(), query)).unzip();
    let (Some(power), Some(query)) = query else { return refuse(Code::Sample, "a sample has a frame") };
    if case.state.samples.contains_key(case.stream()) {
        return refuse(
            Code::Sample,
            format!("{} has its frame; a new sample has its own name", case.stream()),
        );
    }
    check_level(body.level(), power)?;
    if body.tree_size > case.context.index.0 {
        let (size, index) = (body.tree_size, case.context.index);
        return refuse(
            Code::Sample,
            format!("the frame is of {size} entries, and there are {index} before it"),
        );
    }
    if body.method != METHOD {
        return refuse(Code::Sample, format!("the method is {METHOD:?}, got {:?}", body.method));
    }
    let n = u64::from(body.n);
    if n > MAX_DRAWN || n > body.frame_size {
        let size = body.frame_size;
        return refuse(
            Code::Sample,
            format!("{n} of {size} cannot be drawn; {MAX_DRAWN} is the most at a time"),
        );
    }
    for month in [&query.from_month, &query.to_month] {
        if !month.is_empty() && !is_month(month) {
            return refuse(Code::Sample, format!("a month is written 2024-05, got {month:?}"));
        }
    }
    if !query.from_month.is_empty() && !query.to_month.is_empty() && query.from_month > query.to_month {
        return refuse(Code::Sample, "the first month comes after the last");
    }
    let unknown = |stream: &&String| {
        stream.strip_prefix("source/").is_none_or(|name| !case.state.sources.contains_key(name))
    };
    match query.sources.iter().find(unknown) {
        Some(stream) => refuse(Code::Sample, format!("{stream} is no source file on the ledger")),
        None => Ok(()),
    }
}

/// "2024-05".
pub(crate) fn is_month(text: &str) -> bool {
    format!("{text}-01").parse::<crate::civil::Day>().is_ok()
}

fn check_level(level: ReviewLevel, power: Power) -> Result<(), Refusal> {
    let fits = match level {
        ReviewLevel::Unspecified | ReviewLevel::Self_ | ReviewLevel::Jps => false,
        ReviewLevel::Rgrg => power == Power::Search,
        ReviewLevel::TaserTl | ReviewLevel::TaserTtt => power == Power::Force,
        ReviewLevel::Supervisor | ReviewLevel::Irg | ReviewLevel::Superintendent | ReviewLevel::Panel => true,
    };
    if fits {
        return Ok(());
    }
    refuse(
        Code::Sample,
        "no sample of these records is drawn for this level: it reviews all of them, or none",
    )
}

pub(crate) fn evolve_frame(state: &mut State, stream: &str, at: EntryIndex, body: &SampleFrameCommitted) {
    let searches = body.query.as_ref().is_some_and(|query| query.power() == Power::Search);
    let sample = Sample {
        frame_at: at,
        frame_size: body.frame_size,
        frame: Hash::from_hex(&body.frame_sha256).unwrap_or(Hash([0; 32])).0,
        n: body.n,
        level: u8::try_from(body.level).unwrap_or_default(),
        searches,
        drawn: None,
    };
    state.samples.insert(stream.to_owned(), sample);
}

/// INV-17.
pub(crate) fn decide_drawn(case: &Case<'_>) -> Result<(), Refusal> {
    let body: SampleDrawn = case.body()?;
    let Some(sample) = case.state.samples.get(case.stream()) else {
        return refuse(
            Code::Inv17,
            format!("{} has no frame; it is committed to before the draw", case.stream()),
        );
    };
    if sample.drawn.is_some() {
        return refuse(Code::Sample, format!("{} is drawn already; nobody draws again", case.stream()));
    }
    let (first, last) = (sample.frame_at.0 + 2, case.context.index.0);
    if !(first..=last).contains(&body.checkpoint_size) {
        let size = body.checkpoint_size;
        return refuse(
            Code::Inv17,
            format!(
                "the seed is the root of a checkpoint behind the frame, of {first} to {last} entries, got {size}"
            ),
        );
    }
    let root = Hash::from_hex(&body.root).unwrap_or(Hash([0; 32]));
    let given = ledger_sample::draw(&root, &Hash(sample.frame), sample.frame_size, u64::from(sample.n));
    let given = given.map_err(|e| Refusal { code: Code::Inv17, sentence: e.to_string() })?;
    if !body.drawn.iter().map(|drawn| drawn.position).eq(given.iter().copied()) {
        let place =
            body.drawn.iter().zip(&given).take_while(|(drawn, given)| drawn.position == **given).count();
        return refuse(
            Code::Inv17,
            format!(
                "frame and seed give {} records, and the one in place {} is not the one that is named there",
                given.len(),
                place + 1
            ),
        );
    }
    check_records(case, sample, &body)
}

fn check_records(case: &Case<'_>, sample: &Sample, body: &SampleDrawn) -> Result<(), Refusal> {
    let (power, what) = if sample.searches { ("search/", "search") } else { ("uof/", "use of force") };
    let mut seen = std::collections::BTreeSet::new();
    for drawn in &body.drawn {
        let record = drawn.record.as_str();
        let is_row = |name| sources::row_of(case.state, name).is_some_and(|(_, source)| source.searches);
        let on_ledger = record.strip_prefix(power).is_some_and(|name| {
            case.state.powers.contains_key(&RecordKey::of(record)) || (sample.searches && is_row(name))
        });
        if !on_ledger {
            return refuse(Code::Inv17, format!("{record} is no {what} on the ledger"));
        }
        if !seen.insert(record) {
            return refuse(Code::Inv17, format!("{record} stands there twice"));
        }
    }
    Ok(())
}

pub(crate) fn evolve_drawn(state: &mut State, stream: &str, body: &SampleDrawn) {
    let Some(sample) = state.samples.get_mut(stream) else { return };
    let keys: Vec<RecordKey> = body.drawn.iter().map(|drawn| RecordKey::of(&drawn.record)).collect();
    for key in &keys {
        state.powers.entry(*key).or_default().drawn |= bit(sample.level);
    }
    sample.drawn = Some(keys);
}
