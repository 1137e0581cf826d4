//! Random histories of every kind that a projection reads, unsigned: for folds, which take what they are given.
//!
//! The places are few, so that things meet: answers find their obligations, receipts their items. Not every
//! statement would be accepted by the rules; a fold must survive all of them. The same seed makes the same bytes.

use bytes::Bytes;
use ledger_core::ids::{KeyId, StatementId};
use prost::Message;
use scrutiny_proto::conduct::v1 as conduct;
use scrutiny_proto::governance::v1 as governance;
use scrutiny_proto::inspection::v1 as inspection;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::registry::v1 as registry;
use scrutiny_proto::registry::v1::KeyRevoked;
use scrutiny_proto::response::v1 as response;

use crate::{ORIGIN, START_MS};

/// How large the country is.
#[derive(Debug, Clone, Copy)]
pub struct Country {
    /// Forces, each with a local policing body.
    pub forces: u64,
    /// Reports.
    pub reports: u64,
    /// Findings of each report; every force owes an answer to each.
    pub findings: u64,
}

/// Makes statements.
#[derive(Debug)]
pub struct History {
    country: Country,
    state: u64,
    made: u64,
}

impl History {
    /// A history of a country, by a seed.
    #[must_use]
    pub fn new(country: Country, seed: u64) -> Self {
        Self { country, state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, made: 0 }
    }

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

    /// The next statement: any kind, anywhere.
    #[must_use]
    pub fn any(&mut self) -> Bytes {
        match self.below(20) {
            0 => self.setting(),
            1..=8 => self.about_an_obligation(),
            9..=11 => self.about_a_response(),
            12 | 13 => self.about_a_meeting(),
            14 | 15 => self.about_a_case(),
            16 | 17 => self.metric(),
            _ => self.fact(),
        }
    }

    /// Keys and offices come, change hands and go. [`Self::any`] makes none but revocations, as above.
    #[must_use]
    pub fn registry(&mut self) -> Bytes {
        let blob = |n: u64| Bytes::copy_from_slice(&n.to_be_bytes());
        let (one, other, place) = (blob(self.below(4)), blob(self.below(4)), self.below(6));
        let (key, body) = (KeyId::of_blob(&one), format!("force-{}", self.below(self.country.forces)));
        let [of_key, role] = [format!("key/{}", key.to_hex()), format!("role/assignment-{place}")];
        let (key, from, acting) = (key.to_string(), self.day(), self.below(4) == 0);
        match self.below(9) {
            0 => {
                let act = registry::LedgerFounded { root_keys: vec![one, other], body, ..Default::default() };
                self.statement("registry", "LedgerFounded", "charter/ledger", &act)
            }
            1 => {
                let act = registry::KeyEnrolled { public_key: one, ..Default::default() };
                self.statement("registry", "KeyEnrolled", &of_key, &act)
            }
            2 => {
                let act = registry::KeyRotated { new_public_key: other, ..Default::default() };
                self.statement("registry", "KeyRotated", &of_key, &act)
            }
            3 => self.statement("registry", "KeyRevoked", &of_key, &KeyRevoked::default()),
            4 => self.statement("registry", "RoleEnded", &role, &registry::RoleEnded::default()),
            5 => {
                let (ended, from_role) = (acting, "CC".to_owned());
                let act =
                    registry::DelegationGranted { from_role, body, to_key: key, ended, ..Default::default() };
                self.statement("registry", "DelegationGranted", &format!("delegation/for-{place}"), &act)
            }
            _ => {
                let valid_to = if acting { self.day() } else { String::new() };
                let (role_code, valid_from) = ("CC".to_owned(), from);
                let act = registry::RoleAssigned { key, role: role_code, body, valid_from, valid_to, acting };
                self.statement("registry", "RoleAssigned", &role, &act)
            }
        }
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

    fn setting(&mut self) -> Bytes {
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

    fn about_an_obligation(&mut self) -> Bytes {
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

    fn about_a_response(&mut self) -> Bytes {
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

    fn about_a_meeting(&mut self) -> Bytes {
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

    fn about_a_case(&mut self) -> Bytes {
        let stream = format!("psdcase/{:016x}", self.below(self.country.forces * 4));
        let day = self.day();
        match self.below(7) {
            0 => self.statement(
                "conduct",
                "AllegationReceived",
                &stream,
                &conduct::AllegationReceived { route: 2, ..Default::default() },
            ),
            1 => {
                let body = conduct::ReferralRecorded {
                    step: 3,
                    ground: 4,
                    became_clear_on: day,
                    referred_on: self.day(),
                    ..Default::default()
                };
                self.statement("conduct", "ReferralRecorded", &stream, &body)
            }
            2 => {
                let result = 1 + i32::try_from(self.below(3)).unwrap_or_default();
                self.statement(
                    "conduct",
                    "SeverityAssessed",
                    &stream,
                    &conduct::SeverityAssessed { result, ..Default::default() },
                )
            }
            3 => {
                let notice = 1 + i32::try_from(self.below(3)).unwrap_or_default();
                let body = conduct::CaseNoticeRecorded { notice, given_on: day, ..Default::default() };
                self.statement("conduct", "CaseNoticeRecorded", &stream, &body)
            }
            4 => {
                let body = conduct::InvestigationReported { submitted_on: day, ..Default::default() };
                self.statement("conduct", "InvestigationReported", &stream, &body)
            }
            5 => {
                let body = conduct::ListReported {
                    list: 1,
                    step: 1,
                    trigger_on: day,
                    done_on: self.day(),
                    ..Default::default()
                };
                self.statement("conduct", "ListReported", &stream, &body)
            }
            _ => {
                let disposal = 4 + i32::try_from(self.below(2)).unwrap_or_default();
                self.statement(
                    "conduct",
                    "CaseDisposed",
                    &stream,
                    &conduct::CaseDisposed { disposal, ..Default::default() },
                )
            }
        }
    }

    fn metric(&mut self) -> Bytes {
        let stream = format!("metric/force-{}/backlog", self.below(self.country.forces));
        let body = governance::MetricReported {
            measures: "staff without a current clearance".to_owned(),
            figure: Some(self.figure()),
            period_words: "a month".to_owned(),
            ..Default::default()
        };
        self.statement("governance", "MetricReported", &stream, &body)
    }

    fn fact(&mut self) -> Bytes {
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

    fn body(&mut self, name: &str) -> Bytes {
        let body = governance::BodyRegistered { name: format!("The {name}"), level: 2, ..Default::default() };
        self.statement("governance", "BodyRegistered", &format!("body/{name}"), &body)
    }

    fn report(&mut self, report: u64) -> Bytes {
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

    fn finding(&mut self, report: u64, finding: u64) -> Bytes {
        let body = inspection::FindingIssued {
            kind: 1,
            title: format!("Finding {finding}"),
            addressees: vec!["forces".to_owned()],
            due_words: "By July 2021".to_owned(),
            ..Default::default()
        };
        self.statement("inspection", "FindingIssued", &format!("finding/report-{report}/{finding}"), &body)
    }

    fn figure(&mut self) -> inspection::Figure {
        let population = self.below(100);
        let percentage_only = if population == 0 { "18.0".to_owned() } else { String::new() };
        inspection::Figure { count: population / 2, population, percentage_only, polarity: 1 }
    }

    fn day(&mut self) -> String {
        format!("{}-{:02}-{:02}", 2019 + self.below(4), 1 + self.below(12), 1 + self.below(28))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound.max(1)
    }

    fn statement(&mut self, group: &str, kind: &str, stream: &str, body: &impl Message) -> Bytes {
        let n = self.made;
        self.made += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&n.to_be_bytes());
        let uuid = uuid::Builder::from_unix_timestamp_millis(START_MS + n / 64, &random).into_uuid();
        let id = StatementId::from_uuid(uuid).expect("a UUID made as version 7 is one");
        let unknown = self.below(10) == 0;
        let occurred = wire::Occurred {
            precision: if unknown { wire::Precision::Unknown } else { wire::Precision::Day }.into(),
            value: if unknown { String::new() } else { self.day() },
            words: String::new(),
        };
        let mut key = [0; 32];
        key[31] = u8::try_from(self.below(4)).expect("below 4");
        let signer = wire::Signer {
            key_id: Bytes::copy_from_slice(&key),
            role: "G&I".to_owned(),
            body: "force-0".to_owned(),
            ..Default::default()
        };
        let message = wire::Statement {
            ledger: ORIGIN.to_owned(),
            id: Bytes::copy_from_slice(id.as_bytes()),
            kind: format!("scrutiny.{group}.v1.{kind}"),
            stream: stream.to_owned(),
            expected: Some(Expected::AnyVersion(true)),
            occurred: Some(occurred),
            signers: vec![signer],
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body: body.encode_to_vec().into(),
            imported: true,
            ..Default::default()
        };
        message.encode_to_vec().into()
    }
}
