//! How long the dataset and a return take over many searches:
//! `cargo run --release -p submissions --example quarter_million [RECORDS]`.
//!
//! The searches are rows in the public columns, spread over three years. Everything is measured from the bytes of
//! entries as a ledger keeps them to the files of a return; reading them from a disk is not.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::Frontier;
use ledger_core::statement::Statement;
use projector::dataset::month::{Month, Period};
use projector::dataset::population::Population;
use projector::dataset::{Dataset, Question};
use projector::{Projection as _, Standing};
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::review::v1::StopSearchRecorded;
use submissions::fill::Stamp;
use submissions::submission::Submission;
use submissions::template::Template;

fn main() {
    let wanted = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(250_000_u64);
    let all: Vec<Bytes> = (0..wanted).map(statement).collect();
    let bytes: usize = all.iter().map(Bytes::len).sum();
    println!("{wanted} statements of {} bytes on average", bytes / all.len().max(1));

    let (dataset, standing) = told("parsing, hashing and folding", || fold(&all));
    let population = Population::census_2011();
    let months: Vec<Month> = dataset.months().into_values().flatten().collect();
    let view = |period| {
        dataset.view(&Question { body: "cambridgeshire", period, population: &population }, &standing)
    };
    told(&format!("the whole dataset, {} months one by one", months.len()), || {
        months.iter().for_each(|month| drop(black_box(view(Period::month(*month)))));
    });
    let year: Period = "ye-2024-03".parse().expect("a period");
    told("the figures of a year", || black_box(view(year)));
    let behind = told("the entries behind one figure of a year", || {
        dataset.behind("cambridgeshire", year, "find-rate", "ethnicity=White").expect("it is a figure")
    });
    println!("  {} entries", behind.numerator.len() + behind.rest.len() + behind.unknown.len());

    let template = Template::ours("scrutiny-stop-search-year").expect("it is one of ours");
    let make = || {
        let (dataset, standing) = fold(&all);
        let view = dataset
            .view(&Question { body: "cambridgeshire", period: year, population: &population }, &standing);
        Submission::make(&template, &population, &view, Stamp { ledger: "scrutiny.example/load", made: 0 })
            .expect("it can be filled")
    };
    let made = told("a return prepared, from the entries' bytes", make);
    let wrong = told("and made again and compared", || {
        make().differences(|name| match made.files.iter().find(|(file, _)| file == name) {
            Some((_, bytes)) => Some(bytes.clone()),
            None => Some(made.manifest.to_bytes()),
        })
    });
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn fold(all: &[Bytes]) -> (Dataset, Standing) {
    let mut dataset = Dataset::default();
    let mut frontier = Frontier::new();
    for (index, bytes) in (0..).zip(all) {
        let statement = Statement::parse(bytes).expect("it was made as one");
        dataset.apply(EntryIndex(index), 0, &statement);
        frontier.push(Hash::leaf(bytes));
    }
    (dataset, Standing { tree_size: TreeSize(all.len() as u64), root: frontier.root() })
}

fn told<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = now();
    let done = work();
    println!("{:>8.3} s  {what}", (now() - started).as_secs_f64());
    done
}

/// Time since the example began, by the system's steady clock.
fn now() -> Duration {
    static BEGIN: OnceLock<std::time::Instant> = OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed()
}

/// The statement of one row; everything in it follows from its number.
fn statement(n: u64) -> Bytes {
    const TYPES: [&str; 3] = ["Person search", "Person search", "Person and Vehicle search"];
    const SELF: [&str; 6] = [
        "White - English/Welsh/Scottish/Northern Irish/British",
        "White - Any other White background",
        "Asian/Asian British - Pakistani",
        "Black/African/Caribbean/Black British - African",
        "Other ethnic group - Not stated",
        "",
    ];
    const SEEN: [&str; 4] = ["White", "Black", "Asian", "Other"];
    const OBJECTS: [&str; 4] = ["Controlled drugs", "Controlled drugs", "Offensive weapons", "Stolen goods"];
    const OUTCOMES: [&str; 4] =
        ["A no further action disposal", "A no further action disposal", "Arrest", "Community resolution"];
    let mut random = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut pick = |words: &[&'static str]| {
        random = random.rotate_left(17).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        words[usize::try_from(random >> 33).unwrap_or(0) % words.len()]
    };
    let (year, month, day) = (2021 + n / 12 % 3, n % 12 + 1, n % 28 + 1);
    let line = format!(
        "{},{year}-{month:02}-{day:02}T10:{:02}:00+00:00,False,,52.2,0.1,Male,18-24,{},{},Misuse of Drugs Act 1971 \
         (section 23),{},{},{},False\r\n",
        pick(&TYPES),
        n % 60,
        pick(&SELF),
        pick(&SEEN),
        pick(&OBJECTS),
        pick(&OUTCOMES),
        pick(&["True", "False", "", ""]),
    );
    let body = StopSearchRecorded { source_line: line.into_bytes().into(), ..Default::default() };
    let signer = wire::Signer {
        key_id: Bytes::from(vec![7; 32]),
        role: "SVC:import".to_owned(),
        body: "cambridgeshire".to_owned(),
        ..Default::default()
    };
    let mut id = n.to_be_bytes().repeat(2);
    (id[6], id[8]) = (0x70, 0x80);
    let statement = wire::Statement {
        ledger: "scrutiny.example/load".to_owned(),
        id: id.into(),
        kind: "scrutiny.review.v1.StopSearchRecorded".to_owned(),
        stream: format!("search/7fcc3018f59cd3f4-{}", n + 1),
        expected: Some(wire::statement::Expected::ExpectedVersion(0)),
        occurred: Some(wire::Occurred {
            precision: wire::Precision::Instant.into(),
            value: format!("{year}-{month:02}-{day:02}T10:{:02}:00Z", n % 60),
            words: String::new(),
        }),
        signers: vec![signer],
        marking: wire::Marking::Official.into(),
        regime: wire::Regime::None.into(),
        body: body.encode_to_vec().into(),
        imported: true,
        ..Default::default()
    };
    statement.encode_to_vec().into()
}
