//! Lines of comma-separated values (RFC 4180): where rows end, and what stands in them.
//!
//! A value in quotation marks may hold commas, line ends, and quotation marks written twice. A row ends with
//! `\r\n`, `\n` or `\r`, or with the file; empty lines belong to the row before them.

use std::borrow::Cow;

use crate::search::{Search, YesNo};
use crate::source::{LineEnds, ReadError, RowError, without_mark};

/// The columns of the public file, in its order (data.police.uk, since December 2014).
pub const COLUMNS: [&str; 15] = [
    "Type",
    "Date",
    "Part of a policing operation",
    "Policing operation",
    "Latitude",
    "Longitude",
    "Gender",
    "Age range",
    "Self-defined ethnicity",
    "Officer-defined ethnicity",
    "Legislation",
    "Object of search",
    "Outcome",
    "Outcome linked to object of search",
    "Removal of more than just outer clothing",
];

/// Where the first row begins, and where each row ends, of a file with the public columns.
pub(crate) fn cut(bytes: &[u8]) -> Result<(usize, Vec<usize>), ReadError> {
    cut_with(bytes, check_columns)
}

/// The same of a file with any columns, two of them at least.
pub(crate) fn cut_table(bytes: &[u8]) -> Result<(usize, Vec<usize>), ReadError> {
    cut_with(bytes, |named| match named {
        [only] => Err(ReadError::Shape { begins: String::from_utf8_lossy(only).chars().take(40).collect() }),
        _ => Ok(()),
    })
}

fn cut_with(
    bytes: &[u8],
    check: impl Fn(&[Cow<'_, [u8]>]) -> Result<(), ReadError>,
) -> Result<(usize, Vec<usize>), ReadError> {
    let mark = bytes.len() - without_mark(bytes).len();
    let mut lines = Lines { bytes, at: mark, line: 1 };
    lines.skip_blank();
    let head = lines.next_row(0)?;
    let named = fields(&bytes[head.start..head.content]);
    check(&named)?;
    let expected = named.len();
    let (first, mut ends) = (lines.at, Vec::new());
    while lines.at < bytes.len() {
        let row = ends.len() as u64 + 1;
        let line = lines.line;
        let found = lines.next_row(row)?;
        let got = found.values;
        if got != expected {
            return Err(ReadError::RowColumns { row, line, got, expected });
        }
        ends.push(lines.at);
    }
    Ok((first, ends))
}

fn check_columns(named: &[Cow<'_, [u8]>]) -> Result<(), ReadError> {
    let named: Vec<Cow<'_, str>> = named.iter().map(|name| String::from_utf8_lossy(name)).collect();
    if named.iter().eq(COLUMNS.iter()) {
        return Ok(());
    }
    if named.len() == 1 && !named[0].contains("Type") {
        return Err(ReadError::Shape { begins: named[0].chars().take(40).collect() });
    }
    let missing = COLUMNS.iter().filter(|c| !named.iter().any(|n| n == *c));
    let is_new = |(at, name): &(usize, &Cow<'_, str>)| {
        !COLUMNS.contains(&name.as_ref()) || named[..*at].contains(name)
    };
    let unknown: Vec<String> = named.iter().enumerate().filter(is_new).map(|(_, n)| n.to_string()).collect();
    let missing: Vec<String> = missing.map(|c| (*c).to_owned()).collect();
    if missing.is_empty() && unknown.is_empty() {
        let order = format!("the same columns in another order: {}", named.join(","));
        return Err(ReadError::Columns { missing, unknown: vec![order] });
    }
    Err(ReadError::Columns { missing, unknown })
}

/// A row's place, `start..content` without its line end, and how many values it has.
struct Row {
    start: usize,
    content: usize,
    values: usize,
}

struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Moves behind the next row, its line end and the empty lines after it.
    fn next_row(&mut self, row: u64) -> Result<Row, ReadError> {
        let (start, line) = (self.at, self.line);
        let mut quoted = false;
        let mut value_begins = true;
        let mut values = 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' if value_begins => quoted = true,
                b'"' if quoted && self.bytes.get(self.at + 1) == Some(&b'"') => self.at += 1,
                b'"' if quoted => quoted = false,
                b'\r' | b'\n' if !quoted => break,
                b'\n' => self.line += 1,
                _ => {}
            }
            value_begins = byte == b',' && !quoted;
            values += usize::from(value_begins);
            self.at += 1;
        }
        if quoted {
            return Err(ReadError::Quote { row, line });
        }
        let content = self.at;
        self.skip_blank();
        Ok(Row { start, content, values })
    }

    /// Moves behind line ends, and behind lines that hold nothing but blanks.
    fn skip_blank(&mut self) {
        let rest = &self.bytes[self.at..];
        let blank = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n' | b' ' | b'\t')).count();
        // Blanks that open a row are the row's, unless the file ends with them.
        let is_break = |b: &u8| matches!(b, b'\r' | b'\n');
        let skip = if blank == rest.len() {
            blank
        } else {
            rest[..blank].iter().rposition(is_break).map_or(0, |at| at + 1)
        };
        self.line += breaks(&rest[..skip]);
        self.at += skip;
    }
}

fn breaks(bytes: &[u8]) -> u64 {
    let ends = |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(ends).count() as u64
}

/// Which line endings the pieces of a file end with.
pub(crate) fn line_ends<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> LineEnds {
    let (mut crlf, mut lf, mut cr) = (false, false, false);
    for piece in pieces {
        let content =
            piece.iter().rposition(|b| !matches!(b, b'\r' | b'\n' | b' ' | b'\t')).map_or(0, |at| at + 1);
        let ends = &piece[content..];
        for (at, &byte) in ends.iter().enumerate() {
            match byte {
                b'\n' if at > 0 && ends[at - 1] == b'\r' => crlf = true,
                b'\n' => lf = true,
                b'\r' if ends.get(at + 1) != Some(&b'\n') => cr = true,
                _ => {}
            }
        }
    }
    match (crlf, lf, cr) {
        (true, false, false) => LineEnds::CrLf,
        (false, true, false) => LineEnds::Lf,
        (false, false, true) => LineEnds::Cr,
        (false, false, false) => LineEnds::None,
        _ => LineEnds::Mixed,
    }
}

/// The values of a row without its line end, quotation marks resolved.
pub(crate) fn fields(content: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let mut found = Vec::with_capacity(COLUMNS.len());
    let mut at = 0;
    loop {
        let (value, end) = field(content, at);
        found.push(value);
        if content.get(end) != Some(&b',') {
            return found;
        }
        at = end + 1;
    }
}

/// One value from `at` on, and where it ends.
fn field(content: &[u8], at: usize) -> (Cow<'_, [u8]>, usize) {
    let rest = &content[at..];
    if rest.first() != Some(&b'"') {
        let length = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
        return (Cow::Borrowed(&rest[..length]), at + length);
    }
    let mut value = Vec::new();
    let (mut i, mut quoted) = (1, true);
    while let Some(&byte) = rest.get(i) {
        match byte {
            b'"' if quoted && rest.get(i + 1) == Some(&b'"') => {
                value.push(b'"');
                i += 1;
            }
            b'"' if quoted => quoted = false,
            b',' if !quoted => break,
            _ => value.push(byte),
        }
        i += 1;
    }
    (Cow::Owned(value), at + i)
}

/// A row without what ends it. One that no quotation mark closes has no end to leave out.
pub(crate) fn content(row: &[u8]) -> &[u8] {
    let row = without_mark(row);
    let mut lines = Lines { bytes: row, at: 0, line: 1 };
    lines.next_row(1).map_or(row, |found| &row[found.start..found.content])
}

/// What a line says.
pub(crate) fn search(row: &[u8]) -> Result<Search<'_>, RowError> {
    let values = fields(content(row));
    let got = values.len();
    let values: [Cow<'_, [u8]>; COLUMNS.len()] =
        values.try_into().map_err(|_| RowError(format!("{got} values instead of {}", COLUMNS.len())))?;
    let not_text = values.iter().any(|value| std::str::from_utf8(value).is_err());
    let [
        search_type,
        date,
        operation,
        operation_name,
        latitude,
        longitude,
        gender,
        age_range,
        self_defined,
        officer_defined,
        legislation,
        object,
        outcome,
        linked,
        removal,
    ] = values.map(text);
    Ok(Search {
        search_type,
        date,
        operation: YesNo::of(operation),
        operation_name,
        latitude,
        longitude,
        gender,
        age_range,
        self_defined_ethnicity: self_defined,
        officer_defined_ethnicity: officer_defined,
        legislation,
        object,
        outcome,
        outcome_linked: YesNo::of(linked),
        removal_of_clothing: YesNo::of(removal),
        not_text,
    })
}

/// The text of a value. What is not UTF-8 is shown as far as it can be; the row keeps its bytes.
fn text(value: Cow<'_, [u8]>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(line: &str) -> Vec<String> {
        fields(line.as_bytes()).into_iter().map(|v| text(v).into_owned()).collect()
    }

    #[test]
    fn values_are_read_as_rfc_4180_has_them() {
        for (line, expected) in [
            ("a,b,c", vec!["a", "b", "c"]),
            (",,", vec!["", "", ""]),
            ("", vec![""]),
            (r#""a,b","say ""no""","""#, vec!["a,b", "say \"no\"", ""]),
            ("\"two\r\nlines\",x", vec!["two\r\nlines", "x"]),
            // A quotation mark inside an unquoted value is itself, and what follows a closed one is kept.
            (r#"5" knife,"a"b"#, vec!["5\" knife", "ab"]),
        ] {
            assert_eq!(values(line), expected, "{line:?}");
        }
    }
}
