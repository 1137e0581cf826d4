//! What is owed and answered.

use bytes::Bytes;
use scrutiny_proto::inspection::v1 as inspection;
use scrutiny_proto::response::v1 as response;

use super::History;

impl History {
    pub(super) fn about_an_obligation(&mut self) -> Bytes {
        let (force, report, finding) = (
            self.below(self.country.forces),
            self.below(self.country.reports),
            self.below(self.country.findings),
        );
        let stream = format!("obligation/force-{force}/report-{report}/{finding}/0");
        let due = ["By July 2021", "as soon as practicable", "Autumn of 2022", ""][self.below(4) as usize]
            .to_owned();
        match self.below(9) {
            0 => self.statement(
                "response",
                "ObligationCreated",
                &stream,
                &response::ObligationCreated::default(),
            ),
            1 => {
                let body = response::ForceResponseRecorded {
                    r#type: 1 + i32::try_from(self.below(4)).unwrap_or_default(),
                    text: "What the force will do about it, paraphrased in a sentence.".to_owned(),
                    actions: vec![response::Action {
                        what: "Train".to_owned(),
                        due_words: due,
                        ..Default::default()
                    }],
                    claims: vec![response::Claim { text: "Better".to_owned(), evidence: String::new() }],
                    ..Default::default()
                };
                self.statement("response", "ForceResponseRecorded", &stream, &body)
            }
            2 | 3 => {
                let body = response::ActionProgressed {
                    declared: i32::try_from(self.below(4)).unwrap_or_default(),
                    note: "Work goes on, and the working group has met.".to_owned(),
                    new_due_words: due,
                    ..Default::default()
                };
                self.statement("response", "ActionProgressed", &stream, &body)
            }
            4 => {
                let body =
                    response::ForceAssessedComplete { statement: "Done.".to_owned(), evidence: Vec::new() };
                self.statement("response", "ForceAssessedComplete", &stream, &body)
            }
            5 => {
                let body = response::ActionRecorded {
                    action: "train".to_owned(),
                    step: 1,
                    due_words: due,
                    ..Default::default()
                };
                self.statement("response", "ActionRecorded", &stream, &body)
            }
            6 => {
                let body = inspection::InspectorateVerificationRecorded {
                    step: 1 + i32::try_from(self.below(4)).unwrap_or_default(),
                    ..Default::default()
                };
                self.statement("inspection", "InspectorateVerificationRecorded", &stream, &body)
            }
            7 => {
                let outcome = 1 + i32::try_from(self.below(3)).unwrap_or_default();
                let body = inspection::ObligationClosed { outcome, ..Default::default() };
                self.statement("inspection", "ObligationClosed", &stream, &body)
            }
            _ => {
                let body = inspection::ObligationReopened { reason: "Not done.".to_owned() };
                self.statement("inspection", "ObligationReopened", &stream, &body)
            }
        }
    }

    pub(super) fn about_a_response(&mut self) -> Bytes {
        let (force, report) = (self.below(self.country.forces), self.below(self.country.reports));
        let stream = format!("response/force-{force}-lpb/report-{report}");
        let covers = (0..self.country.findings.min(4)).map(|finding| response::Coverage {
            obligation: format!("obligation/force-{force}/report-{report}/{finding}/0"),
            mode: 1 + i32::try_from(finding % 2).unwrap_or_default(),
        });
        let covers: Vec<_> = covers.collect();
        match self.below(5) {
            0 => {
                let body = response::ChiefOfficerCommentsInvited { by_date: self.day() };
                self.statement("response", "ChiefOfficerCommentsInvited", &stream, &body)
            }
            1 => {
                let body = response::ChiefOfficerCommentsSubmitted { responses: 3, title: String::new() };
                self.statement("response", "ChiefOfficerCommentsSubmitted", &stream, &body)
            }
            2 => {
                let body = response::StatutoryResponsePrepared {
                    letter_dated: self.day(),
                    covers,
                    ..Default::default()
                };
                self.statement("response", "StatutoryResponsePrepared", &stream, &body)
            }
            3 => {
                let body = response::StatutoryResponsePublished {
                    published_on: self.day(),
                    covers,
                    ..Default::default()
                };
                self.statement("response", "StatutoryResponsePublished", &stream, &body)
            }
            _ => {
                let to = 1 + i32::try_from(self.below(2)).unwrap_or_default();
                let body = response::CopySent { to, ..Default::default() };
                self.statement("response", "CopySent", &stream, &body)
            }
        }
    }
}
