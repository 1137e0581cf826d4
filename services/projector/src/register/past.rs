//! What had happened to an obligation by a day, and what that says about where it stands.

use ledger_rules::civil::Day;
use ledger_rules::due::{self, Due};
use scrutiny_proto::inspection::v1::{ClosureOutcome, VerificationStep};
use scrutiny_proto::response::v1 as response;
use scrutiny_proto::response::v1::ResponseType;

use super::Obligation;
use super::fold::{Event, What};
use super::rag::Facts;
use super::view::{Closure, DueView, Happening, Progress};

/// The label of what two people attested in the inspectorate's place.
const ATTESTED: &str = "attested, not inspectorate-signed";

/// What had happened to an obligation by a day.
pub(super) struct Past<'a> {
    pub(super) events: Vec<&'a Event>,
    pub(super) answer: Option<(&'a Event, &'a response::ForceResponseRecorded)>,
    pub(super) closed: Option<(&'a Event, &'a scrutiny_proto::inspection::v1::ObligationClosed)>,
    reopened: bool,
    /// Whether the inspectorate has asked for evidence, or looked at it.
    examined: bool,
    /// The last thing that the body said about where it stands.
    stands: Option<&'a Event>,
}

impl<'a> Past<'a> {
    pub(super) fn of(obligation: &'a Obligation, as_of: Day) -> Self {
        let events: Vec<_> = obligation.by(as_of).collect();
        let mut past = Self {
            events: Vec::new(),
            answer: None,
            closed: None,
            reopened: false,
            examined: false,
            stands: None,
        };
        for &event in &events {
            match &event.what {
                What::Answered(answer) => past.answer = Some((event, answer)),
                What::Closed(closed) => past.closed = Some((event, closed)),
                What::Reopened => (past.closed, past.reopened) = (None, true),
                What::Verified(_) => past.examined = true,
                What::Progressed(_)
                | What::AssessedComplete(_)
                | What::Action(_)
                | What::EvidenceSubmitted(_)
                | What::Overseen(_) => {}
            }
            if event.what.says_where_it_stands() {
                past.stands = Some(event);
            }
        }
        past.events = events;
        past
    }

    pub(super) fn facts(&self, due: Option<Day>) -> Facts {
        let nothing_left = match self.stands.map(|event| &event.what) {
            Some(What::AssessedComplete(_) | What::EvidenceSubmitted(_)) => true,
            Some(What::Answered(a)) => {
                matches!(a.r#type(), ResponseType::ActionTaken | ResponseType::NoAction)
            }
            _ => false,
        };
        Facts {
            closed: self.closed.is_some(),
            not_addressed: self.answer.is_some_and(|(_, a)| a.r#type() == ResponseType::NotAddressed),
            answered: self.answer.is_some(),
            nothing_left,
            due,
            last_word: self.stands.and_then(|event| event.happened.last()),
        }
    }

    /// The body's own date: the newest one it gave for progress, else the latest of its answer's actions.
    pub(super) fn own_due(&self) -> Option<(DueView, Day)> {
        let moved = self.events.iter().rev().find_map(|event| match &event.what {
            What::Progressed(p) if !p.new_due_words.is_empty() => {
                dated(&p.new_due_words, event.happened.first())
            }
            What::Action(action) => dated(&action.due_words, event.happened.first()),
            _ => None,
        });
        let (event, answer) = self.answer?;
        let planned = answer.actions.iter().filter_map(|a| dated(&a.due_words, event.happened.first()));
        moved.or_else(|| planned.max_by_key(|(_, day)| *day))
    }

    pub(super) fn oversight(&self, obligation: &Obligation) -> Vec<String> {
        let assigned = self.events.iter().rev().find_map(|event| match &event.what {
            What::Overseen(bodies) => Some(bodies.clone()),
            _ => None,
        });
        if let Some(bodies) = assigned {
            return bodies;
        }
        let mut bodies = obligation.oversight.clone();
        for body in self.answer.iter().flat_map(|(_, answer)| &answer.oversight) {
            if !bodies.contains(body) {
                bodies.push(body.clone());
            }
        }
        bodies
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.events.iter().rev().find_map(|event| match &event.what {
            What::Progressed(p) => Some(Progress {
                when: event.happened.view(),
                note: p.note.clone(),
                delay_reason: p.delay_reason.clone(),
                entry: event.entry,
            }),
            _ => None,
        })
    }

    pub(super) fn declared(&self) -> Option<&'static str> {
        let declared = self.events.iter().rev().find_map(|event| match &event.what {
            What::Progressed(p) if p.declared() != response::Rag::Unspecified => Some(p.declared()),
            _ => None,
        });
        declared.map(|rag| match rag {
            response::Rag::Red => "red",
            response::Rag::Amber => "amber",
            response::Rag::Green | response::Rag::Unspecified => "green",
        })
    }

    pub(super) fn force_status(&self) -> &'static str {
        match self.stands.map(|event| &event.what) {
            None => "no answer",
            Some(What::Answered(a)) if a.r#type() == ResponseType::NotAddressed => "not addressed",
            Some(What::Answered(_)) => "responded",
            Some(What::AssessedComplete(_)) => "assessed complete",
            Some(What::EvidenceSubmitted(_)) => "evidence submitted",
            Some(_) => "in progress",
        }
    }

    /// Nothing that the body does changes this (INV-04).
    pub(super) fn inspectorate_status(&self) -> &'static str {
        match self.closed.map(|(_, closed)| closed.outcome()) {
            Some(ClosureOutcome::Complete | ClosureOutcome::Unspecified) => "complete",
            Some(ClosureOutcome::NoFurtherAction | ClosureOutcome::Superseded) => "no-further-action-needed",
            None if self.reopened || self.examined => "being-progressed",
            None => "awaiting-review",
        }
    }

    pub(super) fn closure(&self) -> Option<Closure> {
        let (event, closed) = self.closed?;
        Some(Closure {
            when: event.happened.view(),
            outcome: match closed.outcome() {
                ClosureOutcome::Complete | ClosureOutcome::Unspecified => "complete",
                ClosureOutcome::NoFurtherAction => "no further action",
                ClosureOutcome::Superseded => "superseded",
            },
            wording: closed.wording.clone(),
            verification_method: closed.verification_method.clone(),
            successor: closed.successor.clone(),
            authority: if event.attested { ATTESTED } else { "signed by the inspectorate" },
            entry: event.entry,
        })
    }

    pub(super) fn history(&self) -> Vec<Happening> {
        let happening = |event: &&Event| Happening {
            when: event.happened.view(),
            what: event.what.word(),
            signed_by: event.signed_by.clone(),
            entry: event.entry,
        };
        self.events.iter().map(happening).collect()
    }

    pub(super) fn claims(&self) -> impl Iterator<Item = &'a response::Claim> {
        self.answer.iter().flat_map(|(_, answer)| &answer.claims).collect::<Vec<_>>().into_iter()
    }

    pub(super) fn evidence(&self) -> usize {
        let named = self.claims().filter(|claim| !claim.evidence.is_empty()).count();
        let completions = self.events.iter().map(|event| match &event.what {
            What::AssessedComplete(done) => done.evidence.len(),
            What::EvidenceSubmitted(handed) => handed.evidence.len(),
            _ => 0,
        });
        named + completions.sum::<usize>()
    }
}

impl What {
    /// Whether it changes where the body says the obligation stands.
    fn says_where_it_stands(&self) -> bool {
        match self {
            Self::Closed(_) | Self::Overseen(_) => false,
            Self::Verified(body) => body.step() == VerificationStep::EvidenceInsufficient,
            _ => true,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::Progressed(_) => "progressed",
            Self::AssessedComplete(_) => "assessed complete by the body",
            Self::Action(_) => "action recorded",
            Self::EvidenceSubmitted(_) => "evidence submitted",
            Self::Overseen(_) => "oversight assigned",
            Self::Verified(_) => "verification recorded",
            Self::Closed(_) => "closed",
            Self::Reopened => "reopened",
        }
    }
}

fn dated(words: &str, document: Option<Day>) -> Option<(DueView, Day)> {
    let (view, day) = due_view(words, document);
    day.map(|day| (view, day))
}

pub(super) fn due_view(words: &str, document: Option<Day>) -> (DueView, Option<Day>) {
    let words_only = DueView { words: words.to_owned(), ..DueView::default() };
    let Some(Due { rule, precision, due, strict, interpreted, .. }) = due::read(words, document) else {
        return (words_only, None);
    };
    let view = DueView {
        due: due.map(|d| d.to_string()),
        strict: strict.map(|d| d.to_string()),
        rule: Some(rule),
        precision: Some(precision),
        interpreted,
        ..words_only
    };
    (view, due)
}
