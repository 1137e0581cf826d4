//! Who is to hold which key: the list that a ledger is set up from.

use serde::Deserialize;

use crate::parse::DraftError;

/// A key to be made, and the roles its holder is to have. An office, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What drafts call the key.
    pub key: String,
    /// The office.
    pub office: String,
    /// Roles, at least one.
    pub roles: Vec<RoleLine>,
}

/// A role at a body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleLine {
    /// Role code. `ROOT` is pinned in entry 0, every other role is assigned.
    pub role: String,
    /// The body it is held at.
    pub body: String,
    /// True for an acting holder.
    #[serde(default)]
    pub acting: bool,
    /// From this day on.
    pub valid_from: Option<String>,
    /// Through this day.
    pub valid_to: Option<String>,
    /// How records of powers name the holder, 32 hexadecimal digits.
    pub pseudonym: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    people: Vec<Person>,
}

impl Person {
    /// Reads a list of people from YAML: `people:`, then one item for each key.
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn parse_many(text: &str) -> Result<Vec<Self>, DraftError> {
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let people: People =
            serde_saphyr::from_str_with_options(text, options).map_err(DraftError::syntax)?;
        Ok(people.people)
    }

    /// Whether the key holds this role, which nobody can assign later.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.roles.iter().any(|r| r.role == "ROOT")
    }
}
