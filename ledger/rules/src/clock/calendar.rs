//! Working days in England and Wales: no Saturday, no Sunday, no bank holiday.
//!
//! The bank holidays are dated data with its source and the years it covers. Outside those years nobody can
//! say which days work, so nothing is said: [`NotCovered`], never a guess.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::civil::Day;

const LIST: &str = include_str!("../../data/bank-holidays-england-and-wales.txt");

/// First and last year whose bank holidays are all known.
pub const YEARS: (i16, i16) = (2017, 2027);

/// A day whose year the list of bank holidays does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot decide: {day} lies outside the bank holidays known for England and Wales, {first} to {last}",
    first = YEARS.0,
    last = YEARS.1
)]
pub struct NotCovered {
    /// The day.
    pub day: Day,
}

fn holidays() -> &'static BTreeMap<Day, &'static str> {
    static HOLIDAYS: OnceLock<BTreeMap<Day, &str>> = OnceLock::new();
    HOLIDAYS.get_or_init(|| {
        let lines = LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|line| {
                let (day, name) = line.split_once(' ').expect("a day, a space, a name");
                (day.parse().expect("a civil day"), name)
            })
            .collect()
    })
}

/// The bank holiday on this day, by name.
///
/// # Errors
/// When the list does not cover its year.
pub fn holiday(day: Day) -> Result<Option<&'static str>, NotCovered> {
    if (YEARS.0..=YEARS.1).contains(&day.year()) {
        Ok(holidays().get(&day).copied())
    } else {
        Err(NotCovered { day })
    }
}

/// Whether this is a working day.
///
/// # Errors
/// When the list does not cover its year; weekends need no list.
pub fn is_working(day: Day) -> Result<bool, NotCovered> {
    Ok(!day.is_weekend() && holiday(day)?.is_none())
}

/// The `count`-th working day on or after `first`, and the days left out on the way, with the reason.
///
/// # Errors
/// When the way leads out of the years covered.
pub fn nth_working(first: Day, count: u32) -> Result<(Day, Vec<String>), NotCovered> {
    let (mut day, mut left, mut skipped) = (first, count, Vec::new());
    loop {
        if day.is_weekend() {
            skipped.push(format!("{day} is a weekend"));
        } else if let Some(name) = holiday(day)? {
            skipped.push(format!("{day} is {name}"));
        } else {
            left = left.saturating_sub(1);
            if left == 0 {
                return Ok((day, skipped));
            }
        }
        day = day.plus(1);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn day(year: i16, month: i8, day: i8) -> Day {
        Day::new(year, month, day).unwrap()
    }

    /// The anonymous Gregorian computus.
    fn easter(year: i16) -> Day {
        let y = i32::from(year);
        let (a, b, c) = (y % 19, y / 100, y % 100);
        let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
        let h = (19 * a + b - d - (b - f + 1) / 3 + 15) % 30;
        let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
        let m = (a + 11 * h + 22 * l) / 451;
        let n = h + l - 7 * m + 114;
        day(year, i8::try_from(n / 31).unwrap(), i8::try_from(n % 31 + 1).unwrap())
    }

    fn monday_on_or_after(mut from: Day) -> Day {
        while from.weekday() != "Monday" {
            from = from.plus(1);
        }
        from
    }

    /// Where two days fall on a weekend, each moves to the next weekday that is free.
    fn moved(days: &[Day]) -> BTreeSet<Day> {
        let mut taken: BTreeSet<Day> = days.iter().copied().filter(|d| !d.is_weekend()).collect();
        for weekend in days.iter().filter(|d| d.is_weekend()) {
            let mut to = *weekend;
            while to.is_weekend() || taken.contains(&to) {
                to = to.plus(1);
            }
            taken.insert(to);
        }
        taken
    }

    #[test]
    fn the_list_is_the_statutory_pattern_and_the_days_that_were_proclaimed() {
        let proclaimed = |year: i16| match year {
            2020 => (vec![day(2020, 5, 4)], vec![day(2020, 5, 8)]),
            2022 => (vec![day(2022, 5, 30)], vec![day(2022, 6, 2), day(2022, 6, 3), day(2022, 9, 19)]),
            2023 => (vec![], vec![day(2023, 5, 8)]),
            _ => (vec![], vec![]),
        };
        for year in YEARS.0..=YEARS.1 {
            let mut expected = moved(&[day(year, 1, 1)]);
            expected.extend([easter(year).plus(-2), easter(year).plus(1)]);
            expected.extend([monday_on_or_after(day(year, 5, 1)), monday_on_or_after(day(year, 5, 25))]);
            expected.insert(monday_on_or_after(day(year, 8, 25)));
            expected.extend(moved(&[day(year, 12, 25), day(year, 12, 26)]));
            let (gone, added) = proclaimed(year);
            expected.retain(|d| !gone.contains(d));
            expected.extend(added);
            let listed: BTreeSet<Day> = holidays().keys().copied().filter(|d| d.year() == year).collect();
            assert_eq!(listed, expected, "{year}");
        }
        assert!(holidays().keys().all(|d| (YEARS.0..=YEARS.1).contains(&d.year()) && !d.is_weekend()));
    }

    #[test]
    fn outside_the_years_covered_nothing_is_decided() {
        assert_eq!(is_working(day(2028, 1, 5)), Err(NotCovered { day: day(2028, 1, 5) }));
        assert_eq!(is_working(day(2028, 1, 1)), Ok(false), "a Saturday needs no list");
        assert!(nth_working(day(2027, 12, 29), 5).is_err());
        let sentence = nth_working(day(2016, 12, 29), 2).unwrap_err().to_string();
        assert_eq!(
            sentence,
            "cannot decide: 2016-12-29 lies outside the bank holidays known for England and Wales, 2017 to 2027"
        );
    }
}
