//! The two functions that everything else serves, and which rule belongs to which kind.

use ledger_core::entry::Entry;
use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use prost::Message;
use scrutiny_proto::conduct::v1::{InvestigatorAppointed, ProceedingsStarted};

use crate::case::{Case, Context};
use crate::civil::Day;
use crate::conduct::{ConductCase, Proceedings};
use crate::kinds::{self, Tag};
use crate::obligation::Stage;
use crate::refusal::{Code, Refusal, refuse};
use crate::review::{self, Review};
use crate::state::State;
use crate::{
    actions, bodies, charter, clock_change, conduct, delegation, envelope, facts, flow, genesis, hold, keys,
    meetings, obligation, occurred, personal_data, privacy, proceedings, recorders, referral, report,
    response, roles, scrutiny, severity, signers, submission,
};

/// Judges a statement at its position: everything except its signature bytes and whether its id is new.
///
/// # Errors
/// The first rule that it breaks.
pub fn decide(state: &State, statement: &Statement, context: &Context) -> Result<(), Refusal> {
    let Some(known) = kinds::known(&statement.kind) else {
        return refuse(Code::UnknownKind, unknown_kind(&statement.kind));
    };
    let today = Day::in_london(context.recorded_at_ms);
    let case = &Case { state, statement, context, known, today };
    if known.tag == Tag::LedgerFounded {
        return decide_genesis(case);
    }
    envelope::check_ledger(case)?;
    envelope::check_stream(case)?;
    occurred::check(case)?;
    signers::check(case)?;
    recorders::only_epochs(case)?;
    match known.tag {
        Tag::ObligationClosed | Tag::ObligationReopened => obligation::only_inspectorate(case)?,
        Tag::StatutoryResponsePublished => response::only_local_policing_body(case)?,
        Tag::SeverityAssessed => severity::only_assessor(case)?,
        _ => {}
    }
    charter::check(case)?;
    envelope::check_version(case)?;
    envelope::check_body(case)?;
    personal_data::check(case)?;
    decide_kind(case)
}

fn decide_genesis(case: &Case<'_>) -> Result<(), Refusal> {
    if let Some(origin) = case.state.origin() {
        return refuse(Code::Genesis, format!("the ledger {origin} is founded already"));
    }
    envelope::check_stream(case)?;
    occurred::check(case)?;
    envelope::check_version(case)?;
    envelope::check_body(case)?;
    genesis::decide(case)
}

fn unknown_kind(name: &str) -> String {
    use scrutiny_proto::vocabulary::Vocabulary;
    let vocabulary = Vocabulary::get();
    match vocabulary.kind(name).or_else(|| vocabulary.nearest(name)) {
        Some(kind) => format!("no kind {name:?} in the vocabulary; did you mean {}?", kind.full_name),
        None => format!("no kind {name:?} in the vocabulary"),
    }
}

fn decide_kind(case: &Case<'_>) -> Result<(), Refusal> {
    match case.known.tag {
        Tag::CharterAdopted => charter::decide_adopted(case),
        Tag::KeyEnrolled => keys::decide_enrolled(case),
        Tag::KeyRotated => keys::decide_rotated(case),
        Tag::KeySuspended => keys::decide_suspended(case),
        Tag::KeyRevoked => keys::decide_revoked(case),
        Tag::RoleAssigned => roles::decide_assigned(case),
        Tag::RoleEnded => roles::decide_ended(case),
        Tag::DelegationGranted => delegation::decide_granted(case),
        Tag::RecorderEpochStarted => recorders::decide_started(case),
        Tag::LogKeyAuthorised => recorders::decide_authorised(case),
        Tag::ReportPublished => report::decide_published(case),
        Tag::FindingIssued => report::decide_finding(case),
        Tag::FindingAliasAdded => report::known_finding(case).map(drop),
        Tag::JudgmentGiven => report::decide_judgment(case),
        Tag::InspectorateAuditReported => report::decide_audit(case),
        Tag::InspectorateRemarkRecorded => report::decide_remark(case),
        Tag::ObligationCreated => obligation::decide_created(case),
        Tag::ForceResponseRecorded => obligation::decide_response(case),
        Tag::ActionProgressed | Tag::ForceAssessedComplete => obligation::decide_progress(case),
        Tag::ObligationClosed => obligation::decide_closed(case),
        Tag::ObligationReopened => obligation::decide_reopened(case),
        Tag::ChiefOfficerCommentsInvited => response::decide_invited(case),
        Tag::ChiefOfficerCommentsSubmitted => response::decide_submitted(case),
        Tag::StatutoryResponsePrepared => response::decide_prepared(case),
        Tag::StatutoryResponsePublished => response::decide_published(case),
        Tag::CopySent => response::decide_copy(case),
        Tag::BodyRegistered => bodies::decide_registered(case),
        Tag::BodyAliasAdded => bodies::decide_alias(case),
        Tag::MeetingHeld => meetings::decide_held(case),
        Tag::PaperTabled => meetings::decide_tabled(case),
        Tag::PaperDecided => meetings::decide_decided(case),
        Tag::ErasureExecuted => privacy::decide_erasure(case),
        Tag::ScrutinyFactRecorded => facts::decide(case),
        Tag::DecisionTaken => meetings::decide_taken(case),
        Tag::StandingItemConfigured => meetings::decide_standing(case),
        Tag::ItemForwarded => flow::decide_forwarded(case),
        Tag::ItemReceived => flow::decide_received(case),
        Tag::AssuranceGiven => response::decide_assurance(case),
        Tag::StatementMade => response::decide_statement(case),
        Tag::MetricReported => response::decide_metric(case),
        Tag::SubmissionRecorded => submission::decide(case),
        Tag::PublicationRecorded => submission::decide_publication(case),
        Tag::InspectorateVerificationRecorded => actions::decide_verification(case),
        Tag::MonitoringPhaseChanged => actions::decide_phase(case),
        Tag::ActionRecorded => actions::decide(case),
        Tag::EvidenceSubmitted => actions::decide_evidence(case),
        Tag::ObligationOversightAssigned => actions::decide_oversight(case),
        Tag::ClockChanged => clock_change::decide(case),
        Tag::RedactionApplied => privacy::decide_redaction(case),
        Tag::ProcessingRestricted => hold::decide_restricted(case),
        Tag::RectificationRecorded => privacy::decide_rectification(case),
        Tag::DisclosureLogged => privacy::decide_disclosure(case),
        Tag::LegalHoldPlaced => hold::decide_hold(case),
        // Founding was judged on its own; these ask for nothing beyond their body and charter line.
        Tag::LedgerFounded | Tag::ItemScrutinised | Tag::Other => Ok(()),
        _ => decide_conduct(case),
    }
}

fn decide_conduct(case: &Case<'_>) -> Result<(), Refusal> {
    match case.known.tag {
        Tag::AllegationReceived => conduct::decide_received(case),
        Tag::ReferralRecorded => referral::decide(case),
        Tag::SeverityAssessed => severity::decide(case),
        Tag::InvestigatorAppointed => conduct::decide_investigator(case),
        Tag::CaseNoticeRecorded => conduct::decide_notice(case),
        Tag::InvestigationReported => proceedings::decide_reported(case),
        Tag::CaseToAnswerDetermined => proceedings::decide_answer(case),
        Tag::ProceedingsStarted => proceedings::decide_started(case),
        Tag::ProceedingsConcluded => proceedings::decide_concluded(case),
        Tag::AppealRecorded => proceedings::decide_appeal(case),
        Tag::ListReported => proceedings::decide_list(case),
        Tag::CaseDisposed => conduct::decide_disposed(case),
        Tag::RestrictedAccessGranted => conduct::decide_access(case),
        _ => scrutiny::decide(case),
    }
}

/// Remembers a recorded statement. It judges nothing and cannot fail: a statement that [`decide`] would
/// refuse leaves whatever its parts say.
pub fn evolve(state: &mut State, statement: &Statement, context: &Context) {
    let Some(known) = kinds::known(&statement.kind) else { return };
    hold::evolve_sealed(state, statement);
    let change = Change { state, statement, pattern: known.kind.stream.as_str() };
    match known.tag {
        Tag::LedgerFounded
        | Tag::CharterAdopted
        | Tag::KeyEnrolled
        | Tag::KeyRotated
        | Tag::KeySuspended
        | Tag::KeyRevoked
        | Tag::RoleAssigned
        | Tag::RoleEnded
        | Tag::DelegationGranted
        | Tag::RecorderEpochStarted
        | Tag::LogKeyAuthorised => {
            evolve_registry(change, known.tag, context.index);
        }
        Tag::ReportPublished => {
            change.with(|state, c, body| report::evolve_published(state, c.param("report"), body));
        }
        Tag::FindingIssued => {
            change.with(|state, c, body| {
                report::evolve_finding(state, c.param("report"), c.param("finding"), body);
            });
        }
        Tag::ObligationCreated => {
            let finding = format!("{}/{}", change.param("report"), change.param("finding"));
            obligation::evolve_created(
                change.state,
                statement.stream.as_str(),
                &finding,
                change.param("limb"),
            );
        }
        Tag::ForceResponseRecorded => {
            change
                .with(|state, c, body| obligation::evolve_response(state, c.stream(), c.statement.id, body));
        }
        Tag::ActionProgressed => change.stage(Stage::InProgress),
        Tag::ForceAssessedComplete => change.stage(Stage::AssessedComplete),
        Tag::ObligationClosed => change.stage(Stage::Closed),
        Tag::ObligationReopened => change.stage(Stage::Reopened),
        Tag::BodyRegistered => bodies::evolve_registered(change.state, change.param("body")),
        Tag::PaperTabled => change.with(|state, c, body| meetings::evolve_tabled(state, c.stream(), body)),
        Tag::PaperDecided => change.with(|state, c, body| meetings::evolve_decided(state, c.stream(), body)),
        Tag::ErasureExecuted => change.with(|state, _, body| privacy::evolve_erasure(state, body)),
        Tag::ProcessingRestricted => change.with(|state, _, body| hold::evolve_restricted(state, body)),
        Tag::LegalHoldPlaced => change.with(|state, c, body| hold::evolve_hold(state, c.param("hold"), body)),
        Tag::ItemForwarded => change.with(|state, c, body| flow::evolve_forwarded(state, c.stream(), body)),
        Tag::ItemReceived => change.with(|state, c, body| flow::evolve_received(state, c.stream(), body)),
        Tag::SubmissionRecorded => change.with(|state, c, body| submission::evolve(state, c.stream(), body)),
        Tag::PublicationRecorded => {
            change.with(|state, c, body| submission::evolve_publication(state, c.stream(), body));
        }
        Tag::ActionRecorded => change.with(|state, c, body| actions::evolve(state, c.stream(), body)),
        Tag::EvidenceSubmitted => change.stage(Stage::EvidenceSubmitted),
        Tag::InspectorateVerificationRecorded => change.with(|state, c, body| {
            if let Some(stage) = actions::stage_after(body) {
                obligation::evolve_stage(state, c.stream(), stage);
            }
        }),
        Tag::MonitoringPhaseChanged => {
            change.with(|state, c, body| actions::evolve_phase(state, c.param("body"), body));
        }
        Tag::ClockChanged => {
            change.with(|state, c, body| clock_change::evolve(state, c.param("report"), c.stream(), body));
        }
        Tag::AllegationReceived
        | Tag::ReferralRecorded
        | Tag::SeverityAssessed
        | Tag::InvestigatorAppointed
        | Tag::CaseToAnswerDetermined
        | Tag::ProceedingsStarted
        | Tag::ProceedingsConcluded
        | Tag::ListReported
        | Tag::CaseDisposed => evolve_conduct(change, known.tag),
        Tag::FindingAliasAdded
        | Tag::JudgmentGiven
        | Tag::InspectorateAuditReported
        | Tag::InspectorateRemarkRecorded
        | Tag::ChiefOfficerCommentsInvited
        | Tag::ChiefOfficerCommentsSubmitted
        | Tag::StatutoryResponsePrepared
        | Tag::StatutoryResponsePublished
        | Tag::CopySent
        | Tag::ScrutinyFactRecorded
        | Tag::BodyAliasAdded
        | Tag::MeetingHeld
        | Tag::DecisionTaken
        | Tag::ItemScrutinised
        | Tag::StandingItemConfigured
        | Tag::AssuranceGiven
        | Tag::StatementMade
        | Tag::MetricReported
        | Tag::ObligationOversightAssigned
        | Tag::CaseNoticeRecorded
        | Tag::InvestigationReported
        | Tag::AppealRecorded
        | Tag::RestrictedAccessGranted
        | Tag::RedactionApplied
        | Tag::RectificationRecorded
        | Tag::DisclosureLogged
        | Tag::Other => {}
        tag => scrutiny::evolve(change, tag, context),
    }
}

/// Remembers a recorded entry: [`evolve`], as every replay does it.
pub fn evolve_entry(state: &mut State, entry: &Entry) {
    evolve(state, &entry.statement, &Context::of(entry));
}

fn evolve_conduct(change: Change<'_>, tag: Tag) {
    match tag {
        Tag::AllegationReceived => {
            change.with(|state, c, body| conduct::evolve_received(state, c.param("case"), c.statement, body));
        }
        Tag::ReferralRecorded => change.case(referral::evolve),
        Tag::SeverityAssessed => change.case(severity::evolve),
        Tag::InvestigatorAppointed => {
            change.case(|case, _: &InvestigatorAppointed| case.has_investigator = true)
        }
        Tag::CaseToAnswerDetermined => change.case(proceedings::evolve_answer),
        Tag::ProceedingsStarted => {
            change.case(|case, _: &ProceedingsStarted| case.proceedings = Proceedings::Started);
        }
        Tag::ProceedingsConcluded => change.case(proceedings::evolve_concluded),
        Tag::ListReported => change.case(proceedings::evolve_list),
        _ => change.case(conduct::evolve_disposed),
    }
}

fn evolve_registry(change: Change<'_>, tag: Tag, at: EntryIndex) {
    match tag {
        Tag::LedgerFounded => {
            change.with(|state, c, body| genesis::evolve(state, &c.statement.ledger, body, at));
        }
        Tag::CharterAdopted => change.with(|state, _, body| charter::evolve_adopted(state, body)),
        Tag::KeyEnrolled => change.with(|state, _, body| keys::evolve_enrolled(state, body, at)),
        Tag::KeyRotated => {
            change.with(|state, c, body| keys::evolve_rotated(state, c.param("key"), body, at))
        }
        Tag::KeySuspended => {
            change.with(|state, c, body| keys::evolve_suspended(state, c.param("key"), body));
        }
        Tag::KeyRevoked => {
            change.with(|state, c, body| keys::evolve_revoked(state, c.param("key"), body, at))
        }
        Tag::RoleAssigned => {
            change.with(|state, c, body| roles::evolve_assigned(state, c.param("assignment"), body));
        }
        Tag::RoleEnded => roles::evolve_ended(change.state, change.param("assignment")),
        Tag::RecorderEpochStarted => {
            change.with(|state, _, body| state.recorders.start(body, at));
        }
        Tag::LogKeyAuthorised => change.with(|state, _, body| state.recorders.authorise(body)),
        _ => change.with(|state, c, body| delegation::evolve_granted(state, c.param("delegation"), body)),
    }
}

/// A recorded statement on its way into the state.
pub(crate) struct Change<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) statement: &'a Statement,
    pattern: &'static str,
}

/// What a change says about itself, apart from the state.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) statement: &'a Statement,
    pattern: &'static str,
}

impl<'a> Source<'a> {
    pub(crate) fn stream(self) -> &'a str {
        self.statement.stream.as_str()
    }

    pub(crate) fn param(self, name: &str) -> &'a str {
        kinds::param(self.pattern, self.stream(), name)
    }
}

impl<'a> Change<'a> {
    fn param(&self, name: &str) -> &'a str {
        kinds::param(self.pattern, self.statement.stream.as_str(), name)
    }

    /// Hands the decoded body over; one that does not decode changes nothing.
    pub(crate) fn with<M: Message + Default>(self, apply: impl FnOnce(&mut State, Source<'a>, &M)) {
        let source = Source { statement: self.statement, pattern: self.pattern };
        if let Ok(body) = M::decode(self.statement.body.clone()) {
            apply(self.state, source, &body);
        }
    }

    /// Hands the decoded body over with the conduct case that it is about.
    fn case<M: Message + Default>(self, apply: impl FnOnce(&mut ConductCase, &M)) {
        self.with(|state, c, body| {
            if let Some(case) = state.cases.get_mut(c.param("case")) {
                apply(case, body);
            }
        });
    }

    /// Hands the decoded body over with the review that its stream is; a stream that is none changes nothing.
    pub(crate) fn review<M: Message + Default>(self, apply: impl FnOnce(&mut Review, Source<'a>, &M)) {
        self.with(|state, c, body| {
            if let Some(place) = review::place(c.stream()) {
                apply(state.reviews.entry(place).or_default(), c, body);
            }
        });
    }

    fn stage(self, stage: Stage) {
        obligation::evolve_stage(self.state, self.statement.stream.as_str(), stage);
    }
}
