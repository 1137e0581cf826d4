//! Elements of a JSON array: where each begins and ends, and what it says.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

use crate::search::{Search, YesNo};
use crate::source::{ReadError, RowError, without_mark};

/// Where the first element begins, and where what belongs to each ends: the first byte of the next element, or
/// the end of the file.
pub(crate) fn cut(bytes: &[u8]) -> Result<(usize, Vec<usize>), ReadError> {
    let mut at = bytes.len() - without_mark(bytes).len();
    at += blanks(&bytes[at..]) + 1;
    let mut starts = Vec::new();
    let mut row = 1;
    let fault = |row, at, problem: &str| ReadError::Element { row, at, problem: problem.to_owned() };
    at += blanks(&bytes[at..]);
    let mut closed = bytes.get(at) == Some(&b']');
    while !closed {
        if bytes.get(at) != Some(&b'{') {
            return Err(fault(row, at, "here an object should begin; is the file cut short?"));
        }
        starts.push(at);
        at = element(bytes, at, row)?;
        at += blanks(&bytes[at..]);
        match bytes.get(at) {
            Some(b',') => at += 1 + blanks(&bytes[at + 1..]),
            Some(b']') => closed = true,
            _ => return Err(fault(row, at, "no comma and no ] behind it; is the file cut short?")),
        }
        row += 1;
    }
    at += 1;
    if blanks(&bytes[at..]) < bytes.len() - at {
        return Err(fault(row, at, "something stands behind the end of the array"));
    }
    let head = starts.first().copied().unwrap_or(bytes.len());
    let ends = starts.iter().skip(1).copied().chain((!starts.is_empty()).then_some(bytes.len()));
    Ok((head, ends.collect()))
}

/// The end of the element that begins at `at`, which must be a search.
fn element(bytes: &[u8], at: usize, row: u64) -> Result<usize, ReadError> {
    let mut elements = serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Element<'_>>();
    let fault = |at, problem: String| ReadError::Element { row, at, problem };
    match elements.next() {
        Some(Ok(found)) => {
            found.check().map_err(|problem| fault(at, problem))?;
            Ok(at + elements.byte_offset())
        }
        Some(Err(error)) => Err(fault(at, error.to_string())),
        None => Err(fault(at, "nothing is here".to_owned())),
    }
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// What an element says.
pub(crate) fn search(row: &[u8]) -> Result<Search<'_>, RowError> {
    let mut elements = serde_json::Deserializer::from_slice(row).into_iter::<Element<'_>>();
    let element = match elements.next() {
        Some(Ok(element)) => element,
        Some(Err(error)) => return Err(RowError(error.to_string())),
        None => return Err(RowError("nothing is here".to_owned())),
    };
    element.check().map_err(RowError)?;
    Ok(element.into_search())
}

/// An object of the public interface. What it says beside these fields stays in the row's bytes.
#[derive(Deserialize)]
struct Element<'a> {
    #[serde(borrow, default, rename = "type")]
    search_type: Option<Words<'a>>,
    #[serde(borrow, default)]
    datetime: Option<Words<'a>>,
    #[serde(borrow, default)]
    operation: Words<'a>,
    #[serde(borrow, default)]
    operation_name: Words<'a>,
    #[serde(borrow, default)]
    location: Option<Location<'a>>,
    #[serde(borrow, default)]
    gender: Words<'a>,
    #[serde(borrow, default)]
    age_range: Words<'a>,
    #[serde(borrow, default)]
    self_defined_ethnicity: Words<'a>,
    #[serde(borrow, default)]
    officer_defined_ethnicity: Words<'a>,
    #[serde(borrow, default)]
    legislation: Words<'a>,
    #[serde(borrow, default)]
    object_of_search: Words<'a>,
    #[serde(borrow, default)]
    outcome: Words<'a>,
    #[serde(borrow, default)]
    outcome_linked_to_object_of_search: Words<'a>,
    #[serde(borrow, default)]
    removal_of_more_than_outer_clothing: Words<'a>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    latitude: Words<'a>,
    #[serde(borrow, default)]
    longitude: Words<'a>,
}

impl<'a> Element<'a> {
    fn check(&self) -> Result<(), String> {
        match (&self.search_type, &self.datetime) {
            (None, _) => Err("it has no \"type\", so it is no search".to_owned()),
            (_, None) => Err("it has no \"datetime\", so it is no search".to_owned()),
            _ => Ok(()),
        }
    }

    fn into_search(self) -> Search<'a> {
        let (latitude, longitude) =
            self.location.map_or_else(Default::default, |place| (place.latitude.0, place.longitude.0));
        Search {
            search_type: self.search_type.unwrap_or_default().0,
            date: self.datetime.unwrap_or_default().0,
            operation: YesNo::of(self.operation.0),
            operation_name: self.operation_name.0,
            latitude,
            longitude,
            gender: self.gender.0,
            age_range: self.age_range.0,
            self_defined_ethnicity: self.self_defined_ethnicity.0,
            officer_defined_ethnicity: self.officer_defined_ethnicity.0,
            legislation: self.legislation.0,
            object: self.object_of_search.0,
            outcome: self.outcome.0,
            outcome_linked: YesNo::of(self.outcome_linked_to_object_of_search.0),
            removal_of_clothing: YesNo::of(self.removal_of_more_than_outer_clothing.0),
            not_text: false,
        }
    }
}

/// A text, a number, `true`, `false`, or `null` for nothing: words as the CSV writes them.
#[derive(Default)]
struct Words<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text, true, false, a number or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Words(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Words(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Self::Value, E> {
        Ok(Words(Cow::Borrowed(if yes { "True" } else { "False" })))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Words::default())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Words(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Words(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Words(Cow::Owned(number.to_string())))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom("an object where a value should be"))
    }
}
