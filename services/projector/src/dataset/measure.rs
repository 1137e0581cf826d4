//! What is measured: each figure's formula, in one place, with what it does not say.
//!
//! A verdict puts a record into the numerator, beside it, or among those that do not say. Whether the last are
//! part of the denominator is said for each measure: a find rate is of all searches, so it is a lower bound
//! while some do not say; a rate of reasonable grounds is of those assessed, with the unclear ones beside it.

use super::item::Item;
use super::rows::{Completeness, Said};
use super::words::{self, Dimension as D};

/// What becomes of one record in one measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// The record does not say.
    Unknown,
}

/// Which records a measure looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Stops and searches.
    Searches,
    /// Officers' records of force used.
    Force,
}

/// One measure.
#[derive(Debug)]
pub struct Measure {
    /// Its name in commands, templates and names of cells.
    pub id: &'static str,
    /// What it is, with what it is of.
    pub title: &'static str,
    /// Which records.
    pub power: Power,
    /// By what it is broken down: each a table of its own.
    pub by: &'static [&'static [D]],
    /// What is counted, what is not, and what cannot be told, as headings.
    pub words: [&'static str; 3],
    /// Whether those that do not say are part of the denominator.
    pub of_all: bool,
    /// Whether those that do count are the only ones to show that the question was asked at all: then 0 beside
    /// records that do not say is no figure.
    pub needs_one: bool,
    /// True for a plain count of records: its share is of all records of the period.
    pub is_count: bool,
    /// What the figure does not say.
    pub caveat: &'static str,
    pub(super) verdict: fn(&Item<'_>) -> Option<Verdict>,
}

/// Every measure, in the order of views.
pub static MEASURES: &[Measure] = &[
    count(
        "searches",
        "Searches",
        Power::Searches,
        &[
            &[],
            &[D::SearchType],
            &[D::Purpose],
            &[D::Outcome],
            &[D::Ethnicity],
            &[D::Basis],
            &[D::Age],
            &[D::Gender],
        ],
        "Vehicle-only searches have no person, and so no ethnicity, age or gender.",
    ),
    Measure {
        verdict: |item| Some(of(item.search()?.linked)),
        of_all: true,
        ..rate(
            "find-rate",
            "Searches in which what was searched for was found, of all searches",
            Power::Searches,
            &[&[], &[D::Ethnicity], &[D::Purpose], &[D::Ethnicity, D::Purpose]],
            ["Found", "Not found", "Not stated"],
            "Found means that the record links its outcome to what was searched for. A record that does not say \
             counts among all searches and not as found, so the rate is a lower bound.",
        )
    },
    Measure {
        verdict: |item| {
            Some(match item.search()? {
                s if s.outcome == words::NO_FURTHER_ACTION => Verdict::No,
                s if s.outcome > words::NO_FURTHER_ACTION => Verdict::Unknown,
                s => of(s.linked),
            })
        },
        of_all: true,
        ..rate(
            "linked-outcome",
            "Searches with an outcome that is linked to what was searched for, of all searches",
            Power::Searches,
            &[&[], &[D::Ethnicity], &[D::Purpose], &[D::Ethnicity, D::Purpose]],
            ["Linked outcome", "No outcome, or not linked", "Not stated"],
            "No further action is no outcome, also where something was found.",
        )
    },
    Measure {
        verdict: |item| {
            Some(match item.search()?.purpose {
                0 => Verdict::Yes,
                2 | 6 | 7 => Verdict::Unknown,
                _ => Verdict::No,
            })
        },
        of_all: true,
        needs_one: true,
        ..rate(
            "possession-only",
            "Drug searches for possession only, of all searches",
            Power::Searches,
            &[&[]],
            ["Possession only", "Any other purpose", "Not said which"],
            "Public files say \"Controlled drugs\" for possession and supply alike, so their drug searches are among \
             \"not said which\". They count among all searches, and the share is a lower bound.",
        )
    },
    Measure {
        verdict: |item| {
            Some(match item.search()?.complete {
                Completeness::Yes => Verdict::Yes,
                Completeness::No => Verdict::No,
                Completeness::CannotTell => Verdict::Unknown,
            })
        },
        of_all: true,
        ..rate(
            "ethnicity-complete",
            "Searches whose ethnicity is recorded in full, of all searches",
            Power::Searches,
            &[&[]],
            ["Complete", "Not complete", "Cannot tell"],
            "Complete is self-defined, or refused and officer-defined. An imported row cannot say that somebody \
             refused: one with the officer's view only cannot be told.",
        )
    },
    Measure {
        verdict: |item| Some(of(item.search()?.footage)),
        of_all: true,
        ..rate(
            "footage",
            "Searches with body-worn video, of all searches",
            Power::Searches,
            &[&[]],
            ["Footage", "No footage", "Not stated"],
            "Public files do not say whether there is footage.",
        )
    },
    Measure {
        verdict: |item| item.entire(),
        of_all: true,
        ..rate(
            "footage-entire",
            "Footage of searches that covers the whole encounter, of searches with footage",
            Power::Searches,
            &[&[]],
            ["Whole encounter", "Not the whole", "Not stated"],
            "",
        )
    },
    Measure {
        verdict: |item| {
            let search = item.search()?;
            let of_person = matches!(search.search_type, 0 | 2);
            of_person.then(|| of(search.force))
        },
        of_all: true,
        ..rate(
            "force-in-searches",
            "Searches with a linked record of force used, of searches of persons",
            Power::Searches,
            &[&[], &[D::Ethnicity]],
            ["Force used", "No force used", "Not stated"],
            "A force's own record names the records of force. A public file cannot, so its rows do not say.",
        )
    },
    Measure {
        verdict: |item| {
            let review = item.review(item.level?)?;
            match (review.grounds, review.grounds_unclear) {
                (Said::Nothing, false) => None,
                (Said::Nothing, true) => Some(Verdict::Unknown),
                (said, _) => Some(of(said)),
            }
        },
        ..rate(
            "reasonable-grounds",
            "Searches whose grounds are reasonable as recorded, of those assessed",
            Power::Searches,
            &[&[D::Level]],
            ["Reasonable", "Not reasonable", "Unclear"],
            "As recorded: the record is assessed, not what the officer had before them. Unclear ones are in no \
             denominator.",
        )
    },
    reviewed(
        "searches-reviewed",
        "Searches reviewed at each level, of all searches",
        Power::Searches,
        &[&[D::Level]],
    ),
    count(
        "force",
        "Officers' records of force used",
        Power::Force,
        &[&[], &[D::Tactic], &[D::TaserUse], &[D::Unit], &[D::Ethnicity], &[D::Age], &[D::Gender]],
        "One record for each officer and person: records are more than incidents, and persons are counted once for \
        each officer. A tactic counts once a record, and a record under each of its tactics; of a Taser the highest \
        use counts.",
    ),
    Measure {
        verdict: |item| Some(of(item.force()?.footage)),
        of_all: true,
        ..rate(
            "force-footage",
            "Records of force with body-worn video, of all records",
            Power::Force,
            &[&[]],
            ["Footage", "No footage", "Not stated"],
            "",
        )
    },
    Measure {
        verdict: |item| item.entire(),
        of_all: true,
        ..rate(
            "force-footage-entire",
            "Footage of force that covers the whole encounter, of records with footage",
            Power::Force,
            &[&[]],
            ["Whole encounter", "Not the whole", "Not stated"],
            "",
        )
    },
    reviewed(
        "force-reviewed",
        "Records of force reviewed at each level, of all records",
        Power::Force,
        &[&[D::Level]],
    ),
    Measure {
        verdict: |item| Some(item.has_review("irg")),
        ..rate(
            "irg-coverage",
            "Records of force that the Internal Review Group reviewed, by tactic",
            Power::Force,
            &[&[], &[D::Tactic]],
            ["Reviewed", "Not reviewed", "-"],
            "A selection across every kind of force: a tactic that was used and never reviewed is uncovered.",
        )
    },
    Measure {
        verdict: |item| item.is_for("taser_tl").then(|| item.has_review("taser_tl")),
        ..rate(
            "taser-tl",
            "Taser uses that the Tactical Lead reviewed, of all by the force's own officers",
            Power::Force,
            &[&[], &[D::TaserUse]],
            ["Reviewed", "Not reviewed", "-"],
            "Drawn counts. Joint units' uses count only where the force has adopted that.",
        )
    },
    Measure {
        verdict: |item| item.is_for("taser_ttt").then(|| item.has_review("taser_ttt")),
        ..rate(
            "taser-ttt-fired",
            "Tasers fired that the Taser Training Team reviewed, of all fired",
            Power::Force,
            &[&[]],
            ["Reviewed", "Not reviewed", "-"],
            "",
        )
    },
    Measure {
        verdict: |item| {
            let force = item.force()?;
            let other = force.taser < words::FIRED;
            other.then(|| item.has_review("taser_ttt"))
        },
        ..rate(
            "taser-ttt-sample",
            "Other Taser uses that the Taser Training Team reviewed, of all not fired",
            Power::Force,
            &[&[]],
            ["Reviewed", "Not reviewed", "-"],
            "A sample: no share is laid down.",
        )
    },
    Measure {
        verdict: |item| item.is_for("jps").then(|| item.has_review("jps")),
        ..rate(
            "jps",
            "Uses of force by joint units that Joint Protective Services reviewed, of all theirs",
            Power::Force,
            &[&[]],
            ["Reviewed", "Not reviewed", "-"],
            "",
        )
    },
    agreement(
        "agreement-searches",
        "Searches on which the Internal Review Group agrees with the level before it",
        Power::Searches,
    ),
    agreement(
        "agreement-force",
        "Uses of force on which the Internal Review Group agrees with the level before it",
        Power::Force,
    ),
];

const fn rate(
    id: &'static str,
    title: &'static str,
    power: Power,
    by: &'static [&'static [D]],
    words: [&'static str; 3],
    caveat: &'static str,
) -> Measure {
    Measure {
        id,
        title,
        power,
        by,
        words,
        of_all: false,
        needs_one: false,
        is_count: false,
        caveat,
        verdict: |_| None,
    }
}

const fn count(
    id: &'static str,
    title: &'static str,
    power: Power,
    by: &'static [&'static [D]],
    caveat: &'static str,
) -> Measure {
    Measure {
        is_count: true,
        verdict: |_| Some(Verdict::Yes),
        ..rate(id, title, power, by, ["Records", "-", "-"], caveat)
    }
}

const fn reviewed(
    id: &'static str,
    title: &'static str,
    power: Power,
    by: &'static [&'static [D]],
) -> Measure {
    Measure {
        verdict: |item| Some(if item.review(item.level?).is_some() { Verdict::Yes } else { Verdict::No }),
        ..rate(id, title, power, by, ["Reviewed", "Not reviewed", "-"], "")
    }
}

const fn agreement(id: &'static str, title: &'static str, power: Power) -> Measure {
    Measure {
        verdict: |item| {
            let review = item.review(item.level_called("irg"))?;
            review.prior.then(|| of(review.concurs))
        },
        ..rate(
            id,
            title,
            power,
            &[&[]],
            ["Agrees", "Differs", "Does not say"],
            "Of records that both levels reviewed, as the later review says. Where none was taken into account \
             there is nothing to agree with.",
        )
    }
}

pub(super) fn of(said: Said) -> Verdict {
    match said {
        Said::Yes => Verdict::Yes,
        Said::No => Verdict::No,
        Said::Nothing => Verdict::Unknown,
    }
}
