//! What each kind adds to the register.

use ledger_core::hash::Hash;
use ledger_core::ids::KeyId;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::inspection::v1 as inspection;
use scrutiny_proto::inspection::v1::{InspectionType, RemarkKind};
use scrutiny_proto::registry::v1::KeyRevoked;
use scrutiny_proto::response::v1 as response;

use super::natural::Natural;
use super::{Alias, FindingKey, Obligation, ObligationKey, Register, Remark};
use crate::figure::FigureView;
use crate::text::Text;
use crate::when::Happened;
use crate::{decode, is_attested, kind_of, signed_by, stream_parts};

/// Something that happened to an obligation.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) entry: u64,
    pub(super) happened: Happened,
    pub(super) signed_by: Text,
    pub(super) keys: Vec<KeyId>,
    pub(super) attested: bool,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Answered(response::ForceResponseRecorded),
    Progressed(response::ActionProgressed),
    AssessedComplete(response::ForceAssessedComplete),
    Action(response::ActionRecorded),
    EvidenceSubmitted(response::EvidenceSubmitted),
    Overseen(Vec<String>),
    Verified(inspection::InspectorateVerificationRecorded),
    Closed(inspection::ObligationClosed),
    Reopened,
}

impl Register {
    pub(super) fn report(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<inspection::ReportPublished>(statement) else { return };
        let [report] = stream_parts(statement);
        let report = self.reports.entry(report.to_owned()).or_default();
        report.inspection = inspection_name(body.r#type());
        report.published_on = body.published_on.parse().ok();
        report.last_updated_on = body.last_updated_on.parse().ok();
        (report.title, report.programme, report.expected) = (body.title, body.programme, body.expected);
        report.entries.push(entry);
    }

    /// Under its finding where it names one, else under the report.
    pub(super) fn remark(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<inspection::InspectorateRemarkRecorded>(statement) else { return };
        let figure = body.figure.as_ref();
        let remark = Remark {
            kind: remark_name(body.kind()),
            figure: figure.map(|figure| FigureView::new(figure, &body.text, "", &body.caveat, entry)),
            text: body.text,
            caveat: body.caveat,
            entry,
        };
        let mut named = body.finding.split('/').skip(1);
        if let (Some(report), Some(finding)) = (named.next(), named.next()) {
            if let Some(finding) = self.findings.get_mut(&(report.to_owned(), Natural::new(finding))) {
                finding.remarks.push(remark);
                finding.entries.push(entry);
            }
            return;
        }
        let [report] = stream_parts(statement);
        if let Some(report) = self.reports.get_mut(report) {
            report.remarks.push(remark);
            report.entries.push(entry);
        }
    }

    pub(super) fn revoked(&mut self, statement: &Statement) {
        let Some(body) = decode::<KeyRevoked>(statement) else { return };
        let [key] = stream_parts(statement);
        if let Some(key) = Hash::from_hex(key).filter(|_| body.compromised) {
            self.compromised.insert(KeyId(key.0), body.compromised_since_index);
        }
    }

    pub(super) fn finding(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode(statement) else { return };
        let finding = self.findings.entry(finding_key(statement)).or_default();
        finding.issued = body;
        finding.attested = is_attested(&statement.signers);
        finding.entries.push(entry);
    }

    pub(super) fn alias(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<inspection::FindingAliasAdded>(statement) else { return };
        let Some(finding) = self.findings.get_mut(&finding_key(statement)) else { return };
        let inspection::FindingAliasAdded { source, used_by, label } = body;
        finding.aliases.push(Alias { source, used_by, label });
        finding.entries.push(entry);
    }

    pub(super) fn figure(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<inspection::InspectorateAuditReported>(statement) else { return };
        let Some(finding) = self.findings.get_mut(&finding_key(statement)) else { return };
        finding.figures.push(FigureView::of_audit(&body, entry));
        finding.entries.push(entry);
    }

    pub(super) fn obligation(&mut self, entry: u64, statement: &Statement) {
        let Some(body) = decode::<response::ObligationCreated>(statement) else { return };
        self.obligations.insert(
            obligation_key(statement),
            Obligation {
                stream: statement.stream.as_str().to_owned(),
                strict_55_5b: body.strict_55_5b,
                owner_role: body.owner_role,
                oversight: body.oversight,
                created: Happened::of(statement),
                created_entry: entry,
                events: Vec::new(),
            },
        );
    }

    pub(super) fn event(&mut self, entry: u64, statement: &Statement) {
        let what = match kind_of(statement) {
            "ForceResponseRecorded" => decode(statement).map(What::Answered),
            "ActionProgressed" => decode(statement).map(What::Progressed),
            "ForceAssessedComplete" => decode(statement).map(What::AssessedComplete),
            "ActionRecorded" => decode(statement).map(What::Action),
            "EvidenceSubmitted" => decode(statement).map(What::EvidenceSubmitted),
            "ObligationOversightAssigned" => decode::<response::ObligationOversightAssigned>(statement)
                .map(|body| What::Overseen(body.oversight)),
            "InspectorateVerificationRecorded" => decode(statement).map(What::Verified),
            "ObligationClosed" => decode(statement).map(What::Closed),
            "ObligationReopened" => Some(What::Reopened),
            _ => None,
        };
        let Some(what) = what else { return };
        let Some(obligation) = self.obligations.get_mut(&obligation_key(statement)) else { return };
        obligation.events.push(Event {
            entry,
            happened: Happened::of(statement),
            signed_by: signed_by(&statement.signers).into(),
            keys: statement.key_ids().collect(),
            attested: is_attested(&statement.signers),
            what,
        });
    }
}

impl Obligation {
    /// What had happened by the end of `day`, in the order of the ledger.
    pub(super) fn by(&self, day: Day) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter().filter(move |event| event.happened.by(day))
    }
}

fn finding_key(statement: &Statement) -> FindingKey {
    let [report, finding] = stream_parts(statement);
    (report.to_owned(), Natural::new(finding))
}

fn obligation_key(statement: &Statement) -> ObligationKey {
    let [body, report, finding, limb] = stream_parts(statement);
    (body.to_owned(), (report.to_owned(), Natural::new(finding)), Natural::new(limb))
}

fn inspection_name(kind: InspectionType) -> &'static str {
    match kind {
        InspectionType::Unspecified => "unknown",
        InspectionType::National => "national",
        InspectionType::Force => "force",
        InspectionType::Thematic => "thematic",
        InspectionType::Joint => "joint",
        InspectionType::Reinspection => "reinspection",
    }
}

fn remark_name(kind: RemarkKind) -> &'static str {
    match kind {
        RemarkKind::Unspecified => "unknown",
        RemarkKind::KeyFinding => "key finding",
        RemarkKind::Expectation => "expectation",
        RemarkKind::AssessedMet => "assessed met",
        RemarkKind::Commitment => "commitment",
        RemarkKind::Progress => "progress",
        RemarkKind::Practice => "practice",
    }
}
