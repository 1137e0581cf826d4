//! How the examples of the vocabulary become a ledger.
//!
//! Every kind carries a draft ([`Kind::example`](scrutiny_proto::vocabulary::Kind)). In the order given here
//! they can be recorded into one ledger: the first founds it; then the people of `demo/people.yaml` are
//! enrolled and given their roles; then the others follow. Their keys are made from their names, so the
//! examples can show real key ids and real proofs of possession, and anybody can sign with them. Salts are 32
//! zero bytes in this one place, so that the erasure can name beforehand what it erases.

use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;

/// The origin of the ledger that the examples are meant for.
pub const ORIGIN: &str = "scrutiny.example/demonstration";

/// Short names of the kinds, in the order in which their examples can be recorded.
pub const ORDER: &[&str] = &[
    "LedgerFounded",
    "BodyRegistered",
    "BodyAliasAdded",
    "KeyEnrolled",
    "RoleAssigned",
    "DelegationGranted",
    "RoleEnded",
    "KeySuspended",
    "KeyRotated",
    "KeyRevoked",
    "LogKeyAuthorised",
    "RecorderEpochStarted",
    "SourceFileImported",
    "StopSearchRecorded",
    "TableRowImported",
    "UseOfForceRecorded",
    "FootageRecorded",
    "ReviewPeriodAdopted",
    "SampleFrameCommitted",
    "ReportPublished",
    "FindingIssued",
    "FindingAliasAdded",
    "JudgmentGiven",
    "InspectorateAuditReported",
    "InspectorateRemarkRecorded",
    "ObligationCreated",
    "MeetingHeld",
    "PaperTabled",
    "PaperDecided",
    "DecisionTaken",
    "ItemScrutinised",
    "ItemForwarded",
    "ItemReceived",
    "StandingItemConfigured",
    "AssuranceGiven",
    "MetricReported",
    "SubmissionRecorded",
    "PublicationRecorded",
    "MonitoringPhaseChanged",
    "ForceResponseRecorded",
    "ActionProgressed",
    "ObligationOversightAssigned",
    "ActionRecorded",
    "ForceAssessedComplete",
    "EvidenceSubmitted",
    "InspectorateVerificationRecorded",
    "ObligationClosed",
    "ObligationReopened",
    "ChiefOfficerCommentsInvited",
    "ChiefOfficerCommentsSubmitted",
    "StatutoryResponsePrepared",
    "StatutoryResponsePublished",
    "CopySent",
    "StatementMade",
    "ClockChanged",
    "ScrutinyFactRecorded",
    "SampleDrawn",
    "ReviewRecused",
    "ReviewAssigned",
    "ReviewCompleted",
    "FeedbackGiven",
    "FeedbackAcknowledged",
    "ConcernEscalated",
    "GoodPracticeRecognised",
    "LearningPointIssued",
    "LearningChannelled",
    "LearningAdopted",
    "PanelMemberTrained",
    "PanelSessionHeld",
    "PanelRatingGiven",
    "PanelFeedbackGiven",
    "CommunityConversationHeld",
    "DataQualityIssueRecorded",
    "FiguresTabled",
    "DisproportionalityReviewed",
    "AllegationReceived",
    "ReferralRecorded",
    "SeverityAssessed",
    "InvestigatorAppointed",
    "CaseNoticeRecorded",
    "InvestigationReported",
    "CaseToAnswerDetermined",
    "ProceedingsStarted",
    "ProceedingsConcluded",
    "ListReported",
    "AppealRecorded",
    "RestrictedAccessGranted",
    "CaseDisposed",
    "RedactionApplied",
    "DisclosureLogged",
    "RectificationRecorded",
    "LegalHoldPlaced",
    "ProcessingRestricted",
    "ErasureExecuted",
    // Last: it leaves most kinds without a signer.
    "CharterAdopted",
];

/// The log keys of an example's recorder, in vkey form, from its name. Known to everybody: never for a real ledger.
#[must_use]
pub fn log_vkeys(name: &str) -> Vec<String> {
    let origin = ORIGIN.parse().expect("an origin");
    let (ed25519, mldsa44) = (seed(&format!("{name} log ed25519")), seed(&format!("{name} log ml-dsa-44")));
    LogSigner::new(origin, &ed25519, &mldsa44).expect("two seeds").verifier().vkeys()
}

/// The Ed25519 seed of an example's key, from its name. Known to everybody: never for a real ledger.
#[must_use]
pub fn seed(name: &str) -> [u8; 32] {
    Hash::of(format!("scrutiny-ledger example key\n{name}\n").as_bytes()).0
}
