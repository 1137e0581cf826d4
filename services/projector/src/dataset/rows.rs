//! What the dataset keeps of a record: some forty bytes, codes only.
//!
//! Ten million records a year are 400 MB; a view counts them in one pass, so that a late form, a link or a
//! correction is in every figure it belongs to, whichever month it is about.

use super::month::Month;

/// Yes, no, or nothing said. Nothing said is not no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Said {
    #[default]
    Nothing,
    Yes,
    No,
}

/// Whether ethnicity was recorded as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Completeness {
    #[default]
    No,
    Yes,
    /// The person's own words are missing, and an imported row cannot say that they were refused.
    CannotTell,
}

/// One search.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    pub(super) home: Home,
    pub(super) entry: u64,
    pub(super) ethnicity: u8,
    pub(super) basis: u8,
    pub(super) purpose: u8,
    pub(super) search_type: u8,
    pub(super) outcome: u8,
    pub(super) age: u8,
    pub(super) gender: u8,
    pub(super) linked: Said,
    pub(super) footage: Said,
    pub(super) entire: Said,
    pub(super) force: Said,
    pub(super) complete: Completeness,
}

/// One officer's use of force on one person.
#[derive(Debug, Clone, Default)]
pub(super) struct Force {
    pub(super) home: Home,
    pub(super) entry: u64,
    /// A bit for each tactic: each counts once a record.
    pub(super) tactics: u16,
    /// The highest use; counting rules of the Home Office.
    pub(super) taser: u8,
    pub(super) joint: bool,
    pub(super) ethnicity: u8,
    pub(super) age: u8,
    pub(super) gender: u8,
    pub(super) footage: Said,
    pub(super) entire: Said,
}

/// One of the two, by its place in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    Search(u32),
    Force(u32),
}

/// The last completed review of a record at a level.
#[derive(Debug, Clone, Default)]
pub(super) struct Review {
    pub(super) grounds: Said,
    pub(super) grounds_unclear: bool,
    pub(super) concurs: Said,
    pub(super) prior: bool,
    pub(super) entire: Said,
}

/// A record, where it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Home {
    pub(super) body: u16,
    pub(super) month: Option<Month>,
}
