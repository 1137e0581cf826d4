//! What a text field must look like. On the path of every statement: nothing here allocates.

/// What a text field must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Any text.
    Text,
    /// A civil date, "2021-02-26".
    Date,
    /// An absolute web address.
    Url,
    /// A body's identifier, "cambridgeshire" or "cambs.bcb".
    Body,
    /// A stream, "finding/dupp-2021/7".
    Stream,
    /// 64 lower-case hexadecimal digits.
    Sha256,
}

impl Format {
    /// True when `text` looks as it must. Empty text stands for "not given" and is judged elsewhere.
    #[must_use]
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Date => is_date(text.as_bytes()),
            Self::Url => is_url(text),
            Self::Body => is_part(text.as_bytes()),
            Self::Stream => {
                text.len() <= 200 && text.contains('/') && text.split('/').all(|p| is_part(p.as_bytes()))
            }
            Self::Sha256 => {
                text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            }
        }
    }

    /// What it takes, in words, for one value and for many.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "texts"),
            Self::Date => ("date (2021-02-26)", "dates (2021-02-26)"),
            Self::Url => ("web address (https://…)", "web addresses (https://…)"),
            Self::Body => ("body identifier (cambridgeshire)", "body identifiers (cambridgeshire)"),
            Self::Stream => ("stream (finding/dupp-2021/7)", "streams (finding/dupp-2021/7)"),
            Self::Sha256 => ("SHA-256 (64 hexadecimal digits)", "SHA-256 (64 hexadecimal digits)"),
        }
    }
}

/// One part of a stream: lower-case letters, digits, '.', '-' and '_', as `ledger_core::ids` reads them.
pub(super) fn is_part(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

fn is_date(b: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| {
        b[range].iter().try_fold(0u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
    };
    if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        1..=12 => 31,
        _ => 0,
    };
    year >= 1 && (1..=days).contains(&day)
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|r| r.split(['/', '?', '#']).next()).unwrap_or_default();
    host.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'[')
        && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::Format::{Body, Date, Sha256, Stream, Url};

    #[test]
    fn formats_take_what_they_say_and_nothing_else() {
        let rows: [(super::Format, &[&str], &[&str]); 5] = [
            (
                Date,
                &["2021-02-26", "2024-02-29", "2000-02-29", "2021-12-31"],
                &[
                    "2021-2-26",
                    "2021-02-29",
                    "1900-02-29",
                    "2021-13-01",
                    "2021-04-31",
                    "2021-00-10",
                    "26/02/2021",
                    "0000-01-01",
                ],
            ),
            (
                Url,
                &["https://a.example", "http://a.example/x?y#z"],
                &["a.example", "https://", "https:///x", "ftp://a", "https://a b", "https://é.example"],
            ),
            (Body, &["cambridgeshire", "cambs.bcb", "cumbria-lpb"], &["Cambridgeshire", "a/b", "a b", "é"]),
            (Stream, &["finding/dupp-2021/7", "key/0f"], &["finding", "/a", "a/", "a//b", "A/b"]),
            (Sha256, &[&"0f".repeat(32)], &[&"0F".repeat(32), "0f", &"zz".repeat(32)]),
        ];
        for (format, good, bad) in rows {
            for text in good {
                assert!(format.accepts(text), "{format:?} {text}");
            }
            for text in bad {
                assert!(!format.accepts(text), "{format:?} {text}");
            }
        }
    }
}
