//! A table as a file shows it: cells in rows, before anybody asks what they mean.

/// A table's name and its rows, empty ones left out.
pub(super) struct Grid {
    pub(super) name: String,
    pub(super) rows: Vec<GridRow>,
}

pub(super) struct GridRow {
    /// As the program that shows the file counts, 1-based.
    pub(super) number: u64,
    /// Cells that say something, by their column, 0-based.
    pub(super) cells: Vec<(usize, Raw)>,
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) text: String,
    /// A number with a fraction: nobody can tell 1.1 from 1.10.
    pub(super) fraction: bool,
}

impl Raw {
    pub(super) fn text(text: &str) -> Self {
        Self { text: text.trim().to_owned(), fraction: false }
    }
}

/// The letters of a column, 0-based: A, B, ..., Z, AA.
pub(super) fn letters(column: usize) -> String {
    let mut left = column + 1;
    let mut text = String::new();
    while left > 0 {
        let digit = (left - 1) % 26;
        text.insert(0, char::from(b'A' + u8::try_from(digit).expect("a rest below 26 fits")));
        left = (left - 1) / 26;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn columns_are_lettered_as_a_spreadsheet_does() {
        let named = [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")];
        for (column, name) in named {
            assert_eq!(letters(column), name);
        }
    }
}
