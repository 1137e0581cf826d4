//! A field of a kind, or of a message inside one.

use super::format::Format;

/// A field: what it is called, what it means, and what it takes.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name: "published_on".
    pub name: String,
    /// Its number on the wire.
    pub number: u32,
    /// The comment above it in the .proto file.
    pub doc: String,
    /// What one value of it is.
    pub shape: Shape,
    /// True for a list.
    pub repeated: bool,
    /// True when it must be given; a list then has at least one item.
    pub required: bool,
    /// The default reason code, where it is sealed.
    pub sealed: Option<String>,
    /// What its text must look like.
    pub format: Format,
}

/// What one value of a field is.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A whole number up to the limit.
    Count(u64),
    /// Bytes, shown in hexadecimal.
    Bytes,
    /// One of some words.
    Choice(Vec<Choice>),
    /// Fields of its own.
    Group(Vec<Field>),
}

/// One value of an enum.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The word a person writes: "area_for_improvement".
    pub word: String,
    /// The name in the vocabulary: "FINDING_KIND_AREA_FOR_IMPROVEMENT".
    pub full_name: String,
    /// Its number on the wire; 0 stands for "not given".
    pub number: u64,
    /// The comment above it in the .proto file.
    pub doc: String,
}

impl Field {
    /// What the field takes, in words: "date (2021-02-26)", "list of bodies".
    #[must_use]
    pub fn type_words(&self) -> String {
        let (one, many) = self.words();
        if self.repeated { format!("list of {many}") } else { one.to_owned() }
    }

    fn words(&self) -> (&'static str, &'static str) {
        match (&self.shape, self.format) {
            (Shape::Text, format) => format.words(),
            (Shape::Flag, _) => ("true or false", "true or false"),
            (Shape::Count(_), _) => ("whole number", "whole numbers"),
            (Shape::Bytes, _) => ("bytes (hexadecimal or base64)", "bytes (hexadecimal or base64)"),
            (Shape::Choice(_), _) => ("one of the words below", "words from those below"),
            (Shape::Group(_), _) => ("fields below", "items with the fields below"),
        }
    }

    /// The values of an enum field that may be chosen; empty for any other.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        if let Shape::Choice(choices) = &self.shape { choices } else { &[] }
    }

    /// The fields of a message field; empty for any other.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        if let Shape::Group(fields) = &self.shape { fields } else { &[] }
    }

    /// The choice a person means by `word`: short or full, in any case, with any separator.
    pub(super) fn choice(&self, word: &str) -> Option<&Choice> {
        let plain = word.trim().to_lowercase().replace([' ', '-'], "_");
        self.choices().iter().find(|c| c.word == plain || c.full_name.to_lowercase() == plain)
    }
}
