//! Percentages, intervals, rates and ratios, the same digits on every machine.
//!
//! A number here never stands alone: whoever shows one shows the counts beside it. All but the interval is
//! whole-number arithmetic, rounded half up in the last digit shown. The interval uses only operations that
//! IEEE 754 rounds exactly (`+ - * / sqrt`), so it too is the same everywhere.

/// Percent of `count` in `population` with one decimal: "51.9"; none where there is nothing to count in.
#[must_use]
pub fn percent(count: u64, population: u64) -> Option<String> {
    tenths(count, population).map(|t| show_tenths(i64::from(t)))
}

/// Percent of `count` in `population`, in tenths.
#[must_use]
pub fn tenths(count: u64, population: u64) -> Option<u32> {
    let of = rounded(u128::from(count) * 1000, u128::from(population))?;
    u32::try_from(of).ok()
}

/// So many for each thousand, with two decimals: searches in a population.
#[must_use]
pub fn per_thousand(count: u64, population: u64) -> Option<String> {
    rounded(u128::from(count) * 100_000, u128::from(population)).map(show_hundredths)
}

/// How many times the rate of one group is that of another, with one decimal:
/// `(count / population) / (other_count / other_population)`.
#[must_use]
pub fn relative(
    (count, population): (u64, u64),
    (other_count, other_population): (u64, u64),
) -> Option<String> {
    let above = u128::from(count) * u128::from(other_population) * 10;
    let below = u128::from(population) * u128::from(other_count);
    rounded(above, below).map(|t| format!("{}.{}", t / 10, t % 10))
}

/// Tenths as text, signed where below nothing: "-13.4".
#[must_use]
pub fn show_tenths(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10)
}

/// E. B. Wilson's score interval with z = 1.96, as percent with one decimal each; none for no population.
#[must_use]
pub fn wilson_95(count: u64, population: u64) -> Option<(String, String)> {
    const Z: f64 = 1.96;
    if population == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody counts past 2^53")]
    let (count, n) = (count as f64, population as f64);
    let share = count / n;
    let centre = share + Z * Z / (2.0 * n);
    let margin = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
    let scale = 1.0 + Z * Z / n;
    let show = |x: f64| format!("{:.1}", (x / scale * 100.0).clamp(0.0, 100.0));
    Some((show(centre - margin), show(centre + margin)))
}

fn rounded(above: u128, below: u128) -> Option<u128> {
    (below > 0).then(|| (above * 2 + below) / (2 * below))
}

fn show_hundredths(hundredths: u128) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ninety_one_of_a_hundred_is_91_0_between_83_8_and_95_2() {
        assert_eq!(percent(91, 100).as_deref(), Some("91.0"));
        assert_eq!(wilson_95(91, 100), Some(("83.8".to_owned(), "95.2".to_owned())));
        assert_eq!(percent(94, 213).as_deref(), Some("44.1"));
    }

    #[test]
    fn rates_and_ratios_come_out_to_the_digit() {
        assert_eq!(per_thousand(1234, 800_000).as_deref(), Some("1.54"));
        assert_eq!(per_thousand(1, 8).as_deref(), Some("125.00"));
        // 58 of 1,000 against 100 of 10,000: 5.8 times.
        assert_eq!(relative((58, 1000), (100, 10_000)).as_deref(), Some("5.8"));
        assert_eq!(relative((5, 100), (0, 100)), None);
        assert_eq!((percent(0, 0), wilson_95(0, 0), per_thousand(1, 0)), (None, None, None));
        assert_eq!(show_tenths(-134), "-13.4");
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_percentage(population in 1_u64..100_000, share in 0.0_f64..=1.0) {
            let count = (population as f64 * share) as u64;
            let of = |text: &str| text.parse::<f64>().expect("a number");
            let (lower, upper) = wilson_95(count, population).expect("there is a population");
            let percent = of(&percent(count, population).expect("there is a population"));
            prop_assert!(of(&lower) <= percent && percent <= of(&upper), "{lower} {percent} {upper}");
        }
    }
}
