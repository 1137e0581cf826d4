//! Whose month a file is, by the name that its publisher gave it.

/// The month and the force that a file's name says: `2024-06-cambridgeshire-stop-and-search.csv`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// "2024-06"; empty when the name says none.
    pub month: String,
    /// "cambridgeshire", as the publisher spells it; empty when the name says none.
    pub force: String,
}

/// Reads a file's name. A name that follows no known pattern says nothing.
#[must_use]
pub fn named(file_name: &str) -> Named {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let Some((month, rest)) = stem.split_at_checked("2024-06".len()) else { return Named::default() };
    if !is_month(month) {
        return Named::default();
    }
    let force = rest.strip_prefix('-').and_then(|rest| rest.strip_suffix("-stop-and-search"));
    Named { month: month.to_owned(), force: force.unwrap_or_default().to_owned() }
}

/// "2024-06": four digits, a month from 01 to 12.
#[must_use]
pub fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else { return false };
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    digits(year, 4) && digits(month, 2) && (1..=12).contains(&month.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_name_says_month_and_force() {
        for (name, month, force) in [
            ("2024-06-cambridgeshire-stop-and-search.csv", "2024-06", "cambridgeshire"),
            ("2023-01-avon-and-somerset-stop-and-search.csv", "2023-01", "avon-and-somerset"),
            ("2024-09.json", "2024-09", ""),
            ("2024-13-kent-stop-and-search.csv", "", ""),
            ("searches.csv", "", ""),
            ("2024-0é-kent.csv", "", ""),
        ] {
            let expected = Named { month: month.to_owned(), force: force.to_owned() };
            assert_eq!(named(name), expected, "{name}");
        }
    }
}
