//! The rules by name: what each says, and where it stands.

use std::fmt;
use std::str::FromStr;

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $words:literal, $source:literal;)*) => {
        /// A rule that makes a date.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[doc = $doc])* $variant,)* }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name: `"R1"`, `"R14-18"`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it says.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$variant => $words,)* }
            }

            /// Where it stands, and how sure that is.
            #[must_use]
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)* }
            }
        }
    };
}

rules! {
    /// The local policing body's comments.
    R1 = "R1", "comments are published before the end of the period of 56 days beginning with the day on which the report is published", "Police Act 1996 s.55(5A)";
    /// The same in everyday counting, to be shown beside it.
    R1b = "R1b", "56 days later, as everyday counting has it: for display, not for a verdict", "convention of this ledger";
    /// Copies of what was published.
    R2 = "R2", "a copy of every document published goes to the inspectors and to the Secretary of State; no day is set, and a copy not sent after 7 days is worth a warning", "Police Act 1996 s.55(6); the 7 days are a convention of this ledger";
    /// "By July 2021".
    R3 = "R3", "by a month: its last day; read strictly, the last day of the month before", "convention of this ledger";
    /// "With immediate effect".
    R4 = "R4", "with immediate effect: the day of the document", "convention of this ledger";
    /// "from June 2021".
    R5 = "R5", "from a month: begun by its last day", "convention of this ledger";
    /// "as soon as practicable".
    R6 = "R6", "as soon as possible, or ongoing: no date, looked at again every 90 days", "convention of this ledger";
    /// "Autumn of 2022".
    R7 = "R7", "a season or a year: its last day; seasons are the meteorological ones", "convention of this ledger";
    /// A cadence.
    R8 = "R8", "a cadence: the next is expected by the end of the month that the cadence reaches", "convention of this ledger";
    /// A review within some days.
    R9 = "R9", "a review within a number of days that is configured; no source gives one", "convention of this ledger";
    /// A return.
    R10 = "R10", "a return is due on the day that its template's calendar says", "the template's own calendar";
    /// Barred and advisory list reports.
    R11 = "R11", "reported before the end of 5 working days beginning with the day of the dismissal, finding or event", "SI 2017/1135 regs 3 and 12";
    /// Mandatory referral.
    R12 = "R12", "referred without delay, and not later than the end of the day following the day on which it becomes clear that it must be", "SI 2020/2 regs 4, 7 and 9";
    /// A recommendation of the Independent Office.
    R13 = "R13", "answered before the end of the period of 56 days beginning with the day on which the recommendation is made; extended on an application made before the end, paused by judicial review; published within 21 days", "Police Reform Act 2002 Sch 3 para 28B";
    /// Progress of an investigation.
    R14Progress = "R14-17", "progress is notified every 4 weeks", "Police (Conduct) Regulations 2020 reg 17(7); the day it runs from is not checked";
    /// The subject's answer to the written notice.
    R14Answer = "R14-18", "answered within 10 working days after the day of the notice", "Police (Conduct) Regulations 2020 reg 18; that the period starts with the first working day after the notice is inferred from SI 2015/25 reg 20(1)";
    /// The report on timeliness.
    R14Timeliness = "R14-19", "reported to the local policing body, as soon as practicable, when not completed within 12 months beginning with the day on which the allegation came to the attention of the appropriate authority, nor within each 6 months after that", "Police (Conduct) Regulations 2020 (SI 2020/4) reg 19";
    /// Case to answer.
    R14CaseToAnswer = "R14-23", "a further duty arises when the case to answer is not determined within 15 working days after the report", "Police (Conduct) Regulations 2020 reg 23(11); the text at hand breaks off";
}

/// A name that no rule has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rule is called {0:?}; there are {all}", all = names())]
pub struct NoRule(pub String);

fn names() -> String {
    Rule::ALL.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Rule {
    type Err = NoRule;
    fn from_str(text: &str) -> Result<Self, NoRule> {
        let found = Self::ALL.iter().find(|rule| rule.as_str().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| NoRule(text.to_owned()))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
