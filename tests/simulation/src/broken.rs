//! A promise that was not kept.

use std::fmt;

/// Which promise, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{promise}: {story}")]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// What was seen.
    pub story: String,
}

/// What holds after every step, whatever goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Nothing acknowledged is lost.
    NothingLost,
    /// There is one history: in the stream, on every disk, under every checkpoint.
    OneHistory,
    /// The same statement has one place.
    OnePlace,
    /// A refusal is right when it is told.
    RightRefusals,
    /// Whoever stops says why, and had to.
    GoodReasons,
    /// In the end every statement is recorded or refused, and every recorder has everything.
    EverythingSettles,
    /// What is derived comes out the same from every copy.
    SameProjections,
    /// Nothing panics.
    NoPanic,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Promise::NothingLost => "nothing acknowledged is lost",
            Promise::OneHistory => "there is one history",
            Promise::OnePlace => "the same statement has one place",
            Promise::RightRefusals => "a refusal is right when it is told",
            Promise::GoodReasons => "whoever stops says why, and had to",
            Promise::EverythingSettles => "every statement is recorded or refused in the end",
            Promise::SameProjections => "what is derived comes out the same from every copy",
            Promise::NoPanic => "nothing panics",
        })
    }
}

impl Promise {
    /// Broken, so.
    pub(crate) fn broken<T>(self, story: impl Into<String>) -> Result<T, Broken> {
        Err(Broken { promise: self, story: story.into() })
    }
}
