//! Small facts: one kind, and a registered word that says what sort of fact it is.
//!
//! A word that is not here is refused, with the nearest that is: a register that counts training sessions
//! cannot find those that somebody called "TrainingGiven". New words need no new kind, only a line here.

use scrutiny_proto::response::v1::ScrutinyFactRecorded;
use scrutiny_proto::vocabulary::{Vocabulary, nearest_word};

use ledger_core::statement::Marking;

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};

/// What a fact may be called, in the order of the alphabet.
pub const WORDS: &[&str] = &[
    "AdviceGiven",
    "AssuranceMeetingHeld",
    "AuditScheduled",
    "BaselineStated",
    "BodyRevised",
    "BriefingIssued",
    "CapacityAssessed",
    "ChangeRequestRaised",
    "CommitmentMade",
    "ComplianceAssessed",
    "ContactNamed",
    "CoverageStated",
    "DataQualityIssueRaised",
    "DataQualityIssueResolved",
    "DataQualityIssueReviewed",
    "DelayRecorded",
    "DesignatedPostReviewed",
    "DocumentReferenced",
    "DocumentSigned",
    "EventHeld",
    "EvidenceMethodStated",
    "FrameworkPiloted",
    "GoodPracticeSought",
    "InitiativeStarted",
    "IntegrityHealthCheckCompleted",
    "LegalBasisCited",
    "LegalBasisNormalised",
    "LibraryCreated",
    "MetricRequired",
    "MonitoringReported",
    "OutreachHeld",
    "OversightArrangementAdopted",
    "PanelModelLaunched",
    "PlanAdopted",
    "PolicyAdopted",
    "PolicyChangeProposed",
    "PolicyShared",
    "PolicyVersioned",
    "PostAdvertised",
    "PracticeRecorded",
    "PriorityDeclared",
    "ProductReviewed",
    "ProgrammeEvaluated",
    "ProgrammeStarted",
    "PsdReplyToPanel",
    "PublicationChecked",
    "ResourceRequested",
    "RiskMeetingHeld",
    "SafeguardApplied",
    "StandardReferenced",
    "SurveyReported",
    "ThreatAssessmentAdopted",
    "TrainingDelivered",
    "TrainingEvaluated",
    "TrainingGapFound",
    "VettingCaseDecided",
    "VettingCaseOpened",
    "WorkshopHeld",
];

/// Facts whose plain text says no more than that they are: what they are about is sealed.
pub const SENSITIVE: &[&str] = &[
    "AdviceGiven",
    "MonitoringReported",
    "RiskMeetingHeld",
    "ThreatAssessmentAdopted",
    "VettingCaseDecided",
];

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ScrutinyFactRecorded = case.body()?;
    let word = body.fact.as_str();
    if WORDS.binary_search(&word).is_err() {
        return unknown(word);
    }
    if SENSITIVE.contains(&word) && case.statement.marking != Marking::OfficialSensitive {
        return refuse(Code::Marking, format!("{word} is marked official-sensitive"));
    }
    Ok(())
}

fn unknown(word: &str) -> Result<(), Refusal> {
    if let Some(kind) = Vocabulary::get().kind(word) {
        return refuse(
            Code::UnknownFact,
            format!("{word} is a kind of its own, \"{}\", and not a fact", kind.title),
        );
    }
    match nearest_word(word, WORDS.iter().copied()) {
        Some(near) => refuse(Code::UnknownFact, format!("no fact is called {word:?}; did you mean {near}?")),
        None => refuse(Code::UnknownFact, format!("no fact is called {word:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order_and_none_is_a_kind() {
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        for word in WORDS {
            assert!(Vocabulary::get().kind(word).is_none(), "{word}");
        }
        assert!(SENSITIVE.iter().all(|word| WORDS.binary_search(word).is_ok()));
    }
}
