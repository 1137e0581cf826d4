//! What can be wrong with a body, said so that the person who typed it can put it right.

/// Why a body is not one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The bytes are not what an encoder of this vocabulary writes.
    #[error("{}{problem}", at(.path))]
    Encoding {
        /// Path of the field; empty for the body as a whole.
        path: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A required field is missing.
    #[error("{path}: is required and missing")]
    Missing {
        /// Path of the field.
        path: String,
    },
    /// No field has this name or number.
    #[error("{path}: no such field{}", did_you_mean(.nearest))]
    UnknownField {
        /// Path of the field.
        path: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// A value that the field does not take.
    #[error("{}must be {expected}; got {got}", at(.path))]
    Value {
        /// Path of the field.
        path: String,
        /// What it takes.
        expected: String,
        /// What was given.
        got: String,
    },
    /// A sealed field has content: it would be public for ever.
    #[error("{path}: is sealed and must be empty in the body; its content belongs in an addendum")]
    Sealed {
        /// Path of the field.
        path: String,
    },
}

impl BodyError {
    /// Puts the name of the enclosing field in front of the path.
    pub(super) fn inside(mut self, outer: &str) -> Self {
        let path = match &mut self {
            Self::Encoding { path, .. }
            | Self::Missing { path }
            | Self::UnknownField { path, .. }
            | Self::Value { path, .. }
            | Self::Sealed { path } => path,
        };
        *path = if path.is_empty() { outer.to_owned() } else { format!("{outer}.{path}") };
        self
    }

    /// The path of the field that is wrong; empty for the body as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Encoding { path, .. }
            | Self::Missing { path }
            | Self::UnknownField { path, .. }
            | Self::Value { path, .. }
            | Self::Sealed { path } => path,
        }
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

/// The candidate nearest to `word`, when it is near enough to be a slip of the fingers.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    candidates
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .min_by_key(|(far, _)| *far)
        .filter(|(far, candidate)| *far <= candidate.chars().count().max(word.chars().count()) / 2)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein distance, by the row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
