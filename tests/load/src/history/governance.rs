//! Meetings, figures, facts and acts of oversight.

use bytes::Bytes;
use scrutiny_proto::governance::v1 as governance;
use scrutiny_proto::inspection::v1 as inspection;
use scrutiny_proto::response::v1 as response;

use super::History;

impl History {
    pub(super) fn about_a_meeting(&mut self) -> Bytes {
        let (force, month) = (self.below(self.country.forces), 1 + self.below(12));
        let body = format!("force-{force}");
        let meeting = format!("meeting/{body}/2022-{month:02}-07");
        let item = format!("item/{body}/item-{}", self.below(8));
        let to = format!("force-{}", self.below(self.country.forces));
        match self.below(6) {
            0 => {
                let held = governance::MeetingHeld { body_as_written: body, ..Default::default() };
                self.statement("governance", "MeetingHeld", &meeting, &held)
            }
            1 => {
                let about = format!("report/report-{}", self.below(self.country.reports));
                let paper = governance::PaperTabled {
                    title: "A paper".to_owned(),
                    ask: 1,
                    about,
                    ..Default::default()
                };
                self.statement("governance", "PaperTabled", &meeting, &paper)
            }
            2 => {
                let decided = governance::PaperDecided { title: "A paper".to_owned(), decision: 1 };
                self.statement("governance", "PaperDecided", &meeting, &decided)
            }
            3 => {
                let taken =
                    governance::DecisionTaken { title: "A decision".to_owned(), ..Default::default() };
                self.statement("governance", "DecisionTaken", &meeting, &taken)
            }
            4 => {
                let forwarded = governance::ItemForwarded {
                    title: "An item".to_owned(),
                    to,
                    direction: 1,
                    ..Default::default()
                };
                self.statement("governance", "ItemForwarded", &item, &forwarded)
            }
            _ => self.statement(
                "governance",
                "ItemReceived",
                &item,
                &governance::ItemReceived { at: to, note: String::new() },
            ),
        }
    }

    pub(super) fn metric(&mut self) -> Bytes {
        let stream = format!("metric/force-{}/backlog", self.below(self.country.forces));
        let body = governance::MetricReported {
            measures: "staff without a current clearance".to_owned(),
            figure: Some(self.figure()),
            period_words: "a month".to_owned(),
            ..Default::default()
        };
        self.statement("governance", "MetricReported", &stream, &body)
    }

    pub(super) fn fact(&mut self) -> Bytes {
        const WORDS: [&str; 4] = [
            "DataQualityIssueRaised",
            "DataQualityIssueReviewed",
            "DataQualityIssueResolved",
            "TrainingDelivered",
        ];
        let stream = format!("fact/force-{}/topic-{}", self.below(self.country.forces), self.below(4));
        let body = response::ScrutinyFactRecorded {
            fact: WORDS[self.below(4) as usize].to_owned(),
            text: "Continuous professional development for all frontline officers.".to_owned(),
            ..Default::default()
        };
        self.statement("response", "ScrutinyFactRecorded", &stream, &body)
    }

    /// An act of oversight. [`Self::any`] makes none, so that its histories stay the ones that were measured.
    #[must_use]
    pub fn oversight(&mut self) -> Bytes {
        let (force, report) = (self.below(self.country.forces), self.below(self.country.reports));
        let body = format!("force-{force}");
        let step = 1 + i32::try_from(self.below(3)).unwrap_or_default();
        let text = "What was looked into, paraphrased.".to_owned();
        match self.below(6) {
            0 => {
                let concerns = vec![format!("report/report-{report}")];
                let act = governance::ItemScrutinised { text, concerns, ..Default::default() };
                self.statement(
                    "governance",
                    "ItemScrutinised",
                    &format!("scrutiny/{body}/item-{report}"),
                    &act,
                )
            }
            1 => {
                let obligations = vec![format!("obligation/{body}/report-{report}/0/0")];
                let act = governance::AssuranceGiven { text, obligations, ..Default::default() };
                self.statement(
                    "governance",
                    "AssuranceGiven",
                    &format!("assurance/{body}/item-{report}"),
                    &act,
                )
            }
            2 => {
                let act = governance::StatementMade { speaker_role: "LPB".to_owned(), text };
                let stream = format!("response/{body}-lpb/report-{report}");
                self.statement("governance", "StatementMade", &stream, &act)
            }
            3 => {
                let act = governance::SubmissionRecorded { stage: step, tree_size: 1, ..Default::default() };
                let stream = format!("submission/{body}/annual-data/2022");
                self.statement("governance", "SubmissionRecorded", &stream, &act)
            }
            4 => {
                let act = governance::PublicationRecorded { step, withheld: 1, ..Default::default() };
                self.statement(
                    "governance",
                    "PublicationRecorded",
                    &format!("publication/{body}/recap"),
                    &act,
                )
            }
            _ => {
                let phase = 1 + i32::try_from(self.below(2)).unwrap_or_default();
                let act = inspection::MonitoringPhaseChanged { phase, reason: String::new() };
                self.statement("inspection", "MonitoringPhaseChanged", &format!("monitor/{body}"), &act)
            }
        }
    }
}
