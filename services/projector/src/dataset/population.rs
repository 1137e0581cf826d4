//! How many people live in a force's area, by ethnic group and census.
//!
//! The project carries the census of 2011 for England and Wales (`data/census-2011-ethnic-groups.csv`). Whoever
//! has later figures gives them as a file of the same columns; a submission keeps the file it was made with.

use std::collections::BTreeMap;

/// The groups that population figures have; the first is what others are compared with.
pub const GROUPS: [&str; 5] = ["White", "Mixed", "Asian", "Black", "Other"];

const HEADINGS: &str = "year,force,area,all,White,Mixed,Asian,Black,Other";
const CENSUS_2011: &str = include_str!("../../data/census-2011-ethnic-groups.csv");
/// Lines of a file at most: every force of every census since 1991, ten times over.
const MAX_LINES: usize = 5_000;

/// Residents by force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// The file it was read from, byte for byte.
    pub file: String,
    forces: BTreeMap<String, Residents>,
}

/// Residents of one force's area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residents {
    /// The census or the year that the estimate is for.
    pub year: String,
    /// In the order of [`GROUPS`].
    pub groups: [u64; 5],
}

/// Why a file of residents is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PopulationError {
    /// Its first line that is no comment names other columns.
    #[error("the first line that opens with no # must be {HEADINGS:?}")]
    Headings,
    /// A line does not read.
    #[error("line {line}: {problem}")]
    Line {
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

impl Population {
    /// The census of 2011.
    #[must_use]
    pub fn census_2011() -> Self {
        Self::parse(CENSUS_2011).expect("a test reads the file that the project carries")
    }

    /// Reads a file of residents. Lines that open with # are its source and its licence.
    ///
    /// # Errors
    /// Says which line is wrong. Groups must add up to all.
    pub fn parse(file: &str) -> Result<Self, PopulationError> {
        let mut lines =
            (1..).zip(file.lines()).filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        if lines.next().is_none_or(|(_, line)| line.trim_end() != HEADINGS) {
            return Err(PopulationError::Headings);
        }
        let mut forces = BTreeMap::new();
        for (line, text) in lines {
            let wrong = |problem: &str| PopulationError::Line { line, problem: problem.to_owned() };
            if forces.len() >= MAX_LINES {
                return Err(wrong("there are more lines than any census has forces"));
            }
            let cells: Vec<_> = text.trim_end().split(',').collect();
            let [year, force, _area, all, groups @ ..] = cells.as_slice() else {
                return Err(wrong("it has too few cells"));
            };
            let number =
                |text: &&str| text.parse::<u64>().map_err(|_| wrong(&format!("{text:?} is no count")));
            let counts = groups.iter().map(number).collect::<Result<Vec<_>, _>>()?;
            let groups: [u64; 5] = counts.try_into().map_err(|_| wrong("it has not nine cells"))?;
            let sum = groups.iter().try_fold(0, |sum: u64, group| sum.checked_add(*group));
            if sum != Some(number(all)?) {
                return Err(wrong("its groups do not add up to all"));
            }
            let residents = Residents { year: (*year).to_owned(), groups };
            if forces.insert((*force).to_owned(), residents).is_some() {
                return Err(wrong("the force is there twice"));
            }
        }
        Ok(Self { file: file.to_owned(), forces })
    }

    /// Residents of a force's area.
    #[must_use]
    pub fn of(&self, force: &str) -> Option<&Residents> {
        self.forces.get(force)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_census_that_the_project_carries_has_43_forces_and_56_million_people() {
        let census = Population::census_2011();
        assert_eq!(census.forces.len(), 43);
        let all: u64 = census.forces.values().flat_map(|r| r.groups).sum();
        assert_eq!(all, 56_075_912);
        assert_eq!(census.of("cambridgeshire").unwrap().groups, [726_531, 16_029, 47_130, 10_174, 4_977]);
    }

    #[test]
    fn a_file_says_which_line_is_wrong() {
        let parse = |rows: &str| {
            Population::parse(&format!("# a source\n{HEADINGS}\n{rows}")).unwrap_err().to_string()
        };
        assert_eq!(parse("2021,kent,x,6,1,1,1,1,1"), "line 3: its groups do not add up to all");
        assert_eq!(
            parse("2021,kent,x,5,1,1,1,1,1\n2021,kent,x,5,1,1,1,1,1"),
            "line 4: the force is there twice"
        );
        // Two halves of all there is, and one more: the sum begins again at 1.
        let over = format!("2021,kent,x,1,{0},{0},3,0,0", u64::MAX / 2);
        assert_eq!(parse(&over), "line 3: its groups do not add up to all");
        assert_eq!(parse("2021,kent,x,many,1,1,1,1,1"), "line 3: \"many\" is no count");
        assert!(matches!(Population::parse("a,b"), Err(PopulationError::Headings)));
    }
}
