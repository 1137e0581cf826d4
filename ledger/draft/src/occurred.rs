//! When something happened, as precisely as somebody wrote it.

use jiff::Timestamp;
use jiff::civil::Date;
use ledger_core::statement::{Occurred, Precision};

/// Reads a value: its form says how precise it is.
pub(crate) fn read(value: &str, words: &str) -> Result<Occurred, String> {
    let (precision, value) = precision_of(value.trim()).ok_or_else(|| {
        format!(
            "must be a day (2021-02-26), month (2021-06), season (2022-autumn), year (2022), \
             instant (2021-04-13T09:30:00Z) or unknown; got {value:?}"
        )
    })?;
    Ok(Occurred { precision, value, words: words.to_owned() })
}

/// The instant `ms` milliseconds after the Unix epoch.
pub(crate) fn instant(ms: u64) -> Option<Occurred> {
    let at = Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()?;
    Some(Occurred { precision: Precision::Instant, value: at.to_string(), words: String::new() })
}

fn precision_of(value: &str) -> Option<(Precision, String)> {
    if value == "unknown" {
        return Some((Precision::Unknown, String::new()));
    }
    if value.contains('T') {
        // Kept in UTC, so that one instant has one form.
        return Some((Precision::Instant, value.parse::<Timestamp>().ok()?.to_string()));
    }
    let digits = |text: &str, n| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = value.split_once('-').unwrap_or((value, ""));
    let precision = match rest {
        _ if !digits(year, 4) => return None,
        "" if value.len() == 4 => Precision::Year,
        "spring" | "summer" | "autumn" | "winter" => Precision::Season,
        month if digits(month, 2) && (1..=12).contains(&month.parse::<u8>().ok()?) => Precision::Month,
        _ if value.len() == 10 && value.parse::<Date>().is_ok() => Precision::Day,
        _ => return None,
    };
    Some((precision, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_value_says_how_precise_it_is() {
        for (value, precision) in [
            ("2021-02-26", Precision::Day),
            ("2021-06", Precision::Month),
            ("2022-autumn", Precision::Season),
            ("2022", Precision::Year),
            ("2021-04-13T09:30:00Z", Precision::Instant),
        ] {
            let occurred = read(value, "").expect(value);
            assert_eq!((occurred.precision, occurred.value.as_str()), (precision, value));
        }
        assert_eq!(read("2021-04-13T10:30:00+01:00", "").map(|o| o.value), Ok("2021-04-13T09:30:00Z".into()));
        assert_eq!(read("unknown", "as soon as practicable").map(|o| o.value), Ok(String::new()));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in ["", "2021-", "2021-13", "2021-02-30", "26/02/2021", "2022-fall", "22", "2021-04-13T09:30"]
        {
            assert!(read(bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn now_is_an_instant_that_reads_back() {
        let now = instant(1_618_306_200_123).expect("in range");
        assert_eq!(now.value, "2021-04-13T09:30:00.123Z");
        assert_eq!(read(&now.value, ""), Ok(now));
    }
}
