//! Panels from outside: sessions, ratings as their scale names them, what was said and answered; conversations.
//!
//! Ratings are counted by scale and word, and never turned into a number: what "Green-3" means is the scale's to say.
//! Members are counted and not named. When a panel should have met is the flow's to say, as for every body.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::review::v1::{
    CommunityConversationHeld, PanelFeedbackGiven, PanelMemberTrained, PanelRatingGiven, PanelSessionHeld,
    PanelVoice,
};
use serde::Serialize;

use crate::table::Table;
use crate::{Projection, Provenance, Standing, decode, kind_of, signed_by, stream_parts};

/// Panels, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    /// (panel, date) → the session.
    sessions: BTreeMap<(String, String), SessionView>,
    /// (panel, member) → the entries of the training.
    members: BTreeMap<(String, String), Member>,
    conversations: Vec<ConversationView>,
}

#[derive(Debug, Clone)]
struct Member {
    trained_on: Option<Day>,
    independent: bool,
    entries: Vec<u64>,
}

/// Panels on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PanelsView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// Each panel's members.
    pub panels: Vec<PanelView>,
    /// Sessions, by panel and day.
    pub sessions: Vec<SessionView>,
    /// Conversations with communities.
    pub conversations: Vec<ConversationView>,
}

/// A panel's members, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PanelView {
    /// The panel.
    pub panel: String,
    /// Members trained by then.
    pub trained: usize,
    /// Of these, independent of the force.
    pub independent: usize,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A session of a panel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SessionView {
    /// Its stream.
    pub session: String,
    /// The panel.
    pub panel: String,
    /// The day.
    pub on: String,
    /// True for the annual general meeting.
    pub annual_general_meeting: bool,
    /// The sample its cases were drawn in; empty where nobody says how they were chosen.
    pub sample: String,
    /// What was before it.
    pub cases: Vec<CaseView>,
    /// How many ratings of each word, by scale: "cambs.csp 2023: Green-1".
    pub ratings: BTreeMap<String, u64>,
    /// What the panel said and what was answered, in order.
    pub said: Vec<Said>,
    /// How often the panel said something after the last answer.
    pub unanswered: u64,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A case before a panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseView {
    /// Its number in the session.
    pub number: u32,
    /// The record; empty where it is not named.
    pub record: String,
    /// When it happened, in words.
    pub period_words: String,
    /// Its ratings: scale, word, and how many members gave it.
    pub ratings: Vec<(String, String, usize)>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// "panel", "force", "professional standards".
    pub voice: &'static str,
    /// The case; 0 for the session as a whole.
    pub case_number: u32,
    /// What.
    pub text: String,
    /// Who signed.
    pub signed_by: String,
    /// The entry.
    pub entry: u64,
}

/// A conversation with a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConversationView {
    /// Its stream.
    pub conversation: String,
    /// The day.
    pub on: String,
    /// What sort of people.
    pub audience: String,
    /// What it was about.
    pub themes: Vec<String>,
    /// The entry.
    pub entry: u64,
}

impl Projection for Panels {
    const NAME: &'static str = "panels";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        match kind_of(statement) {
            "PanelMemberTrained" => self.trained(index.0, statement),
            "PanelSessionHeld" => self.held(index.0, statement),
            "PanelRatingGiven" => self.rated(index.0, statement),
            "PanelFeedbackGiven" => self.said(index.0, statement),
            "CommunityConversationHeld" => self.conversed(index.0, statement),
            _ => {}
        }
    }
}

impl Panels {
    fn trained(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<PanelMemberTrained>(statement) else { return };
        let [panel, member] = stream_parts(statement);
        let day: Option<Day> = body.trained_on.parse().ok();
        let fresh = Member { trained_on: day, independent: false, entries: Vec::new() };
        let known = self.members.entry((panel.to_owned(), member.to_owned())).or_insert(fresh);
        known.trained_on = known.trained_on.min(day);
        known.independent = body.independent_of_force;
        known.entries.push(entry);
    }

    fn held(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<PanelSessionHeld>(statement) else { return };
        let [panel, on] = stream_parts(statement);
        let case = |c: scrutiny_proto::review::v1::PanelCase| CaseView {
            number: c.number,
            record: c.record,
            period_words: c.period_words,
            ratings: Vec::new(),
        };
        let session = SessionView {
            session: statement.stream.as_str().to_owned(),
            panel: panel.to_owned(),
            on: on.to_owned(),
            annual_general_meeting: body.annual_general_meeting,
            sample: body.sample,
            cases: body.cases.into_iter().map(case).collect(),
            entries: vec![entry],
            ..SessionView::default()
        };
        self.sessions.entry((panel.to_owned(), on.to_owned())).or_insert(session);
    }

    fn rated(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<PanelRatingGiven>(statement) else { return };
        let Some(session) = self.session(statement) else { return };
        *session.ratings.entry(format!("{}: {}", body.scale, body.rating)).or_default() += 1;
        session.entries.push(entry);
        if let Some(case) = session.cases.iter_mut().find(|case| case.number == body.case_number) {
            case.ratings.push((body.scale, body.rating, body.members.len()));
        }
    }

    fn said(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<PanelFeedbackGiven>(statement) else { return };
        let voice = match body.voice() {
            PanelVoice::Panel | PanelVoice::Unspecified => "panel",
            PanelVoice::ForceReply => "force",
            PanelVoice::ProfessionalStandardsReply => "professional standards",
        };
        let Some(session) = self.session(statement) else { return };
        session.unanswered = if voice == "panel" { session.unanswered + 1 } else { 0 };
        session.entries.push(entry);
        session.said.push(Said {
            voice,
            case_number: body.case_number,
            text: body.text,
            signed_by: signed_by(&statement.signers),
            entry,
        });
    }

    fn conversed(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<CommunityConversationHeld>(statement) else { return };
        let [_, on] = stream_parts(statement);
        self.conversations.push(ConversationView {
            conversation: statement.stream.as_str().to_owned(),
            on: on.to_owned(),
            audience: body.audience,
            themes: body.themes,
            entry,
        });
    }

    fn session(&mut self, statement: &Statement) -> Option<&mut SessionView> {
        let [panel, on] = stream_parts(statement);
        self.sessions.get_mut(&(panel.to_owned(), on.to_owned()))
    }

    /// Panels on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> PanelsView {
        let past = |on: &str| on.parse::<Day>().map_or(true, |day| day <= as_of);
        let mut panels: BTreeMap<&str, (usize, usize, BTreeSet<u64>)> = BTreeMap::new();
        let trained = self.members.iter().filter(|(_, m)| m.trained_on.is_none_or(|day| day <= as_of));
        for ((panel, _), member) in trained {
            let counts = panels.entry(panel).or_default();
            counts.0 += 1;
            counts.1 += usize::from(member.independent);
            counts.2.extend(&member.entries);
        }
        let panel =
            |(panel, (trained, independent, entries)): (&str, (usize, usize, BTreeSet<u64>))| PanelView {
                panel: panel.to_owned(),
                trained,
                independent,
                entries: entries.into_iter().collect(),
            };
        PanelsView {
            provenance: <Self as Projection>::provenance(at),
            as_of: as_of.to_string(),
            panels: panels.into_iter().map(panel).collect(),
            sessions: self.sessions.values().filter(|session| past(&session.on)).cloned().collect(),
            conversations: self.conversations.iter().filter(|c| past(&c.on)).cloned().collect(),
        }
    }
}

impl SessionView {
    /// "cambs.csp 2023: Amber 1, Green-1 3".
    #[must_use]
    pub fn ratings_words(&self) -> String {
        let all: Vec<_> = self.ratings.iter().map(|(rating, n)| format!("{rating} × {n}")).collect();
        all.join(", ")
    }
}

impl PanelsView {
    /// One line for each session.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |session: &SessionView| {
            vec![
                session.on.clone(),
                session.panel.clone(),
                session.cases.len().to_string(),
                session.ratings_words(),
                session.said.len().to_string(),
                session.unanswered.to_string(),
                if session.sample.is_empty() { "not stated".to_owned() } else { session.sample.clone() },
            ]
        };
        let members = |panel: &PanelView| {
            format!(
                "{}: {} members trained, {} of them independent",
                panel.panel, panel.trained, panel.independent
            )
        };
        let conversations = self.conversations.len();
        let held = (conversations > 0).then(|| format!("{conversations} conversations with communities"));
        Table {
            title: format!("Sessions of panels, as of {}", self.as_of),
            columns: vec!["Day", "Panel", "Cases", "Ratings", "Said", "Unanswered", "Chosen by"],
            rows: self.sessions.iter().map(line).collect(),
            notes: self.panels.iter().map(members).chain(held).collect(),
        }
    }
}
