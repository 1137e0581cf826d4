//! The closed lists that figures are broken down by, and the words that fall under each.
//!
//! A word that no table knows is counted as "Unrecognised" and stays in its record as it was written; nothing
//! said is "Not stated". Neither is ever taken for something else.

use imports::codes;
use scrutiny_proto::review::v1::{StopSearchRecorded, TacticKind, TaserUse};

/// Something that figures are broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The person's own words; where they say nothing, the officer's.
    Ethnicity,
    /// Whose words the ethnicity rests on.
    Basis,
    /// What was searched for.
    Purpose,
    /// Person, vehicle or both.
    SearchType,
    /// What came of it.
    Outcome,
    /// Age range.
    Age,
    /// Gender.
    Gender,
    /// What force was used.
    Tactic,
    /// How far a Taser was used, the highest.
    TaserUse,
    /// The officer's unit.
    Unit,
    /// Who reviewed.
    Level,
}

pub(super) const NOT_STATED: &str = "Not stated";
pub(super) const UNRECOGNISED: &str = "Unrecognised";

const ETHNICITIES: &[&str] = &["White", "Mixed", "Asian", "Black", "Other", NOT_STATED, UNRECOGNISED];
const BASES: &[&str] = &["Self-defined", "Officer-defined", "Neither"];
const PURPOSES: &[&str] = &[
    "Drugs, possession",
    "Drugs, supply",
    "Drugs, not said which",
    "Weapons",
    "Stolen goods",
    "Other",
    NOT_STATED,
    UNRECOGNISED,
];
const SEARCH_TYPES: &[&str] =
    &["Person search", "Vehicle search", "Person and Vehicle search", NOT_STATED, UNRECOGNISED];
/// By the codes of the dated table, which puts old and new names together.
const OUTCOMES: &[(&str, &str)] = &[
    ("arrest", "Arrest"),
    ("summons", "Summons or charge by post"),
    ("caution", "Caution"),
    ("community-resolution", "Community resolution"),
    ("penalty-notice", "Penalty notice"),
    ("drugs-warning", "Khat or cannabis warning"),
    ("article-found", "Article found, outcome unavailable"),
    ("substances-seized", "Substances seized, no further action"),
    ("no-further-action", "No further action"),
    ("", NOT_STATED),
    ("", UNRECOGNISED),
];
const OUTCOME_WORDS: &[&str] = &[
    OUTCOMES[0].1,
    OUTCOMES[1].1,
    OUTCOMES[2].1,
    OUTCOMES[3].1,
    OUTCOMES[4].1,
    OUTCOMES[5].1,
    OUTCOMES[6].1,
    OUTCOMES[7].1,
    OUTCOMES[8].1,
    OUTCOMES[9].1,
    OUTCOMES[10].1,
];
/// The code of "No further action": nothing came of it.
pub(super) const NO_FURTHER_ACTION: u8 = 8;
const AGES: &[&str] = &["under 10", "10-17", "18-24", "25-34", "over 34", NOT_STATED, UNRECOGNISED];
const GENDERS: &[&str] = &["Male", "Female", "Other", NOT_STATED, UNRECOGNISED];
const TACTICS: &[&str] = &[
    "Handcuffing, compliant",
    "Handcuffing, non-compliant",
    "Limb or body restraint",
    "Ground restraint",
    "Unarmed skills",
    "Baton",
    "Irritant spray",
    "Spit guard",
    "Shield",
    "Taser",
    "Energy projectile",
    "Firearm",
    "Dog",
    "Other",
    UNRECOGNISED,
];
const TASER_USES: &[&str] =
    &["Drawn", "Aimed", "Arced", "Red dot", "Drive stun", "Angled drive stun", "Fired", "No Taser"];
const UNITS: &[&str] = &["Force", "Joint unit"];
/// As the streams of reviews name them.
pub(super) const LEVELS: &[&str] =
    &["self", "supervisor", "irg", "rgrg", "taser_tl", "taser_ttt", "jps", "superintendent", "panel"];

impl Dimension {
    /// Its name, as cells are named by it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ethnicity => "ethnicity",
            Self::Basis => "basis",
            Self::Purpose => "purpose",
            Self::SearchType => "search-type",
            Self::Outcome => "outcome",
            Self::Age => "age",
            Self::Gender => "gender",
            Self::Tactic => "tactic",
            Self::TaserUse => "taser-use",
            Self::Unit => "unit",
            Self::Level => "level",
        }
    }

    /// The heading of its column.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Ethnicity => "Ethnicity",
            Self::Basis => "Ethnicity rests on",
            Self::Purpose => "Searched for",
            Self::SearchType => "Search type",
            Self::Outcome => "Outcome",
            Self::Age => "Age",
            Self::Gender => "Gender",
            Self::Tactic => "Tactic",
            Self::TaserUse => "Taser use",
            Self::Unit => "Unit",
            Self::Level => "Review level",
        }
    }

    /// Everything that it can be, in the order of tables.
    #[must_use]
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::Ethnicity => ETHNICITIES,
            Self::Basis => BASES,
            Self::Purpose => PURPOSES,
            Self::SearchType => SEARCH_TYPES,
            Self::Outcome => OUTCOME_WORDS,
            Self::Age => AGES,
            Self::Gender => GENDERS,
            Self::Tactic => TACTICS,
            Self::TaserUse => TASER_USES,
            Self::Unit => UNITS,
            Self::Level => LEVELS,
        }
    }

    pub(super) fn code(self, value: &str) -> u8 {
        place(self.values(), value)
    }
}

fn place(values: &[&str], value: &str) -> u8 {
    let at = values.iter().position(|v| *v == value).unwrap_or(values.len().saturating_sub(1));
    u8::try_from(at).unwrap_or(u8::MAX)
}

/// Words that stand in a list as they are; nothing said is not stated.
fn listed(values: &[&str], words: &str) -> u8 {
    place(values, if words.is_empty() { NOT_STATED } else { words })
}

/// What the words and codes of one search say, on their way to a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Said<'a> {
    pub(super) sde_code: &'a str,
    pub(super) sde_words: &'a str,
    pub(super) ode_code: &'a str,
    pub(super) ode_words: &'a str,
}

impl Said<'_> {
    /// The group, and whose words it rests on.
    pub(super) fn ethnicity(&self) -> (u8, u8) {
        let group = |value: &str| Dimension::Ethnicity.code(value);
        let basis = |value: &str| Dimension::Basis.code(value);
        match self.self_defined() {
            Some(found) if found != NOT_STATED => return (group(found), basis("Self-defined")),
            _ => {}
        }
        match self.officer_defined() {
            Some(found) if found != NOT_STATED => (group(found), basis("Officer-defined")),
            _ => (group(NOT_STATED), basis("Neither")),
        }
    }

    /// Whether the person described themselves, in words or by code.
    pub(super) fn has_self_defined(&self) -> bool {
        self.self_defined().is_some_and(|found| found != NOT_STATED)
    }

    /// Whether the officer did.
    pub(super) fn has_officer_defined(&self) -> bool {
        !self.ode_code.is_empty() || !self.ode_words.is_empty()
    }

    fn self_defined(&self) -> Option<&'static str> {
        if self.sde_code.is_empty() && self.sde_words.is_empty() {
            return None;
        }
        let by_code = |list| codes::self_defined_code(list, self.sde_code);
        let found =
            by_code("18+1").or_else(|| by_code("16+1")).or_else(|| codes::self_defined(self.sde_words));
        // By the list in use now, as population figures group people: Chinese under Asian.
        let now = found.and_then(|f| codes::self_defined_code("18+1", &f.current).or(Some(f)));
        Some(now.map_or(UNRECOGNISED, |f| f.group.as_str()))
    }

    fn officer_defined(&self) -> Option<&'static str> {
        if !self.has_officer_defined() {
            return None;
        }
        let found = codes::officer_defined(self.ode_code).or_else(|| codes::officer_defined(self.ode_words));
        Some(found.map_or(UNRECOGNISED, |f| if f.group == "Unknown" { NOT_STATED } else { f.group.as_str() }))
    }
}

/// What was searched for. The public files say "Controlled drugs" for possession and supply alike; a force's own
/// record can say which by the codes of the inspectorate's expectation, `drugs_possession` and `drugs_supply`.
pub(super) fn purpose(object: &str) -> u8 {
    let words = match (object, codes::category(object)) {
        ("", _) => NOT_STATED,
        ("drugs_possession", _) => "Drugs, possession",
        ("drugs_supply", _) => "Drugs, supply",
        (_, Some("drugs")) => "Drugs, not said which",
        (_, Some("weapons")) => "Weapons",
        (_, Some("stolen")) => "Stolen goods",
        (_, Some(_)) => "Other",
        (_, None) => UNRECOGNISED,
    };
    place(PURPOSES, words)
}

pub(super) fn outcome(words: &str) -> u8 {
    match (words, codes::outcome(words)) {
        ("", _) => place(OUTCOME_WORDS, NOT_STATED),
        (_, Some(known)) => {
            let found = OUTCOMES.iter().find(|(code, _)| *code == known.code);
            place(OUTCOME_WORDS, found.map_or(UNRECOGNISED, |(_, words)| words))
        }
        (_, None) => place(OUTCOME_WORDS, UNRECOGNISED),
    }
}

pub(super) fn search_type(words: &str) -> u8 {
    listed(SEARCH_TYPES, words)
}

pub(super) fn age(words: &str) -> u8 {
    listed(AGES, words)
}

pub(super) fn gender(words: &str) -> u8 {
    listed(GENDERS, words)
}

pub(super) fn tactic(kind: TacticKind) -> u8 {
    u8::try_from(kind as i32 - 1).unwrap_or(14).min(14)
}

/// In rising order, so that the highest use is the largest. Fired is the highest: the probes left the weapon.
pub(super) fn taser_use(used: TaserUse) -> u8 {
    match used {
        TaserUse::Unspecified | TaserUse::Drawn => 0,
        TaserUse::Aimed => 1,
        TaserUse::Arced => 2,
        TaserUse::RedDot => 3,
        TaserUse::DriveStun => 4,
        TaserUse::AngledDriveStun => 5,
        TaserUse::Fired => 6,
    }
}
pub(super) const FIRED: u8 = 6;
pub(super) const NO_TASER: u8 = 7;

/// Ethnicity as a force's own record has it.
pub(super) fn own_ethnicity(record: &StopSearchRecorded) -> Said<'_> {
    Said {
        sde_code: &record.sde_code,
        sde_words: &record.self_defined_ethnicity,
        ode_code: &record.ode_code,
        ode_words: &record.officer_defined_ethnicity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sde: &str, ode: &str) -> (&'static str, &'static str) {
        let said = Said { sde_words: sde, ode_words: ode, ..Said::default() };
        let (group, basis) = said.ethnicity();
        (ETHNICITIES[usize::from(group)], BASES[usize::from(basis)])
    }

    #[test]
    fn what_the_person_said_comes_first_and_the_officer_s_view_only_where_they_said_nothing() {
        assert_eq!(of("Black/African/Caribbean/Black British - African", "White"), ("Black", "Self-defined"));
        assert_eq!(of("Other ethnic group - Not stated", "Asian"), ("Asian", "Officer-defined"));
        assert_eq!(of("", "White"), ("White", "Officer-defined"));
        assert_eq!(of("", ""), (NOT_STATED, "Neither"));
        assert_eq!(of("Martian", "White"), (UNRECOGNISED, "Self-defined"), "a word unknown is not overruled");
        // Chinese stood under "Other" in the older list; population figures have it under Asian.
        assert_eq!(of("Chinese or other ethnic group - Chinese (O1)", ""), ("Asian", "Self-defined"));
    }

    #[test]
    fn every_outcome_of_the_dated_table_has_its_place() {
        for words in ["Arrest", "Suspect arrested", "Local resolution", "A no further action disposal"] {
            let found = OUTCOME_WORDS[usize::from(outcome(words))];
            assert!(found != UNRECOGNISED && found != NOT_STATED, "{words}");
        }
        assert_eq!(OUTCOME_WORDS[usize::from(NO_FURTHER_ACTION)], "No further action");
        assert_eq!(OUTCOME_WORDS[usize::from(outcome(""))], NOT_STATED);
        assert_eq!(OUTCOME_WORDS[usize::from(outcome("Told off"))], UNRECOGNISED);
    }

    #[test]
    fn drugs_are_possession_or_supply_only_where_the_record_says_so() {
        assert_eq!(PURPOSES[usize::from(purpose("Controlled drugs"))], "Drugs, not said which");
        assert_eq!(PURPOSES[usize::from(purpose("drugs_possession"))], "Drugs, possession");
        assert_eq!(PURPOSES[usize::from(purpose("Offensive weapons"))], "Weapons");
        assert_eq!(PURPOSES[usize::from(purpose("A yacht"))], UNRECOGNISED);
    }
}
