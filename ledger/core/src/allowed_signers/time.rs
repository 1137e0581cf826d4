//! Times as `allowed_signers` files write them: `20240229235959Z`, always in UTC.

use super::LineProblem;

const SECONDS_PER_DAY: u64 = 86_400;

/// The first second of the year 10000, which four digits cannot say.
const YEAR_10000: u64 = 253_402_300_800;

/// Writes a moment, in seconds since the Unix epoch; `None` when ssh-keygen would not read it back.
pub(super) fn write(moment: u64) -> Option<String> {
    // 0 is OpenSSH's own mark for "no time given"; it refuses it.
    if moment == 0 || moment >= YEAR_10000 {
        return None;
    }
    let (year, month, day) = civil(moment / SECONDS_PER_DAY);
    let second = moment % SECONDS_PER_DAY;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    Some(format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{:02}Z", second % 60))
}

/// Reads `YYYYMMDDZ`, `YYYYMMDDHHMMZ` or `YYYYMMDDHHMMSSZ`.
pub(super) fn read(text: &str) -> Result<u64, LineProblem> {
    let wrong = || LineProblem::Time(text.to_owned());
    let digits = text.strip_suffix('Z').unwrap_or(text);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    if digits.len() == text.len() {
        return Err(LineProblem::LocalTime(text.to_owned()));
    }
    let field = |from: usize, to: usize| digits.get(from..to).map_or(Ok(0), str::parse::<u64>);
    let number = |from, to| field(from, to).map_err(|_| wrong());
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(wrong());
    }
    let days = days_since_epoch(number(0, 4)?, number(4, 6)?, number(6, 8)?).ok_or_else(wrong)?;
    match days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second {
        0 => Err(wrong()),
        moment => Ok(moment),
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Leap days from year 1 to the end of `year`.
fn leap_days(year: u64) -> u64 {
    year / 4 - year / 100 + year / 400
}

fn days_before_year(year: u64) -> u64 {
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
}

fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    Some(days_before_year(year) + (1..month).map(|m| days_in(year, m)).sum::<u64>() + day - 1)
}

fn civil(days: u64) -> (u64, u64, u64) {
    // No year is longer than 366 days, so this is the year or a little before it.
    let mut year = 1970 + days / 366;
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let mut day = days - days_before_year(year);
    let mut month = 1;
    while day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_moments_are_written_as_date_prints_them() {
        // `date -u -d @N +%Y%m%d%H%M%SZ`
        for (moment, text) in [
            (1, "19700101000001Z"),
            (951_782_399, "20000228235959Z"),
            (951_782_400, "20000229000000Z"),
            (1_709_251_199, "20240229235959Z"),
            (4_107_542_400, "21000301000000Z"),
            (253_402_300_799, "99991231235959Z"),
        ] {
            assert_eq!(write(moment).as_deref(), Some(text));
            assert_eq!(read(text), Ok(moment));
        }
        assert_eq!(write(0), None);
        assert_eq!(write(YEAR_10000), None);
    }

    #[test]
    fn a_time_is_read_strictly() {
        assert_eq!(read("20240101Z"), read("20240101000000Z"));
        assert_eq!(read("202401011230Z"), read("20240101123000Z"));
        assert_eq!(read("20240101"), Err(LineProblem::LocalTime("20240101".to_owned())));
        for bad in ["", "Z", "2024Z", "20230229Z", "21000229Z", "20241301Z", "20240100Z", "20240101240000Z"] {
            assert_eq!(read(bad), Err(LineProblem::Time(bad.to_owned())), "{bad}");
        }
        for bad in ["20240101006000Z", "20240101000060Z", "19700101Z", "19691231Z", "+2024101Z", "20240101z"]
        {
            assert_eq!(read(bad), Err(LineProblem::Time(bad.to_owned())), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn roundtrip_of_a_moment(moment in 1..YEAR_10000) {
            prop_assert_eq!(read(&write(moment).expect("in range")), Ok(moment));
        }
    }
}
