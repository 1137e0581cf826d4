//! What the rest happens to: bodies, reports, findings, judgments, remarks.

use bytes::Bytes;
use scrutiny_proto::governance::v1 as governance;
use scrutiny_proto::inspection::v1 as inspection;
use scrutiny_proto::registry::v1::KeyRevoked;
use scrutiny_proto::response::v1 as response;

use super::{Country, History};

impl History {
    /// Every body, report, finding and obligation, once.
    pub fn founding(&mut self) -> Vec<Bytes> {
        let Country { forces, reports, findings } = self.country;
        let mut all = Vec::new();
        for force in 0..forces {
            all.push(self.body(&format!("force-{force}")));
            all.push(self.body(&format!("force-{force}-lpb")));
        }
        for report in 0..reports {
            all.push(self.report(report));
            for finding in 0..findings {
                all.push(self.finding(report, finding));
            }
        }
        for force in 0..forces {
            for (report, finding) in (0..reports).flat_map(|r| (0..findings).map(move |f| (r, f))) {
                let created = response::ObligationCreated { strict_55_5b: true, ..Default::default() };
                let stream = format!("obligation/force-{force}/report-{report}/{finding}/0");
                all.push(self.statement("response", "ObligationCreated", &stream, &created));
            }
        }
        all
    }

    pub(super) fn setting(&mut self) -> Bytes {
        let (report, finding) = (self.below(self.country.reports), self.below(self.country.findings));
        let force = self.below(self.country.forces);
        match self.below(8) {
            0 => self.body(&format!("force-{force}")),
            1 => self.report(report),
            2 => self.finding(report, finding),
            3 => {
                let body = inspection::FindingAliasAdded {
                    source: "A paper".to_owned(),
                    used_by: format!("force-{force}"),
                    label: format!("4.{finding}"),
                };
                let stream = format!("finding/report-{report}/{finding}");
                self.statement("inspection", "FindingAliasAdded", &stream, &body)
            }
            4 => {
                let body = inspection::InspectorateAuditReported {
                    measures: "records with reasonable grounds".to_owned(),
                    figure: Some(self.figure()),
                    ..Default::default()
                };
                let stream = format!("finding/report-{report}/{finding}");
                self.statement("inspection", "InspectorateAuditReported", &stream, &body)
            }
            5 => {
                let mut body = inspection::JudgmentGiven {
                    area: format!("area {finding}"),
                    inspected: true,
                    judged_body: format!("force-{force}"),
                    ..Default::default()
                };
                body.set_scheme(if report.is_multiple_of(2) {
                    inspection::GradeScheme::Four
                } else {
                    inspection::GradeScheme::Five
                });
                body.set_grade(inspection::Grade::Good);
                let stream = format!("judgment/report-{report}/{finding}");
                self.statement("inspection", "JudgmentGiven", &stream, &body)
            }
            6 => {
                let mut body = inspection::InspectorateRemarkRecorded {
                    text: "Better than it was.".to_owned(),
                    finding: format!("finding/report-{report}/{finding}"),
                    ..Default::default()
                };
                body.set_kind(inspection::RemarkKind::Progress);
                self.statement(
                    "inspection",
                    "InspectorateRemarkRecorded",
                    &format!("report/report-{report}"),
                    &body,
                )
            }
            _ => {
                let body = KeyRevoked {
                    reason: "stolen".to_owned(),
                    compromised: true,
                    compromised_since_index: self.made / 2,
                };
                let key = format!("{:064x}", self.below(4));
                self.statement("registry", "KeyRevoked", &format!("key/{key}"), &body)
            }
        }
    }

    pub(super) fn body(&mut self, name: &str) -> Bytes {
        let body = governance::BodyRegistered { name: format!("The {name}"), level: 2, ..Default::default() };
        self.statement("governance", "BodyRegistered", &format!("body/{name}"), &body)
    }

    pub(super) fn report(&mut self, report: u64) -> Bytes {
        let published_on = if self.below(5) == 0 { String::new() } else { self.day() };
        let expected = u32::try_from(self.country.findings).unwrap_or_default();
        let body = inspection::ReportPublished {
            title: format!("Report {report}"),
            publisher: "hmicfrs".to_owned(),
            r#type: 1,
            published_on,
            expected: Some(inspection::ExpectedCounts { recommendations: expected, ..Default::default() }),
            addressed_to: vec!["force-0-lpb".to_owned()],
            ..Default::default()
        };
        self.statement("inspection", "ReportPublished", &format!("report/report-{report}"), &body)
    }

    pub(super) fn finding(&mut self, report: u64, finding: u64) -> Bytes {
        let body = inspection::FindingIssued {
            kind: 1,
            title: format!("Finding {finding}"),
            addressees: vec!["forces".to_owned()],
            due_words: "By July 2021".to_owned(),
            ..Default::default()
        };
        self.statement("inspection", "FindingIssued", &format!("finding/report-{report}/{finding}"), &body)
    }

    pub(super) fn figure(&mut self) -> inspection::Figure {
        let population = self.below(100);
        let percentage_only = if population == 0 { "18.0".to_owned() } else { String::new() };
        inspection::Figure { count: population / 2, population, percentage_only, polarity: 1 }
    }
}
