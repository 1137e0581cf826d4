//! A fold that goes on from where it was is the fold from the beginning, whatever the history and wherever it
//! was taken up again.

use std::collections::BTreeSet;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use load::history::{Country, History};
use projector::Standing;
use projector::all::{All, Views};
use projector::dataset::month::{Month, Period};
use projector::dataset::population::Population;
use projector::dataset::{CoverageView, DatasetView, Question};
use proptest::prelude::*;

const SMALL: Country = Country { forces: 3, reports: 2, findings: 3 };

fn history(seed: u64, length: usize) -> Vec<Statement> {
    let mut history = History::new(SMALL, seed);
    let mut all: Vec<Bytes> = if seed.is_multiple_of(2) { history.founding() } else { Vec::new() };
    // A third of the histories are of forces that review.
    let reviewing = seed.is_multiple_of(3);
    all.extend((0..length).map(|n| match n % 8 {
        0..=4 if reviewing => history.review(),
        5 => history.registry(),
        7 => history.oversight(),
        _ => history.any(),
    }));
    all.iter().map(|bytes| Statement::parse(bytes).expect("a history is made of statements")).collect()
}

fn apply(all: &mut All, statements: &[Statement], from: usize) {
    for (index, statement) in (from as u64..).zip(statements) {
        all.apply(EntryIndex(index), 1_660_636_800_000 + index, statement);
    }
}

fn seen(all: &All, size: usize, on: Day) -> String {
    let standing = Standing { tree_size: TreeSize(size as u64), root: Hash::of(&size.to_be_bytes()) };
    let cases = serde_json::to_string(&all.conduct.cases(on, &standing));
    let views = serde_json::to_string(&all.views(on, &standing));
    let dataset = serde_json::to_string(&figures(all, &standing));
    let texts = [views, cases, dataset].map(|text| text.expect("views are plain values"));
    texts.join("\n")
}

/// The scrutiny dataset of every body, for the year that ends with its last month.
fn figures(all: &All, standing: &Standing) -> Vec<(DatasetView, CoverageView)> {
    let population = Population::census_2011();
    let months = all.dataset.months();
    let last = months.iter().filter_map(|(body, months)| Some((*body, *months.last()?)));
    let view = |(body, to): (&str, Month)| {
        let period = Period { from: to.plus(-11), to };
        let question = Question { body, period, population: &population };
        (all.dataset.view(&question, standing), all.dataset.coverage(body, period, standing))
    };
    last.map(view).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn incremental_equals_from_scratch(
        seed in any::<u64>(),
        length in 0_usize..300,
        splits in prop::collection::vec(0.0_f64..1.0, 0..6),
        days in prop::collection::vec(-400_i32..1200, 1..4),
    ) {
        let statements = history(seed, length);
        let mut cuts: Vec<usize> = splits.iter().map(|share| (share * statements.len() as f64) as usize).collect();
        cuts.sort_unstable();
        cuts.push(statements.len());
        let on = |days: i32| Day::new(2020, 1, 1).expect("a day").plus(days);

        let mut live = All::default();
        let mut done = 0;
        for cut in cuts {
            apply(&mut live, &statements[done..cut], done);
            done = cut;
            // A fresh fold of the same entries: another process, another machine.
            let mut scratch = All::default();
            apply(&mut scratch, &statements[..cut], 0);
            for &days in &days {
                prop_assert_eq!(seen(&live, cut, on(days)), seen(&scratch, cut, on(days)));
            }
            // Going on from a snapshot: the snapshot stays what it was, and what goes on forgets nothing.
            let snapshot = live.clone();
            let before = seen(&snapshot, cut, on(days[0]));
            let mut resumed = snapshot.clone();
            apply(&mut resumed, &statements[cut..], cut);
            let mut whole = All::default();
            apply(&mut whole, &statements, 0);
            prop_assert_eq!(seen(&resumed, statements.len(), on(days[0])), seen(&whole, statements.len(), on(days[0])));
            prop_assert_eq!(seen(&snapshot, cut, on(days[0])), before);
        }
    }

    /// What was not yet known at a tree size changes nothing of what was said at it.
    #[test]
    fn a_view_at_a_size_is_the_view_that_was_shown_then(seed in any::<u64>(), length in 1_usize..200) {
        let statements = history(seed, length);
        let cut = statements.len() / 2;
        let on = Day::new(2022, 6, 1).expect("a day");
        let mut then = All::default();
        apply(&mut then, &statements[..cut], 0);
        let shown = seen(&then, cut, on);
        apply(&mut then, &statements[cut..], cut);
        let mut again = All::default();
        apply(&mut again, &statements[..cut], 0);
        prop_assert_eq!(seen(&again, cut, on), shown);
    }
}

#[test]
fn a_random_history_reaches_every_projection() {
    let statements = history(2, 2_000);
    let mut all = All::default();
    apply(&mut all, &statements, 0);
    let standing = Standing { tree_size: TreeSize(0), root: Hash::of(b"") };
    let views = all.views(Day::new(2023, 1, 1).expect("a day"), &standing);
    assert!(views.register.rows.iter().any(|row| row.history.len() > 3 && !row.suspect_entries.is_empty()));
    assert!(views.responses.rows.iter().any(|row| row.coverage.covered > 0 && row.coverage.gap_55_5b));
    assert!(!views.judgments.judgments.is_empty() && !views.bodies.bodies.is_empty());
    assert!(!views.flow.undelivered.is_empty() && !views.flow.delivered.is_empty());
    assert!(views.conduct.bodies.iter().any(|counts| counts.clocks.values().any(|clock| clock.late > 0)));
    assert!(views.series.series.iter().any(|one| !one.movements.is_empty() && !one.warnings.is_empty()));
    assert!(!views.facts.open_issues.is_empty());
    let kinds: BTreeSet<_> = views.oversight.acts.iter().map(|act| act.kind.as_str()).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    let ended: BTreeSet<_> = views.offices.offices.iter().filter_map(|office| office.ended_by).collect();
    assert_eq!(ended.len(), 4, "{ended:?}");
    assert!(views.offices.offices.iter().any(|office| office.acting));
}

#[test]
fn a_random_history_of_reviews_reaches_every_state() {
    let statements = history(3, 2_000);
    let mut all = All::default();
    apply(&mut all, &statements, 0);
    let views: Views = all.views(
        Day::new(2023, 1, 1).expect("a day"),
        &Standing { tree_size: TreeSize(0), root: Hash::of(b"") },
    );
    let reviews = &views.reviews;
    assert!(reviews.outstanding.iter().any(|waiting| waiting.days_overdue.is_some()));
    let why: BTreeSet<_> = reviews.outstanding.iter().map(|waiting| waiting.why.words()).collect();
    assert_eq!(why.len(), 6, "{why:?}");
    let states: BTreeSet<_> = reviews.reviews.iter().map(|review| review.state).collect();
    assert_eq!(states.len(), 4, "{states:?}");
    assert!(
        reviews.reviews.iter().any(|review| review.feedback.iter().any(|told| told.acknowledged.is_some()))
    );
    assert!(reviews.samples.iter().any(|sample| !sample.drawn.is_empty()));
    assert!(
        views.panels.sessions.iter().any(|session| !session.ratings.is_empty() && session.unanswered > 0)
    );
    let lessons = &views.learning.points;
    assert!(lessons.iter().any(|lesson| !lesson.channels.is_empty() && !lesson.adopted.is_empty()));
    assert!(views.flow.standing.iter().any(|item| item.occasions.iter().any(|occasion| occasion.was_there)));
}
