//! The flow between meetings: papers and what became of them, decisions, and items passed from one body to
//! another.
//!
//! An item counts as delivered when the body it was meant for says that it has it (INV-40). Until then it is
//! undelivered, however often it was sent. A body that meets at a cadence has a gap where a meeting was expected
//! (R8) and none is on the ledger: that it was not recorded is all that this says.
//!  To note a paper is not to approve it (INV-39).

mod cadence;
mod fold;
mod standing;
mod view;

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;

use crate::when::Happened;
use crate::{Projection, Standing, kind_of};

pub use cadence::{CadenceView, Gap};
pub(crate) use fold::{ask, decision};
pub use standing::{Occasion, StandingView};
pub use view::{Agenda, DecisionView, FlowView, ItemView, MeetingView, Receipt};

/// The flow, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// (item's stream, body it goes to) → its way there.
    items: BTreeMap<(String, String), Item>,
    /// (body, date as the stream has it) → the meeting.
    meetings: BTreeMap<(String, String), Meeting>,
    /// Body → how often it meets, as last configured.
    cadences: BTreeMap<String, cadence::Standing>,
    /// (panel, date) → the entry that a session was held.
    sessions: BTreeMap<(String, String), u64>,
    /// (body, item) → what stands on the agenda.
    standing: BTreeMap<(String, String), standing::StandingItem>,
    /// (body, date, item) → the entries that show the item at the meeting.
    dealt_with: BTreeMap<(String, String, String), Vec<u64>>,
}

#[derive(Debug, Clone)]
struct Item {
    title: String,
    from: String,
    direction: &'static str,
    meeting: String,
    concerns: Vec<String>,
    forwarded: (Happened, u64),
    received: Option<(Happened, u64, String)>,
}

#[derive(Debug, Clone, Default)]
struct Meeting {
    body_as_written: String,
    in_public: bool,
    held: Option<(Happened, u64)>,
    papers: Vec<Agenda>,
    decisions: Vec<DecisionView>,
}

impl Projection for Flow {
    const NAME: &'static str = "flow";
    const DEFINITION_VERSION: u32 = 2;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        match kind_of(statement) {
            "ItemForwarded" => self.forwarded(index.0, statement),
            "ItemReceived" => self.received(index.0, statement),
            "MeetingHeld" => self.held(index.0, statement),
            "PaperTabled" => self.tabled(index.0, statement),
            "PaperDecided" => self.paper_decided(index.0, statement),
            "StandingItemConfigured" => self.standing(index.0, statement),
            "DecisionTaken" => self.decision(index.0, statement),
            "PanelSessionHeld" => self.session(index.0, statement),
            "ItemScrutinised" => self.scrutinised(index.0, statement),
            "DisproportionalityReviewed" => self.dealt_with(index.0, statement, "disproportionality"),
            "FiguresTabled" => self.dealt_with(index.0, statement, "figures"),
            _ => {}
        }
    }
}

impl Flow {
    /// The flow on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> FlowView {
        let items = self.items.iter().filter(|(_, item)| item.forwarded.0.by(as_of));
        let (undelivered, delivered) =
            items.map(|(key, item)| item.view(key, as_of)).partition(|item| item.received.is_none());
        let past = |date: &str| date.parse::<Day>().map_or(true, |day| day <= as_of);
        let meetings = self.meetings.iter().filter(|((_, date), _)| past(date));
        FlowView {
            provenance: <Self as Projection>::provenance(at),
            as_of: as_of.to_string(),
            undelivered,
            delivered,
            cadences: self.gaps(as_of),
            standing: self.standing_items(as_of),
            meetings: meetings.map(|(key, meeting)| meeting.view(key)).collect(),
        }
    }
}
