//! The scrutiny dataset, formula by formula, and what stands behind its cells.

use std::path::Path;

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId, TreeSize};
use ledger_core::statement::{Expected, Marking, Occurred, Precision, Regime, Signer, Statement};
use projector::dataset::month::Period;
use projector::dataset::population::Population;
use projector::dataset::{Cell, Dataset, DatasetView, Question};
use projector::{Projection as _, Standing};
use prost::Message;
use scrutiny_proto::review::v1::*;

/// A ledger in the making: statements as the rules would have let them through.
#[derive(Default)]
struct Said {
    dataset: Dataset,
    entries: u64,
}

impl Said {
    fn say(&mut self, kind: &str, stream: &str, occurred: &str, body: &impl Message) -> u64 {
        let precision = if occurred.len() == 7 { Precision::Month } else { Precision::Day };
        let signer = Signer {
            key_id: KeyId([0; 32]),
            role: "SVC:import".to_owned(),
            body: "cambridgeshire".to_owned(),
            acting: false,
            on_behalf_of: String::new(),
        };
        let statement = Statement {
            ledger: "scrutiny.example/test".parse().expect("it reads"),
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("it reads"),
            kind: format!("scrutiny.review.v1.{kind}"),
            stream: stream.parse().expect("it reads"),
            expected: Expected::Any,
            occurred: Occurred { precision, value: occurred.to_owned(), words: String::new() },
            signers: vec![signer],
            marking: Marking::Official,
            regime: Regime::Part3,
            body: body.encode_to_vec().into(),
            sealed: Vec::new(),
            documents: Vec::new(),
            causation: None,
            correlation: None,
            imported: false,
        };
        self.dataset.apply(EntryIndex(self.entries), 0, &statement);
        self.entries += 1;
        self.entries - 1
    }

    fn search(&mut self, n: usize, search: &StopSearchRecorded) -> u64 {
        self.say("StopSearchRecorded", &format!("search/{n}"), "2023-09-12", search)
    }

    fn force(&mut self, n: usize, force: &UseOfForceRecorded) -> u64 {
        self.say("UseOfForceRecorded", &format!("uof/{n}"), "2023-10-02", force)
    }

    fn review(&mut self, level: &str, record: &str, review: &ReviewCompleted) -> u64 {
        self.say("ReviewCompleted", &format!("review/{level}/{record}"), "2023-11-01", review)
    }

    fn view(&self, period: &str) -> DatasetView {
        let population = Population::census_2011();
        let period: Period = period.parse().expect("it reads");
        let question = Question { body: "cambridgeshire", period, population: &population };
        self.dataset.view(&question, &self.standing())
    }

    fn standing(&self) -> Standing {
        Standing { tree_size: TreeSize(self.entries), root: Hash::of(b"a test") }
    }
}

fn cell<'a>(view: &'a DatasetView, measure: &str, name: &str) -> &'a Cell {
    let mut cells = view.measures.iter().filter(|m| m.measure == measure).flat_map(|m| &m.cells);
    cells.find(|c| c.name == name).unwrap_or_else(|| panic!("no {measure}/{name}"))
}

fn of(cell: &Cell) -> (u64, u64, u64, &str) {
    (cell.numerator, cell.denominator, cell.unknown, cell.percent.as_deref().unwrap_or("none"))
}

fn person() -> StopSearchRecorded {
    StopSearchRecorded { search_type: "Person search".to_owned(), ..Default::default() }
}

fn taser(used: TaserUse) -> UseOfForceRecorded {
    let tactic = Tactic { kind: TacticKind::Taser.into(), taser: used.into(), as_written: String::new() };
    let force_of_officer = "cambridgeshire".to_owned();
    UseOfForceRecorded {
        unit: Unit::Force.into(),
        tactics: vec![tactic],
        force_of_officer,
        ..Default::default()
    }
}

#[test]
fn force_was_used_in_94_of_213_searches_of_persons() {
    let mut said = Said::default();
    for n in 0..213 {
        let force_used = if n < 50 { vec![format!("uof/{n}")] } else { Vec::new() };
        said.search(n, &StopSearchRecorded { force_used, ..person() });
    }
    said.search(213, &StopSearchRecorded { search_type: "Vehicle search".to_owned(), ..Default::default() });
    for n in 50..94 {
        said.force(n, &UseOfForceRecorded { search: format!("search/{n}"), ..taser(TaserUse::Drawn) });
    }
    let view = said.view("2023-09");
    assert_eq!(of(cell(&view, "force-in-searches", "all")), (94, 213, 0, "44.1"));
    let behind =
        said.dataset.behind("cambridgeshire", "2023-09".parse().unwrap(), "force-in-searches", "all");
    let behind = behind.unwrap();
    assert_eq!(
        (behind.numerator.len(), behind.rest.len()),
        (94 + 44, 119),
        "a link comes with its record of force"
    );
}

/// Officers fill in the form on force first: its link to a search that was not recorded yet was once lost.
#[test]
fn a_link_counts_whichever_record_comes_first() {
    let mut said = Said::default();
    let force =
        said.force(1, &UseOfForceRecorded { search: "search/7".to_owned(), ..taser(TaserUse::Drawn) });
    let search = said.search(7, &person());
    said.search(8, &person());
    assert_eq!(of(cell(&said.view("2023-09"), "force-in-searches", "all")), (1, 2, 0, "50.0"));
    let period = "2023-09".parse().expect("it reads");
    let behind =
        said.dataset.behind("cambridgeshire", period, "force-in-searches", "all").expect("it is there");
    assert_eq!(behind.numerator, [force, search]);
}

/// A file published anew has every search of the first one again; its figures were twice what they should be, and
/// nothing said so.
#[test]
fn two_files_about_one_month_are_told_beside_the_figures() {
    let mut said = Said::default();
    let mut file = |name: &str, period_words: &str| {
        let (force, period_words) = ("cambridgeshire".to_owned(), period_words.to_owned());
        let body = SourceFileImported { force, period_words, ..Default::default() };
        said.say("SourceFileImported", &format!("source/{name}"), "2023-10-01", &body);
    };
    file("aaaaaaaaaaaaaaaa", "2023-09");
    file("bbbbbbbbbbbbbbbb", "2023-10");
    file("cccccccccccccccc", "2023-10");
    assert_eq!(said.view("2023-09").warnings().count(), 0);
    for period in ["2023-10", "ye-2024-03"] {
        let warnings: Vec<_> = said.view(period).warnings().collect();
        assert_eq!(warnings.len(), 1, "{period}");
        assert!(warnings[0].starts_with("source/bbbbbbbbbbbbbbbb and source/cccccccccccccccc are about"));
    }
}

#[test]
fn ninety_one_of_a_hundred_records_are_reasonable_as_recorded_and_unclear_ones_are_in_no_denominator() {
    let mut said = Said::default();
    let grounds = |grounds: Grounds| ReviewCompleted { grounds: grounds.into(), ..Default::default() };
    for n in 0..200 {
        said.search(n, &person());
    }
    for n in 0..100 {
        let found = if n < 91 { Grounds::Reasonable } else { Grounds::NotReasonable };
        said.review("rgrg", &format!("search/{n}"), &grounds(found));
        let found = if n < 88 { Grounds::Reasonable } else { Grounds::Unclear };
        said.review(
            "supervisor",
            &format!("search/{n}"),
            &grounds(if (88..97).contains(&n) { Grounds::NotReasonable } else { found }),
        );
    }
    let view = said.view("2023-09");
    let rgrg = cell(&view, "reasonable-grounds", "level=rgrg");
    assert_eq!(of(rgrg), (91, 100, 0, "91.0"));
    assert_eq!(rgrg.wilson_95, Some(("83.8".to_owned(), "95.2".to_owned())));
    assert_eq!(of(cell(&view, "reasonable-grounds", "level=supervisor")), (88, 97, 3, "90.7"));
    assert_eq!(of(cell(&view, "searches-reviewed", "level=rgrg")), (100, 200, 0, "50.0"));
    let title = view.find("reasonable-grounds", &["level"]).unwrap().title;
    assert!(title.contains("as recorded"), "{title}");

    // A correction is a new review: it counts, and the one before it stays among the entries behind.
    said.review("rgrg", "search/0", &grounds(Grounds::NotReasonable));
    let view = said.view("2023-09");
    assert_eq!(of(cell(&view, "reasonable-grounds", "level=rgrg")), (90, 100, 0, "90.0"));
}

#[test]
fn thirty_tasers_have_thirty_reviews_and_a_joint_unit_s_is_in_another_denominator() {
    let mut said = Said::default();
    for n in 0..30 {
        said.force(n, &taser(if n < 28 { TaserUse::Drawn } else { TaserUse::Fired }));
    }
    let joint = UseOfForceRecorded {
        unit: Unit::Joint.into(),
        force_of_officer: "hertfordshire".to_owned(),
        force_of_location: "cambridgeshire".to_owned(),
        ..taser(TaserUse::RedDot)
    };
    said.force(30, &joint);
    for n in 0..29 {
        said.review("taser_tl", &format!("uof/{n}"), &ReviewCompleted::default());
    }
    said.review("taser_ttt", "uof/28", &ReviewCompleted::default());
    let view = said.view("2023-10");
    assert_eq!(of(cell(&view, "taser-tl", "all")), (29, 30, 0, "96.7"));
    assert_eq!(of(cell(&view, "taser-ttt-fired", "all")), (1, 2, 0, "50.0"));
    assert_eq!(
        of(cell(&view, "taser-ttt-sample", "all")),
        (0, 29, 0, "0.0"),
        "a joint unit's is one of the others"
    );
    assert_eq!(of(cell(&view, "jps", "all")), (0, 1, 0, "0.0"));
    assert_eq!(of(cell(&view, "force", "taser-use=Fired")), (2, 31, 0, "6.5"));
    let coverage = said.dataset.coverage("cambridgeshire", "2023-10".parse().unwrap(), &said.standing());
    assert_eq!(coverage.uncovered, ["Taser"], "the group never looked at one");

    // A force may count joint units at the Tactical Lead's level.
    let period = ReviewPeriodAdopted { days: 14, includes_joint_units: true, ..Default::default() };
    said.say("ReviewPeriodAdopted", "review-period/cambridgeshire/taser_tl", "2023-11-01", &period);
    assert_eq!(of(cell(&said.view("2023-10"), "taser-tl", "all")), (29, 31, 0, "93.5"));
}

/// The rules let the Taser Training Team review every one fired, whoever fired it; the figure once left joint units'
/// out, so that all was reviewed here while `reviews` had one outstanding.
#[test]
fn the_training_team_s_share_is_of_every_taser_fired_joint_units_included() {
    let mut said = Said::default();
    said.force(0, &taser(TaserUse::Fired));
    let force_of_location = "cambridgeshire".to_owned();
    said.force(
        1,
        &UseOfForceRecorded { unit: Unit::Joint.into(), force_of_location, ..taser(TaserUse::Fired) },
    );
    said.review("taser_ttt", "uof/0", &ReviewCompleted::default());
    let view = said.view("2023-10");
    assert_eq!(of(cell(&view, "taser-ttt-fired", "all")), (1, 2, 0, "50.0"));
    assert_eq!(of(cell(&view, "taser-tl", "all")).1, 1, "the Tactical Lead's are the force's own");
}

#[test]
fn a_drawn_and_fired_taser_counts_as_fired_and_a_tactic_once_a_record() {
    let mut said = Said::default();
    let mut record = taser(TaserUse::Drawn);
    record.tactics.extend(taser(TaserUse::Fired).tactics);
    record.tactics.push(Tactic { kind: TacticKind::HandcuffingCompliant.into(), ..Default::default() });
    record.tactics.push(Tactic { kind: TacticKind::HandcuffingCompliant.into(), ..Default::default() });
    said.force(0, &record);
    let view = said.view("2023-10");
    assert_eq!(of(cell(&view, "force", "taser-use=Fired")), (1, 1, 0, "100.0"));
    assert_eq!(of(cell(&view, "force", "tactic=Taser")), (1, 1, 0, "100.0"));
    assert_eq!(of(cell(&view, "force", "tactic=Handcuffing, compliant")), (1, 1, 0, "100.0"));
}

#[test]
fn ethnicity_is_complete_when_said_or_refused_and_seen() {
    let mut said = Said::default();
    let record = |sde: &str, refused, ode: &str| StopSearchRecorded {
        sde_code: sde.to_owned(),
        sde_refused: refused,
        ode_code: ode.to_owned(),
        ..person()
    };
    for (n, (sde, refused, ode)) in
        [("B1", false, ""), ("", true, "IC3"), ("", false, "IC1"), ("NS", false, "")].into_iter().enumerate()
    {
        said.search(n, &record(sde, refused, ode));
    }
    let view = said.view("2023-09");
    assert_eq!(of(cell(&view, "ethnicity-complete", "all")), (2, 4, 0, "50.0"));
    assert_eq!(of(cell(&view, "searches", "ethnicity=Black")), (2, 4, 0, "50.0"));
    assert_eq!(of(cell(&view, "searches", "basis=Officer-defined")), (2, 4, 0, "50.0"));
}

#[test]
fn footage_found_later_is_in_the_figures_of_the_month_it_belongs_to() {
    let mut said = Said::default();
    for n in 0..4 {
        said.search(n, &person());
    }
    assert_eq!(of(cell(&said.view("2023-09"), "footage", "all")), (0, 4, 4, "none"), "nobody says");
    let footage = |state: FootageState, entire: Answer| FootageRecorded {
        state: state.into(),
        entire: entire.into(),
        ..Default::default()
    };
    said.say(
        "FootageRecorded",
        "footage/search/0",
        "2024-02-01",
        &footage(FootageState::Referenced, Answer::Yes),
    );
    said.say(
        "FootageRecorded",
        "footage/search/1",
        "2024-02-01",
        &footage(FootageState::Missing, Answer::Unspecified),
    );
    let found = said.say(
        "FootageRecorded",
        "footage/search/2",
        "2024-02-01",
        &footage(FootageState::Referenced, Answer::Unspecified),
    );
    let view = said.view("2023-09");
    assert_eq!(of(cell(&view, "footage", "all")), (2, 4, 1, "50.0"));
    assert_eq!(of(cell(&view, "footage-entire", "all")), (1, 2, 1, "50.0"));
    let behind = said.dataset.behind("cambridgeshire", "2023-09".parse().unwrap(), "footage", "all").unwrap();
    assert_eq!(behind.numerator, [0, 2, 4, found]);
}

#[test]
fn a_year_is_the_sum_of_its_months_and_a_record_without_a_month_is_in_none() {
    let mut said = Said::default();
    for (n, on) in ["2023-03", "2023-04", "2024-03", "2024-04"].into_iter().enumerate() {
        said.say("StopSearchRecorded", &format!("search/{n}"), on, &person());
    }
    said.say("StopSearchRecorded", "search/9", "", &person());
    let view = said.view("ye-2024-03");
    assert_eq!((view.records, view.without_month), ([2, 0], 1));
}

/// Cambridgeshire's searches of March 2024 as they were published.
#[test]
fn a_real_month_comes_out_as_a_count_by_hand_has_it() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/stop-search/cambridgeshire/2024-03-cambridgeshire-stop-and-search.csv");
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("SKIPPED: {} is absent", file.display());
        return;
    };
    let mut said = Said::default();
    let source = imports::Source::read(&bytes).unwrap();
    for (row, line) in source.rows() {
        let source_line = line.to_vec().into();
        let record = StopSearchRecorded { source_line, ..Default::default() };
        said.say("StopSearchRecorded", &format!("search/7fcc3018f59cd3f4-{row}"), "2024-03-01", &record);
    }
    let view = said.view("2024-03");
    // Counted by hand: 283 rows; 103 say "True" as linked, 69 of them with an outcome; 169 say nothing.
    assert_eq!(view.records, [283, 0]);
    assert_eq!(of(cell(&view, "find-rate", "all")), (103, 283, 169, "36.4"));
    assert_eq!(of(cell(&view, "linked-outcome", "all")).0, 69);
    assert_eq!(
        of(cell(&view, "force-in-searches", "all")).2,
        cell(&view, "force-in-searches", "all").denominator
    );
    assert_eq!(of(cell(&view, "possession-only", "all")), (0, 283, 201, "none"), "nobody said which");
    let all: u64 = view.find("searches", &["ethnicity"]).unwrap().cells.iter().map(|c| c.numerator).sum();
    assert_eq!(all, 283);
    let white = &view.disparities[0].groups[0];
    assert_eq!((white.group, white.population), ("White", 726_531));
    assert_eq!(white.relative.as_deref(), Some("1.0"));
}
