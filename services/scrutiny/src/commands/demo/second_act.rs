//! The demonstration's second act: a month of real searches, imported, sampled and reviewed.
//!
//! The searches are real. The reviews are not: nobody outside the force can see the grounds of a search, so what the
//! reviewer "found" is an example and says so.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use clap::Parser as _;
use imports::record::ROLE;
use ledger_draft::Person;
use serde_json::{Value, json};

use super::holders;
use crate::cli::{Cli, Common, ImportFiles, Level, PowerName, SampleCheck, SampleDraw, SampleFrame};
use crate::commands::{import, sample};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::writing::Writer;

/// Every stop and search of Cambridgeshire Constabulary in April 2024, as published on data.police.uk under the Open
/// Government Licence v3.0 (`demo/data`).
const MONTH: (&str, &[u8]) = (
    "2024-04-cambridgeshire-stop-and-search.csv",
    include_bytes!("../../../../../demo/data/2024-04-cambridgeshire-stop-and-search.csv"),
);

const TEMPLATE: &str = "scrutiny-stop-search-monthly";

/// The cell that counts the reviews of the Reasonable Grounds Review Group, in the table of that name.
const REVIEWS_COUNTED: &str = "B5";

const SAMPLE: &str = "rgrg-2024-04";
const BODY: &str = "cambridgeshire";

/// How many are drawn, and of how many the review is shown.
const DRAWN: u32 = 5;
const REVIEWED: usize = 3;

/// What the example reviews say, in the order of drawing.
const SAID: [(&str, &str); REVIEWED] =
    [("reasonable", "no_concern"), ("unclear", "learning"), ("reasonable", "no_concern")];

pub(super) fn run(dir: &Path, people: &[Person], at: &Common, out: Output) -> Done {
    let hushed = out.without_hints();
    out.say("\n5. A month of real searches: each row of the published file becomes an entry of its own\n");
    let file = dir.join(MONTH.0);
    fs::write(&file, MONTH.1).map_err(io(&file))?;
    let importer = signer(people, ROLE)?;
    import::stop_search(&published(&file, importer), at, hushed)?;

    let lead = signer(people, "TL")?;
    out.say(&format!("\n6. A sample for review: {DRAWN} of them, drawn so that nobody could choose which\n"));
    sample::frame(&frame(&lead), at, hushed)?;
    // Anything recorded behind the frame brings the seed. Here a force adopts a period for such reviews.
    record(&[period(people)?], at, out)?;
    out.say("");
    sample::draw(&SampleDraw { name: SAMPLE.to_owned(), by: lead.clone() }, at, hushed)?;
    out.say("");
    record(&reviews(people, &lead, at, out)?, at, out)?;
    out.say("");
    sample::check(&SampleCheck { name: SAMPLE.to_owned(), target: None, at: None }, at, hushed)?;

    out.say("\n7. The month's figures for the meeting: how often what was searched for was found\n");
    type_in(
        &["dataset", "show", "--period", "2024-04", "--measure", "find-rate", "--by", "ethnicity"],
        at,
        hushed,
    )?;
    out.say("\n8. A submission of the month: prepared, made again by somebody who doubts it, and one cell explained\n");
    let folder = dir.join("submission").display().to_string();
    let prepare = ["submission", "prepare", TEMPLATE, "--period", "2024-04", "--out", &folder];
    let to = ["--by", &signer(people, "G&I")?, "--to", "hmicfrs"];
    type_in(&[&prepare[..], &to].concat(), at, hushed)?;
    out.say("");
    type_in(&["submission", "check", &folder], at, hushed)?;
    out.say("");
    type_in(&["explain", &format!("{folder}/reasonable_grounds.csv"), REVIEWS_COUNTED], at, hushed)
}

/// Runs a command as a person would type it.
fn type_in(words: &[&str], at: &Common, out: Output) -> Done {
    let (ledger, keys) = (at.ledger.as_os_str(), at.keys.as_os_str());
    let before = ["scrutiny", "--ledger"].map(OsStr::new);
    let words = words.iter().map(OsStr::new);
    let all = before.into_iter().chain([ledger, OsStr::new("--keys"), keys]).chain(words);
    let cli = Cli::try_parse_from(all).expect("the demonstration types what the program reads");
    crate::run(cli, out)
}

fn published(file: &Path, by: String) -> ImportFiles {
    ImportFiles {
        files: vec![file.to_owned()],
        by: Some(by),
        force: None,
        period: None,
        publisher: Some("data.police.uk".to_owned()),
        licence: Some("Open Government Licence v3.0".to_owned()),
        replaces: None,
        url: Some("https://data.police.uk/data/".to_owned()),
    }
}

fn frame(lead: &str) -> SampleFrame {
    SampleFrame {
        name: SAMPLE.to_owned(),
        level: Level::Rgrg,
        power: PowerName::Search,
        source: Vec::new(),
        month: Some("2024-04".to_owned()),
        to: None,
        filters: vec!["object=Controlled drugs".to_owned()],
        n: DRAWN,
        purpose: Some("Reasonable grounds, April 2024: an example".to_owned()),
        by: lead.to_owned(),
        dry_run: false,
    }
}

fn period(people: &[Person]) -> Done<Value> {
    Ok(json!({
        "kind": "ReviewPeriodAdopted",
        "stream": format!("review-period/{BODY}/rgrg"),
        "signed_by": signer(people, "LEAD")?,
        "body": { "days": 28, "basis": "An example: no source gives a number of days" },
    }))
}

/// An assignment and a review for each of the first records drawn.
fn reviews(people: &[Person], lead: &str, at: &Common, out: Output) -> Done<Vec<Value>> {
    let reviewer = signer(people, "REV")?;
    let pseudonym = pseudonym(people, "REV");
    let drawn = sample::drawn_records(SAMPLE, at, out)?;
    let review = |(record, (grounds, outcome)): (&String, &(&str, &str))| {
        let stream = format!("review/rgrg/{record}");
        let assigned = json!({
            "kind": "ReviewAssigned", "stream": stream, "signed_by": lead,
            "body": { "reviewer_pseudonym": pseudonym },
        });
        let completed = json!({
            "kind": "ReviewCompleted", "stream": stream, "signed_by": reviewer,
            "body": {
                "outcome": outcome, "saw_record": true, "grounds": grounds, "sample": format!("sample/{SAMPLE}"),
                "saw_other": "An example: nobody reviewed this record",
            },
        });
        [assigned, completed]
    };
    Ok(drawn.iter().zip(&SAID).flat_map(review).collect())
}

fn record(statements: &[Value], at: &Common, out: Output) -> Done {
    let writer = Writer::open(at, out)?;
    for statement in statements {
        for durable in writer.record_value(statement)? {
            let line = Book::open(&at.ledger)?.line(durable.index)?;
            let said = line.map(|line| line.entry.statement);
            let (kind, stream) = said.map_or_else(Default::default, |s| (s.kind, s.stream.to_string()));
            let kind = kind.rsplit('.').next().unwrap_or_default();
            out.say(&format!("   #{} {kind} in {stream}", durable.index));
        }
    }
    let size = writer.publish()?;
    out.say(&format!("   A checkpoint covers {}.", count(size, "entry", "entries")));
    Ok(())
}

/// Who signs in a role for the force: "tactical-lead as TL of cambridgeshire".
fn signer(people: &[Person], role: &str) -> Done<String> {
    let of_force = format!(" of {BODY}");
    let found = holders(people, role).into_iter().find(|signer| signer.ends_with(&of_force));
    found.ok_or_else(|| Stop::Usage(format!("demo/people.yaml: nobody holds {role} at {BODY}")))
}

fn pseudonym(people: &[Person], role: &str) -> String {
    let roles = people.iter().flat_map(|person| &person.roles);
    let held = roles.into_iter().find(|held| held.role == role && held.body == BODY);
    held.and_then(|held| held.pseudonym.clone()).unwrap_or_default()
}
