//! One thing that can be set.

use std::net::SocketAddr;

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any text.
    Text,
    /// A path.
    Path,
    /// The path of a file with a secret. The secret itself is never a setting.
    Secret,
    /// A whole number, not negative.
    Count,
    /// Yes or no.
    Switch,
    /// An address to listen on: "127.0.0.1:9461".
    Address,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

/// One thing that can be set: declared once, read from everywhere, explained in `--help`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name, in the file's words: "nats.url". A role's own keys stand in the role's section, without its name.
    pub name: &'static str,
    /// What fits.
    pub shape: Shape,
    /// What holds when nobody says anything, written as in the environment. Without one and without
    /// `optional`, the process does not start.
    pub default: Option<&'static str>,
    /// Whether it may be absent.
    pub optional: bool,
    /// One line for `--help`.
    pub help: &'static str,
}

impl Key {
    /// A key that must be given.
    #[must_use]
    pub const fn required(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, default: None, optional: false, help }
    }

    /// A key that may be absent.
    #[must_use]
    pub const fn optional(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, default: None, optional: true, help }
    }

    /// A key with a default.
    #[must_use]
    pub const fn with_default(
        name: &'static str,
        shape: Shape,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self { name, shape, default: Some(default), optional: false, help }
    }

    /// Its name with its section: "recorder.ledger".
    pub(crate) fn full_name(&self, section: &str) -> String {
        if section.is_empty() { self.name.to_owned() } else { format!("{section}.{}", self.name) }
    }

    /// Its flag, without the dashes before it.
    pub(crate) fn flag(&self) -> String {
        self.name.replace('.', "-")
    }

    /// Its variable.
    pub(crate) fn env(&self, section: &str) -> String {
        format!("SCRUTINY_{}", self.full_name(section).replace(['.', '-'], "_").to_uppercase())
    }
}

impl Shape {
    /// Reads text, as a flag or the environment gives it.
    pub(crate) fn parse(self, text: &str) -> Option<toml::Value> {
        let value = match self {
            Self::Count => toml::Value::Integer(text.parse().ok()?),
            Self::Switch => toml::Value::Boolean(text.parse().ok()?),
            _ => toml::Value::String(text.to_owned()),
        };
        self.accepts(&value).then_some(value)
    }

    /// Whether a value fits.
    pub(crate) fn accepts(self, value: &toml::Value) -> bool {
        match (self, value) {
            (Self::Count, toml::Value::Integer(n)) => *n >= 0,
            (Self::Switch, toml::Value::Boolean(_)) => true,
            (Self::Address, toml::Value::String(text)) => text.parse::<SocketAddr>().is_ok(),
            (Self::Choice(words), toml::Value::String(text)) => words.contains(&text.as_str()),
            (Self::Text | Self::Path | Self::Secret, toml::Value::String(text)) => !text.is_empty(),
            _ => false,
        }
    }

    /// What fits, in words.
    pub(crate) fn wanted(self) -> String {
        match self {
            Self::Text => "some text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Secret => "the path of a file".to_owned(),
            Self::Count => "a whole number".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Address => "an address and port such as 127.0.0.1:9461".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }

    /// The value's name in `--help`.
    pub(crate) fn value_name(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Path => "PATH",
            Self::Secret => "FILE",
            Self::Count => "NUMBER",
            Self::Switch => "BOOL",
            Self::Address => "ADDRESS",
            Self::Choice(_) => "WORD",
        }
    }
}
