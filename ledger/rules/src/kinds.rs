//! The vocabulary, indexed for the hot path: full name → kind and the tag that the rules dispatch on.

use std::collections::HashMap;
use std::sync::OnceLock;

use scrutiny_proto::vocabulary::{Kind, Vocabulary};

macro_rules! tags {
    ($($tag:ident)*) => {
        /// A kind that the rules know. `Other` follows the charter and its own options, and no more.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Tag { $($tag,)* Other }

        impl Tag {
            fn of(short_name: &str) -> Self {
                match short_name { $(stringify!($tag) => Self::$tag,)* _ => Self::Other }
            }
        }
    };
}

tags! {
    LedgerFounded CharterAdopted KeyEnrolled KeyRotated KeySuspended KeyRevoked RoleAssigned RoleEnded
    DelegationGranted RecorderEpochStarted LogKeyAuthorised
    ReportPublished FindingIssued FindingAliasAdded JudgmentGiven InspectorateAuditReported
    InspectorateRemarkRecorded ObligationClosed ObligationReopened
    ObligationCreated ForceResponseRecorded ActionProgressed ForceAssessedComplete
    ChiefOfficerCommentsInvited ChiefOfficerCommentsSubmitted StatutoryResponsePrepared
    StatutoryResponsePublished CopySent ScrutinyFactRecorded
    BodyRegistered BodyAliasAdded MeetingHeld PaperTabled PaperDecided
    ErasureExecuted
    ItemForwarded ItemReceived ItemScrutinised DecisionTaken StandingItemConfigured AssuranceGiven
    StatementMade MetricReported SubmissionRecorded PublicationRecorded
    InspectorateVerificationRecorded MonitoringPhaseChanged
    ActionRecorded EvidenceSubmitted ObligationOversightAssigned ClockChanged
    AllegationReceived ReferralRecorded SeverityAssessed InvestigatorAppointed CaseNoticeRecorded
    InvestigationReported CaseToAnswerDetermined ProceedingsStarted ProceedingsConcluded AppealRecorded
    ListReported CaseDisposed RestrictedAccessGranted
    SourceFileImported StopSearchRecorded TableRowImported UseOfForceRecorded FootageRecorded
    SampleFrameCommitted SampleDrawn
    ReviewAssigned ReviewRecused ReviewCompleted FeedbackGiven FeedbackAcknowledged ConcernEscalated
    GoodPracticeRecognised ReviewPeriodAdopted
    LearningPointIssued LearningChannelled LearningAdopted
    PanelMemberTrained PanelSessionHeld PanelRatingGiven PanelFeedbackGiven CommunityConversationHeld
    DataQualityIssueRecorded FiguresTabled DisproportionalityReviewed
    RedactionApplied ProcessingRestricted RectificationRecorded DisclosureLogged LegalHoldPlaced
}

/// A kind and its tag.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) kind: &'static Kind,
    pub(crate) tag: Tag,
}

/// A kind by its full name.
pub(crate) fn known(full_name: &str) -> Option<&'static Known> {
    static TABLE: OnceLock<HashMap<&'static str, Known>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let kinds = Vocabulary::get().kinds().iter();
        kinds.map(|kind| (kind.full_name.as_str(), Known { kind, tag: Tag::of(&kind.short_name) })).collect()
    });
    table.get(full_name)
}

/// Whether a stream follows a pattern. The stream's parts were checked when it was parsed.
pub(crate) fn matches(pattern: &str, stream: &str) -> bool {
    let mut given = stream.split('/');
    let fits =
        pattern.split('/').all(|part| given.next().is_some_and(|got| part.starts_with('{') || part == got));
    fits && given.next().is_none()
}

/// The value of one parameter; empty where the pattern has none of that name.
pub(crate) fn param<'a>(pattern: &str, stream: &'a str, name: &str) -> &'a str {
    let named = |part: &str| part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) == Some(name);
    let found = pattern.split('/').zip(stream.split('/')).find(|(part, _)| named(part));
    found.map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_vocabulary_has_a_tag() {
        for kind in Vocabulary::get().kinds() {
            let known = known(&kind.full_name).expect("indexed by its full name");
            assert_ne!(known.tag, Tag::Other, "{}", kind.full_name);
        }
        assert!(known("ReportPublished").is_none(), "a statement writes its kind in full");
    }

    #[test]
    fn streams_match_as_the_vocabulary_matches_them() {
        let pattern = "obligation/{body}/{report}/{finding}/{limb}";
        assert!(matches(pattern, "obligation/cambridgeshire/dupp-2021/3/a"));
        assert_eq!(param(pattern, "obligation/cambridgeshire/dupp-2021/3/a", "finding"), "3");
        for other in ["obligation/a/b/c", "obligation/a/b/c/d/e", "finding/a/b/c/d"] {
            assert!(!matches(pattern, other), "{other}");
        }
    }
}
