//! Which desk takes which kinds.

use std::fmt;

use scrutiny_proto::vocabulary::{Kind, Vocabulary};

/// A desk. Each kind has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Reviews of how powers are used, professional standards, and acts of privacy: who works with what is sealed.
    Review,
    /// What an inspectorate publishes, finds, grades and closes.
    Inspection,
    /// What forces and local policing bodies owe and answer, the boards before which that comes, and the registry.
    Response,
}

/// The groups of the vocabulary (`proto/scrutiny/<group>`), and whose they are.
const DESKS: [(&str, Service); 7] = [
    ("review", Service::Review),
    ("conduct", Service::Review),
    ("privacy", Service::Review),
    ("inspection", Service::Inspection),
    ("response", Service::Response),
    ("governance", Service::Response),
    ("registry", Service::Response),
];

impl Service {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Review, Self::Inspection, Self::Response];

    /// Its name: folder, process, subject.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Inspection => "inspection",
            Self::Response => "response",
        }
    }

    /// What it takes, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Review => "takes reviews, what professional standards decide, and acts of privacy",
            Self::Inspection => "takes what an inspectorate publishes, finds, grades and closes",
            Self::Response => {
                "takes what forces and local policing bodies owe, answer and decide, and the registry"
            }
        }
    }

    /// The desk that takes a kind.
    #[must_use]
    pub fn of(kind: &Kind) -> Option<Self> {
        DESKS.iter().find(|(group, _)| *group == kind.group).map(|(_, service)| *service)
    }

    /// The desk that takes a kind, by its full name; none for a kind nobody knows.
    #[must_use]
    pub fn of_name(kind: &str) -> Option<Self> {
        Vocabulary::get().kind(kind).filter(|known| known.full_name == kind).and_then(Self::of)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_exactly_one_desk() {
        for kind in Vocabulary::get().kinds() {
            assert_eq!(
                DESKS.iter().filter(|(group, _)| *group == kind.group).count(),
                1,
                "{}",
                kind.full_name
            );
            assert_eq!(Service::of_name(&kind.full_name), Service::of(kind));
        }
        let used: BTreeSet<_> = Vocabulary::get().kinds().iter().filter_map(Service::of).collect();
        assert_eq!(used, BTreeSet::from(Service::ALL));
    }

    #[test]
    fn a_kind_is_asked_for_by_its_full_name() {
        assert_eq!(Service::of_name("scrutiny.inspection.v1.ReportPublished"), Some(Service::Inspection));
        assert_eq!(Service::of_name("ReportPublished"), None);
        assert_eq!(Service::of_name("scrutiny.inspection.v1.Nothing"), None);
    }
}
