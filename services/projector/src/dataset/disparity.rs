//! Rates against the population, and how many times one group's rate is another's.

use serde::Serialize;

use super::population::{GROUPS, Residents};
use super::words::{Dimension, NOT_STATED};
use crate::rate;
use crate::suppress::THRESHOLD;

/// A group with fewer residents has no rate: a handful of visitors would move it. A choice of this house, as no
/// source gives a number.
pub const SMALLEST_POPULATION: u64 = 1_000;

/// Counts by group with the population behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisparityView {
    /// The measure whose records are counted.
    pub measure: &'static str,
    /// What is counted.
    pub title: &'static str,
    /// The census or year of the population.
    pub population_year: String,
    /// One for each group.
    pub groups: Vec<Disparity>,
    /// Records of persons whose ethnicity nobody stated.
    pub not_stated: u64,
    /// Of so many records of persons.
    pub records: u64,
    /// Their share in percent.
    pub not_stated_percent: Option<String>,
    /// Records whose ethnicity is the officer's view, as the person said nothing.
    pub officer_defined: u64,
    /// What the figures do not say.
    pub caveat: &'static str,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disparity {
    /// The group.
    pub group: &'static str,
    /// Records.
    pub records: u64,
    /// Residents.
    pub population: u64,
    /// Records for each thousand residents in the period; null where withheld.
    pub per_thousand: Option<String>,
    /// How many times the rate of the first group; null where withheld.
    pub relative: Option<String>,
    /// Why there is no rate or ratio.
    pub withheld: Option<&'static str>,
}

/// Counts of persons by ethnicity: group and whether it is the officer's view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Persons {
    pub(super) by_group: [u64; 7],
    pub(super) officer_defined: u64,
}

impl DisparityView {
    pub(super) fn new(
        measure: &'static str,
        title: &'static str,
        caveat: &'static str,
        persons: &Persons,
        residents: &Residents,
    ) -> Self {
        let code = |group: &str| usize::from(Dimension::Ethnicity.code(group));
        let first = (persons.by_group[code(GROUPS[0])], residents.groups[0]);
        let groups = GROUPS
            .iter()
            .zip(residents.groups)
            .map(|(&group, population)| one(group, (persons.by_group[code(group)], population), first));
        let records = persons.by_group.iter().sum();
        let not_stated = persons.by_group[code(NOT_STATED)];
        Self {
            measure,
            title,
            population_year: residents.year.clone(),
            groups: groups.collect(),
            not_stated,
            records,
            not_stated_percent: rate::percent(not_stated, records),
            officer_defined: persons.officer_defined,
            caveat,
        }
    }
}

fn one(group: &'static str, (records, population): (u64, u64), first: (u64, u64)) -> Disparity {
    let small_group = population < SMALLEST_POPULATION;
    let withheld = match () {
        () if small_group => Some("fewer than 1,000 residents"),
        () if records < THRESHOLD => Some("fewer than 5 records"),
        () if first.0 < THRESHOLD => Some("fewer than 5 records of the group compared with"),
        () => None,
    };
    let own_rate = !small_group && records >= THRESHOLD;
    Disparity {
        group,
        records,
        population,
        per_thousand: if own_rate { rate::per_thousand(records, population) } else { None },
        relative: if withheld.is_none() { rate::relative((records, population), first) } else { None },
        withheld,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_ratio_with_a_small_cell_or_a_small_population() {
        let residents = Residents { year: "2011".to_owned(), groups: [10_000, 900, 1_000, 1_000, 2_000] };
        let persons = Persons { by_group: [100, 50, 58, 4, 20, 8, 0], officer_defined: 3 };
        let view = DisparityView::new("searches", "", "", &persons, &residents);
        let relative: Vec<_> = view.groups.iter().map(|g| g.relative.as_deref()).collect();
        assert_eq!(relative, [Some("1.0"), None, Some("5.8"), None, Some("1.0")]);
        assert_eq!(view.groups[3].per_thousand, None);
        assert_eq!(
            (view.not_stated, view.records, view.not_stated_percent.as_deref()),
            (8, 240, Some("3.3"))
        );

        let few_white = Persons { by_group: [4, 0, 58, 0, 0, 0, 0], officer_defined: 0 };
        let view = DisparityView::new("searches", "", "", &few_white, &residents);
        assert!(view.groups.iter().all(|g| g.relative.is_none()));
        assert_eq!(view.groups[2].per_thousand.as_deref(), Some("58.00"), "its own rate stands");
    }
}
