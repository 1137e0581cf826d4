//! Why a statement is not recorded: a stable code, and a sentence for the person who signed it.

use std::fmt;

/// Why a statement may not be recorded. Nothing else changes when it is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {sentence}")]
pub struct Refusal {
    /// Which rule.
    pub code: Code,
    /// What was expected and what was found, in plain English.
    pub sentence: String,
}

/// Shorthand for the rules: a refusal under `code`.
pub(crate) fn refuse<T>(code: Code, sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, sentence: sentence.into() })
}

/// What the signer can do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The statement breaks a rule; signing it again changes nothing.
    Refused,
    /// The stream moved on. Look at what came between, decide again, sign again.
    Conflict,
}

impl Class {
    /// The command line's exit code: 6 for refused, 7 for a conflict.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 6,
            Self::Conflict => 7,
        }
    }
}

macro_rules! codes {
    ($($(#[$attr:meta])* $variant:ident = $text:literal, $class:ident, $explain:literal;)*) => {
        /// A stable name for a rule that can refuse a statement.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $explain] $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text that stands in refusal records: `"INV-02"`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The rule in one line.
            #[must_use]
            pub fn explain(self) -> &'static str {
                match self { $(Self::$variant => $explain,)* }
            }

            /// Whether the statement is refused for good or is in conflict with what came before.
            #[must_use]
            pub fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)* }
            }
        }
    };
}

codes! {
    Malformed = "MALFORMED", Refused, "A statement is a message in its one canonical encoding, within its bounds.";
    TooLong = "TOO-LONG", Refused, "A statement with its signatures must fit an entry.";
    Unsigned = "UNSIGNED", Refused, "Every signer named signs, and nobody else.";
    Signature = "SIGNATURE", Refused, "Every signature verifies over the statement's exact bytes, under the key named for it.";
    Addendum = "ADDENDUM", Refused, "Sealed content travels only with the statement that commits to it, and fits its bounds.";
    IdReused = "ID-REUSED", Conflict, "A statement id stands for one statement for ever.";
    Genesis = "GENESIS", Refused, "Entry 0, and only entry 0, founds the ledger, signed by two of the root keys it lists.";
    WrongLedger = "WRONG-LEDGER", Refused, "A statement is recorded only in the ledger it names.";
    UnknownKind = "UNKNOWN-KIND", Refused, "A kind must be a message of the vocabulary.";
    StreamMismatch = "STREAM-MISMATCH", Refused, "A statement's stream must follow its kind's pattern.";
    BodyMalformed = "BODY-MALFORMED", Refused, "The body must be its kind's message in canonical form, with every required field in its format.";
    SealedField = "SEALED-FIELD", Refused, "A sealed field stays empty in the body, and only sealed fields are committed to.";
    Occurred = "OCCURRED", Refused, "When it occurred must be well-formed for its precision and not lie in the future.";
    Inv38 = "INV-38", Refused, "What is entered more than a day after it happened says so: imported.";
    SignerTwice = "SIGNER-TWICE", Refused, "Each signature comes from a different key.";
    UnknownKey = "UNKNOWN-KEY", Refused, "Only enrolled keys sign.";
    KeyRevoked = "KEY-REVOKED", Refused, "A revoked or rotated key never signs again.";
    KeySuspended = "KEY-SUSPENDED", Refused, "A suspended key does not sign until it is reinstated.";
    RoleNotHeld = "ROLE-NOT-HELD", Refused, "A signer holds the role claimed, at the body claimed, on the day of recording (INV-11).";
    Acting = "ACTING", Refused, "An acting role holder signs as acting, and nobody else does (INV-11).";
    NotDelegated = "NOT-DELEGATED", Refused, "Signing on behalf of a role needs its living delegation for that body and kind.";
    Charter = "CHARTER", Refused, "The signers must form one of the sets that the charter in force names for the kind.";
    DocumentMissing = "DOCUMENT-MISSING", Refused, "An attested transcription names the document it was taken from.";
    Version = "VERSION", Conflict, "The stream must hold what the signers had seen.";
    AnyVersion = "ANY-VERSION", Refused, "Only kinds that commute may leave the version open.";
    CharterMalformed = "CHARTER-MALFORMED", Refused, "A charter names known kinds, known roles and sets that somebody can satisfy.";
    Lockout = "LOCKOUT", Refused, "The charter, the enrolment of keys and, once there are epochs, taking over must stay in somebody's hands.";
    KeyStream = "KEY-STREAM", Refused, "A key's stream carries that key's id.";
    KeyKnown = "KEY-KNOWN", Refused, "A key is enrolled once.";
    PossessionNotProved = "POSSESSION-NOT-PROVED", Refused, "A new key signs its own enrolment.";
    KeyState = "KEY-STATE", Refused, "A key goes from active to suspended, rotated or revoked; the last two are final.";
    RootNeeded = "ROOT-NEEDED", Refused, "Root keys and key administrators are changed by two root keys.";
    Inv35 = "INV-35", Refused, "Key administrators and root keys hold no other role, and nobody assigns a role to the key he signs with.";
    UnknownRole = "UNKNOWN-ROLE", Refused, "A role is one of the domain's, or one that the charter names.";
    RoleState = "ROLE-STATE", Refused, "An assignment is made once and ended once.";
    DelegationState = "DELEGATION-STATE", Refused, "A delegation is granted by its own role, for named kinds, and ended once.";
    RecorderRole = "RECORDER-ROLE", Refused, "A recorder's key holds the role REC and no other, and signs nothing but its own epochs.";
    EpochSigner = "EPOCH-SIGNER", Refused, "An epoch has one signature, in the role REC, by the very recorder that it names.";
    EpochNumber = "EPOCH-NUMBER", Refused, "Epochs are numbered without gaps; the recorder that founded the ledger wrote epoch 0.";
    EpochTail = "EPOCH-TAIL", Refused, "An epoch names the very entry that it was written after.";
    LogKeys = "LOG-KEYS", Refused, "An epoch names the log keys that the charter's rule demands: those in force, or its recorder's own, which two root keys authorised.";
    LogKeyAuthority = "LOG-KEY-AUTHORITY", Refused, "Log keys are authorised for a recorder's key in use: an Ed25519 and an ML-DSA-44 verifier key under the log's own name.";
    UnknownReport = "UNKNOWN-REPORT", Refused, "The report must be on the ledger.";
    UnknownFinding = "UNKNOWN-FINDING", Refused, "The finding must be on the ledger.";
    UnknownBody = "UNKNOWN-BODY", Refused, "The body must be registered.";
    BodyState = "BODY-STATE", Refused, "A body is part of another body, not of itself, and exists from before it ends.";
    Limb = "LIMB", Refused, "An obligation names a limb of its finding, or 0 where the finding is one; limbs that are owed stay.";
    Inv01 = "INV-01", Refused, "A response names an obligation that exists.";
    Inv02 = "INV-02", Refused, "Only the inspectorate, or two people attesting its document, closes or reopens an obligation.";
    Inv03 = "INV-03", Refused, "A closed obligation takes no answer and no progress until it is reopened.";
    Inv08 = "INV-08", Refused, "The local policing body itself signs its published response.";
    Inv12 = "INV-12", Refused, "A superseded obligation names its successor, and no other does.";
    Inv13 = "INV-13", Refused, "A carried-over grade names its cycle and was not inspected; an inspected one names none.";
    Inv14 = "INV-14", Refused, "A figure has a count, a population and a polarity, or is marked as a percentage only.";
    Inv30 = "INV-30", Refused, "A correction names the answer it corrects, and says why.";
    Inv15 = "INV-15", Refused, "Officers sign the review of their own record and no other; nobody reviews what they did, supervised, saw or stepped back from.";
    Inv16 = "INV-16", Refused, "The Internal Review Group reviews force from the written record and the footage, or after the footage was recorded as missing.";
    Inv17 = "INV-17", Refused, "A sample's frame and method come before its seed, what is drawn is what they give, and a review of it comes after.";
    Inv18 = "INV-18", Refused, "A person who declined to give their ethnicity is described by the officer.";
    Inv22 = "INV-22", Refused, "Ratings are by members of the panel who were trained before the session and are independent of the force.";
    Inv23 = "INV-23", Refused, "A lesson goes out after a second person has looked that no personal data is left in it.";
    Inv24 = "INV-24", Refused, "Severity is assessed by the appropriate authority in a conduct case and by the investigator in a complaint, never by the subject or a line manager.";
    Inv25 = "INV-25", Refused, "Misconduct is investigated: an investigator comes before the case to answer.";
    Inv26 = "INV-26", Refused, "Severity is revised only before proceedings start.";
    Inv28 = "INV-28", Refused, "An investigator is declared independent.";
    Inv29 = "INV-29", Refused, "A barred list report follows a dismissal, or the finding that there would have been one.";
    Inv31 = "INV-31", Refused, "Text that is not sealed holds nothing that identifies a person.";
    Inv33 = "INV-33", Refused, "What is under a legal hold or restricted is not erased.";
    Inv36 = "INV-36", Refused, "A submission keeps its digest from draft to receipt, and rests on entries that exist.";
    Inv39 = "INV-39", Refused, "To note a paper is not to approve it, and decides nothing.";
    Inv40 = "INV-40", Refused, "An item is received by the body it was forwarded to, once.";
    UnknownFact = "UNKNOWN-FACT", Refused, "A fact is called by a registered word.";
    Marking = "MARKING", Refused, "What professional standards record is marked official-sensitive.";
    Pseudonym = "PSEUDONYM", Refused, "A conduct case or a record is known by random digits, and a person in a record by 16 bytes, that say nothing about it.";
    CaseState = "CASE-STATE", Refused, "A conduct case takes its steps in order, by the body that decides it, until it is closed.";
    Referral = "REFERRAL", Refused, "A referral made names its ground and its two days; a determination names the mode.";
    Source = "SOURCE", Refused, "A source file is recorded once, before its rows, and each row once, as its bytes.";
    Record = "RECORD", Refused, "A record of a power is recorded once, says how far a Taser was used, and keeps words that are not recognised.";
    Footage = "FOOTAGE", Refused, "Footage is there, or it is missing for a reason.";
    Sample = "SAMPLE", Refused, "A sample has one frame, of records that are there, for a level that reviews samples, and is drawn once.";
    NotDrawn = "NOT-DRAWN", Refused, "A record is reviewed because it was drawn, or because its review is mandatory or asked for.";
    ReviewLevel = "REVIEW-LEVEL", Refused, "Each level of review has roles of its own.";
    ReviewState = "REVIEW-STATE", Refused, "A review is assigned, completed, and then told, acknowledged, taken further or corrected.";
    Learning = "LEARNING", Refused, "A lesson is issued once and taken on by the body that says so; the top three tips are three.";
    Panel = "PANEL", Refused, "A session is recorded once; each member rates a case of it once, and replies follow what the panel said.";
    Cadence = "CADENCE", Refused, "Months of a cadence are called by their names, and a month of its own is for what is annual.";
    Quality = "QUALITY", Refused, "An issue with data is raised, reviewed and resolved, and sums that agree are none.";
    Figures = "FIGURES", Refused, "Figures rest on entries that exist, and later ones say what they revise and why.";
    ActionState = "ACTION-STATE", Refused, "An action is allocated once, to a role, and ends when it is completed.";
    SubmissionState = "SUBMISSION-STATE", Refused, "A submission is prepared, approved by a chief officer, sent and acknowledged.";
    PublicationState = "PUBLICATION-STATE", Refused, "A publication has an address and a digest, is made once, and counts what it withholds.";
    MonitoringState = "MONITORING-STATE", Refused, "A force changes from one phase of monitoring to the other.";
    ClockState = "CLOCK-STATE", Refused, "Only a period that the law lets run longer is extended or paused, and before its end.";
    Speaker = "SPEAKER", Refused, "The words of an office holder are signed by that office.";
    HoldState = "HOLD-STATE", Refused, "A legal hold names what it covers, which is not erased yet, and is released once.";
    Restriction = "RESTRICTION", Refused, "What is restricted is not erased yet, and is restricted once and released once.";
    Privacy = "PRIVACY", Refused, "An act of privacy names statements by their ids and reasons by their codes.";
    Grade = "GRADE", Refused, "A grade is one of its scheme's.";
    NotAddressed = "NOT-ADDRESSED", Refused, "An obligation answered as not addressed moves on only by a correction or by the inspectorate.";
    ObligationExists = "OBLIGATION-EXISTS", Refused, "An obligation is created once.";
    ObligationState = "OBLIGATION-STATE", Refused, "Only an open obligation is closed, only a closed one reopened.";
    DateOrder = "DATE-ORDER", Refused, "What has been done was not done in the future, nor before what it answers.";
    UnknownPaper = "UNKNOWN-PAPER", Refused, "A meeting decides papers that were put before it.";
    LegalHold = "LEGAL-HOLD", Refused, "Nothing is erased before it was checked that no legal hold covers it.";
    Erasure = "ERASURE", Refused, "An erasure names digests of 32 bytes, each erased once.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_explained_in_a_sentence() {
        let texts: BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.explain().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn only_a_version_that_moved_on_and_an_id_used_twice_are_conflicts() {
        let conflicts: Vec<_> = Code::ALL.iter().filter(|c| c.class() == Class::Conflict).collect();
        assert_eq!(conflicts, [&Code::IdReused, &Code::Version]);
        assert_eq!((Class::Refused.exit_code(), Class::Conflict.exit_code()), (6, 7));
    }
}
