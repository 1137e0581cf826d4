//! What each kind adds to a case.

use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::conduct::v1::{
    AllegationReceived, AllegationRoute, CaseDisposed, CaseNotice, CaseNoticeRecorded,
    CaseToAnswerDetermined, ConductOutcome, Disposal, InvestigationReported, ListReported, ListStep,
    PoliceList, ProceedingsConcluded, ProceedingsStarted, ReferralRecorded, ReferralStep, Severity,
    SeverityAssessed,
};

use crate::decode;
use crate::when::Happened;

/// Something that happened to a case.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) entry: u64,
    pub(super) happened: Happened,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Received(&'static str),
    /// When it became clear, and when it was referred.
    Referred(Option<Day>, Option<Day>),
    Severity(&'static str),
    Investigated,
    Progress(Option<Day>),
    Timeliness(Option<Day>),
    Reported(Option<Day>),
    Answered(Option<Day>),
    Started,
    /// With the day, where the outcome was a dismissal or would have been.
    Concluded(Option<Day>),
    /// Which list, the day that triggered it, the day it was sent.
    Listed(&'static str, Option<Day>, Option<Day>),
    Closed,
    /// Something that no clock here turns on.
    Other,
}

impl What {
    pub(super) fn read(kind: &str, statement: &Statement) -> Option<Self> {
        Some(match kind {
            "AllegationReceived" => Self::Received(route(decode::<AllegationReceived>(statement)?.route())),
            "ReferralRecorded" => referral(&decode(statement)?),
            "SeverityAssessed" => Self::Severity(severity(decode::<SeverityAssessed>(statement)?.result())),
            "CaseNoticeRecorded" => notice(&decode(statement)?, statement),
            "InvestigationReported" => {
                Self::Reported(day(&decode::<InvestigationReported>(statement)?.submitted_on))
            }
            "CaseToAnswerDetermined" => {
                Self::Answered(day(&decode::<CaseToAnswerDetermined>(statement)?.determined_on))
            }
            "ProceedingsStarted" => decode::<ProceedingsStarted>(statement).map(|_| Self::Started)?,
            "ProceedingsConcluded" => concluded(&decode(statement)?),
            "ListReported" => listed(&decode(statement)?),
            "CaseDisposed" if decode::<CaseDisposed>(statement)?.disposal() == Disposal::Closed => {
                Self::Closed
            }
            _ => Self::Other,
        })
    }
}

fn referral(body: &ReferralRecorded) -> What {
    match body.step() {
        ReferralStep::Made | ReferralStep::Considered | ReferralStep::GuidanceSought => {
            What::Referred(day(&body.became_clear_on), day(&body.referred_on))
        }
        ReferralStep::Declined | ReferralStep::Determined | ReferralStep::Unspecified => What::Other,
    }
}

fn notice(body: &CaseNoticeRecorded, statement: &Statement) -> What {
    let given = day(&body.given_on).or_else(|| Happened::of(statement).first());
    match body.notice() {
        CaseNotice::Investigation => What::Investigated,
        CaseNotice::Progress => What::Progress(given),
        CaseNotice::Timeliness => What::Timeliness(given),
        CaseNotice::Unspecified => What::Other,
    }
}

fn concluded(body: &ProceedingsConcluded) -> What {
    let dismissed =
        matches!(body.outcome(), ConductOutcome::Dismissed | ConductOutcome::WouldHaveBeenDismissed);
    What::Concluded(day(&body.concluded_on).filter(|_| dismissed))
}

fn listed(body: &ListReported) -> What {
    let list = match body.list() {
        PoliceList::Unspecified => "unknown",
        PoliceList::Barred => "barred",
        PoliceList::Advisory => "advisory",
    };
    match body.step() {
        ListStep::Sent => What::Listed(list, day(&body.trigger_on), day(&body.done_on)),
        _ => What::Other,
    }
}

fn day(text: &str) -> Option<Day> {
    text.parse().ok()
}

fn route(route: AllegationRoute) -> &'static str {
    match route {
        AllegationRoute::Unspecified => "unknown",
        AllegationRoute::Complaint => "complaint",
        AllegationRoute::Conduct => "conduct",
        AllegationRoute::DeathOrSeriousInjury => "death or serious injury",
        AllegationRoute::Anonymous => "anonymous",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Unspecified => "unknown",
        Severity::Neither => "neither",
        Severity::Misconduct => "misconduct",
        Severity::GrossMisconduct => "gross misconduct",
    }
}
