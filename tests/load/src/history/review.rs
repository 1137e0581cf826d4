//! Searches and uses of force, samples, reviews at every level, lessons and panels; and what stands on agendas.

use bytes::Bytes;
use scrutiny_proto::governance::v1 as governance;
use scrutiny_proto::review::v1 as review;

use super::History;

const LEVELS: [&str; 8] =
    ["self", "supervisor", "irg", "rgrg", "taser_tl", "taser_ttt", "jps", "superintendent"];

impl History {
    /// The next statement about powers, their reviews, and what comes of those.
    #[must_use]
    pub fn review(&mut self) -> Bytes {
        match self.below(10) {
            0..=2 => self.power(),
            3..=6 => self.about_a_review(),
            7 => self.about_a_sample(),
            8 => self.about_a_lesson(),
            _ => self.about_a_panel(),
        }
    }

    fn record(&mut self) -> String {
        let power = if self.below(2) == 0 { "uof" } else { "search" };
        format!("{power}/00000000000000{:02x}", self.below(24))
    }

    fn power(&mut self) -> Bytes {
        let record = self.record();
        let pseudonym = vec![u8::try_from(self.below(8)).unwrap_or_default(); 16];
        if self.below(5) == 0 {
            let body = review::FootageRecorded { state: self.enumerated(2), ..Default::default() };
            return self.statement("review", "FootageRecorded", &format!("footage/{record}"), &body);
        }
        if record.starts_with("search/") {
            let body = review::StopSearchRecorded {
                officer_pseudonym: pseudonym.into(),
                search_type: "Person search".to_owned(),
                ..Default::default()
            };
            return self.statement("review", "StopSearchRecorded", &record, &body);
        }
        let taser = self.enumerated(7);
        let tactic =
            review::Tactic { kind: review::TacticKind::Taser.into(), taser, as_written: String::new() };
        let body = review::UseOfForceRecorded {
            officer_pseudonym: pseudonym.into(),
            unit: self.enumerated(2),
            tactics: vec![tactic],
            force_of_officer: format!("force-{}", self.below(self.country.forces)),
            ..Default::default()
        };
        self.statement("review", "UseOfForceRecorded", &record, &body)
    }

    fn about_a_review(&mut self) -> Bytes {
        let level = LEVELS[usize::try_from(self.below(8)).unwrap_or_default()];
        let stream = format!("review/{level}/{}", self.record());
        match self.below(8) {
            0 => {
                let body = review::ReviewAssigned { reviewer_pseudonym: vec![1; 16].into() };
                self.statement("review", "ReviewAssigned", &stream, &body)
            }
            1 => {
                let body = review::ReviewRecused { reason: self.enumerated(4), ..Default::default() };
                self.statement("review", "ReviewRecused", &stream, &body)
            }
            2..=4 => {
                let body = review::ReviewCompleted {
                    outcome: self.enumerated(3),
                    saw_record: self.below(2) == 0,
                    saw_footage: self.below(2) == 0,
                    grounds: self.enumerated(3),
                    proportionality: self.enumerated(3),
                    ..Default::default()
                };
                self.statement("review", "ReviewCompleted", &stream, &body)
            }
            5 => {
                let body = review::FeedbackGiven {
                    to: self.enumerated(3),
                    tone: self.enumerated(3),
                    ..Default::default()
                };
                self.statement("review", "FeedbackGiven", &stream, &body)
            }
            6 => {
                let body = review::FeedbackAcknowledged { recipient: self.enumerated(3) };
                self.statement("review", "FeedbackAcknowledged", &stream, &body)
            }
            _ => {
                let body = review::ConcernEscalated { to: self.enumerated(3), ..Default::default() };
                self.statement("review", "ConcernEscalated", &stream, &body)
            }
        }
    }

    fn about_a_sample(&mut self) -> Bytes {
        let stream = format!("sample/sample-{}", self.below(4));
        match self.below(3) {
            0 => {
                let body = review::SampleFrameCommitted {
                    level: self.enumerated(9),
                    frame_size: 24,
                    n: 2,
                    ..Default::default()
                };
                self.statement("review", "SampleFrameCommitted", &stream, &body)
            }
            1 => {
                let drawn =
                    (0..2).map(|position| review::Drawn { position, record: self.record() }).collect();
                let body = review::SampleDrawn { drawn, ..Default::default() };
                self.statement("review", "SampleDrawn", &stream, &body)
            }
            _ => {
                let level = LEVELS[usize::try_from(self.below(8)).unwrap_or_default()];
                let stream = format!("review-period/force-{}/{level}", self.below(self.country.forces));
                let days = u32::try_from(1 + self.below(40)).unwrap_or(1);
                let body = review::ReviewPeriodAdopted {
                    days,
                    includes_joint_units: self.below(2) == 0,
                    basis: String::new(),
                };
                self.statement("review", "ReviewPeriodAdopted", &stream, &body)
            }
        }
    }

    fn about_a_lesson(&mut self) -> Bytes {
        let point = format!("learning/lesson-{}", self.below(4));
        match self.below(3) {
            0 => {
                let body = review::LearningPointIssued { source: self.enumerated(4), ..Default::default() };
                self.statement("review", "LearningPointIssued", &point, &body)
            }
            1 => {
                let stream = format!("learning-issue/force-0/issue-{}", self.below(4));
                let body = review::LearningChannelled {
                    channel: self.enumerated(7),
                    points: vec![point],
                    ..Default::default()
                };
                self.statement("review", "LearningChannelled", &stream, &body)
            }
            _ => {
                let body = review::LearningAdopted { by: "force-0".to_owned(), text: String::new() };
                self.statement("review", "LearningAdopted", &point, &body)
            }
        }
    }

    fn about_a_panel(&mut self) -> Bytes {
        let session = format!("panel/panel-0/2022-{:02}-20", 1 + self.below(12));
        match self.below(5) {
            0 => {
                let member = format!("panel-member/panel-0/{:032x}", self.below(4));
                let body = review::PanelMemberTrained {
                    trained_on: self.day(),
                    independent_of_force: self.below(3) > 0,
                    ..Default::default()
                };
                self.statement("review", "PanelMemberTrained", &member, &body)
            }
            1 => {
                let case = |number| review::PanelCase { number, ..Default::default() };
                let body = review::PanelSessionHeld {
                    cases: (1..4).map(case).collect(),
                    annual_general_meeting: self.below(4) == 0,
                    ..Default::default()
                };
                self.statement("review", "PanelSessionHeld", &session, &body)
            }
            2 => {
                let body = review::PanelRatingGiven {
                    case_number: u32::try_from(1 + self.below(4)).unwrap_or(1),
                    scale: "a scale".to_owned(),
                    rating: format!("word-{}", self.below(3)),
                    members: vec![vec![0; 16].into()],
                };
                self.statement("review", "PanelRatingGiven", &session, &body)
            }
            3 => {
                let body = review::PanelFeedbackGiven { voice: self.enumerated(3), ..Default::default() };
                self.statement("review", "PanelFeedbackGiven", &session, &body)
            }
            _ => self.standing_item(),
        }
    }

    fn standing_item(&mut self) -> Bytes {
        let items = ["meeting", "annual general meeting", "a paper", "ethics"];
        let item = items[usize::try_from(self.below(4)).unwrap_or_default()].to_owned();
        let body = if self.below(2) == 0 { "panel-0" } else { "force-0" };
        let stream = format!("standing/{body}/{}", item.replace(' ', "-"));
        let body = governance::StandingItemConfigured {
            item,
            cadence: self.enumerated(6),
            ended: self.below(8) == 0,
            except_months: vec!["December".to_owned()],
            in_month: if self.below(2) == 0 { "March".to_owned() } else { String::new() },
            ..Default::default()
        };
        self.statement("governance", "StandingItemConfigured", &stream, &body)
    }

    /// A value of an enumeration: 0, "not given", up to and with the last.
    fn enumerated(&mut self, last: u64) -> i32 {
        i32::try_from(self.below(last + 1)).unwrap_or_default()
    }
}
