//! Who holds which role at which body: by key, never by name. Who holds a key is sealed with its enrolment.
//!
//! A role counts from the day it is valid from, also where it was assigned later. It ends on its last day, or
//! on the day on which its end, its key's revocation or its key's replacement was recorded, whichever is
//! first. A suspended key keeps its offices: it may not sign, which is for the rules.

mod fold;

use std::collections::BTreeMap;

use ledger_core::ids::{EntryIndex, KeyId};
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use serde::Serialize;

use crate::table::{Table, or_empty};
use crate::{Projection, Provenance, Standing, kind_of};

use fold::Tenure;

/// The offices, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Offices {
    tenures: Vec<Tenure>,
    /// Each key that may still sign, with the day and the entry that brought it in.
    keys: BTreeMap<KeyId, (Day, u64)>,
}

/// The offices on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfficesView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// By body, then role, then the day they began.
    pub offices: Vec<Office>,
    /// Keys in use that hold nothing at the end of that day.
    pub idle_keys: Vec<String>,
}

/// A role that a key holds, or held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Office {
    /// The body it is held at.
    pub body: String,
    /// The role's code: "LPB". For a delegation the role on whose behalf it signs.
    pub role: String,
    /// True for an acting holder.
    pub acting: bool,
    /// "founded", "assigned", "delegated".
    pub how: &'static str,
    /// For a delegation the kinds it may sign.
    pub kinds: Vec<String>,
    /// The key's id.
    pub key: String,
    /// First day.
    pub from: String,
    /// Last day; null while none is set.
    pub to: Option<String>,
    /// Whether it is held at the end of the day of the view.
    pub held: bool,
    /// What ended it before its last day: "role ended", "key revoked", "key rotated", "delegation ended".
    pub ended_by: Option<&'static str>,
    /// The stream of the assignment or the delegation.
    pub stream: String,
    /// Every entry it rests on, up to this day.
    pub entries: Vec<u64>,
}

impl Projection for Offices {
    const NAME: &'static str = "offices";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, recorded_at_ms: u64, statement: &Statement) {
        let at = (Day::in_london(recorded_at_ms), index.0);
        match kind_of(statement) {
            "LedgerFounded" => self.founded(at, statement),
            "KeyEnrolled" => self.enrolled(at, statement),
            "RoleAssigned" => self.assigned(at, statement),
            "RoleEnded" => self.end_stream("role ended", at, statement),
            "KeyRotated" => self.rotated(at, statement),
            "KeyRevoked" => self.revoked(at, statement),
            "DelegationGranted" => self.delegated(at, statement),
            _ => {}
        }
    }
}

impl Offices {
    /// The offices on a day, from a tree of this size and root: each that had begun by then.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> OfficesView {
        let begun = self.tenures.iter().filter(|tenure| tenure.from <= as_of && !tenure.never_began());
        let mut offices: Vec<Office> = begun.map(|tenure| tenure.view(as_of)).collect();
        let place = |o: &Office| (o.body.clone(), o.role.clone(), o.from.clone(), o.entries.last().copied());
        offices.sort_by_key(place);
        let holds = |key: &str| offices.iter().any(|office| office.held && office.key == key);
        let keys = self.keys.iter().filter(|(_, (since, _))| *since <= as_of).map(|(key, _)| key.to_string());
        OfficesView {
            provenance: Self::provenance(at),
            as_of: as_of.to_string(),
            idle_keys: keys.filter(|key| !holds(key)).collect(),
            offices,
        }
    }
}

impl Office {
    /// "acting LPB of cambridgeshire-lpb, held by SHA256:… from 2020-11-01 to 2021-05-12".
    #[must_use]
    pub fn words(&self) -> String {
        let acting = if self.acting { "acting " } else { "" };
        let held = if self.how == "delegated" { "delegated to" } else { "held by" };
        let to = self.to.as_ref().map_or_else(String::new, |day| format!(" to {day}"));
        format!("{acting}{} of {}, {held} {} from {}{to}", self.role, self.body, self.key, self.from)
    }
}

impl OfficesView {
    /// One line for each office.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |o: &Office| {
            vec![
                o.body.clone(),
                o.role.clone(),
                if o.acting { "acting" } else { "" }.to_owned(),
                o.how.to_owned(),
                o.key.clone(),
                o.from.clone(),
                or_empty(o.to.as_ref()),
                if o.held { "yes" } else { "no" }.to_owned(),
                o.ended_by.unwrap_or_default().to_owned(),
                or_empty(o.entries.last()),
            ]
        };
        let idle = |key: &String| format!("key {key} holds no office");
        Table {
            title: format!("Offices and the keys that hold them, as of {}", self.as_of),
            columns: vec!["Body", "Role", "Acting", "How", "Key", "From", "To", "Held", "Ended by", "Entry"],
            rows: self.offices.iter().map(line).collect(),
            notes: self.idle_keys.iter().map(idle).collect(),
        }
    }
}
