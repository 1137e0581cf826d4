//! From a month of real searches to the return that was sent, and back from a cell of it to the entries behind.

use std::fs;

use serde_json::Value;

use crate::harness::{Answer, Scene, root};

const MONTH: &str = "2024-04-cambridgeshire-stop-and-search.csv";
const TEMPLATE: &str = "scrutiny-stop-search-monthly";
const OFFICER: &str = "governance-officer as G&I of cambridgeshire";
const CHIEF: &str = "chief-constable-cambridgeshire as CC of cambridgeshire";

fn with_a_month() -> Scene {
    let scene = Scene::with_people();
    let file = root().join("demo/data").join(MONTH);
    let answer = scene.run(["import", "stop-search", file.to_str().expect("a path in UTF-8"), "--quiet"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    scene
}

fn prepare(scene: &Scene, out: &str) -> Value {
    scene.json(["submission", "prepare", TEMPLATE, "--period", "2024-04", "--out", out])
}

/// An officer's own record of a search, which comes late.
fn late_form(scene: &Scene) {
    let example = scene.run(["kinds", "StopSearchRecorded", "--example", "--quiet"]).stdout;
    let own = example.split("- kind:").last().expect("the second example is a force's own record");
    let own = format!("kind:{}", own.replace("\n  ", "\n").replace("occurred: 2024-06", "occurred: 2024-04"));
    scene.accept(&own);
}

#[test]
fn a_return_is_prepared_approved_sent_and_made_again_by_whoever_doubts_it() {
    let scene = with_a_month();
    let by = ["--by", OFFICER, "--to", "home-office"];
    let all = ["submission", "prepare", TEMPLATE, "--period", "2024-04", "--out", "return", "--json"];
    let prepared = scene.run(all.iter().chain(&by));
    assert_eq!(prepared.code, 0, "{prepared:?}");
    let digest = prepared.result()["manifest_sha256"].clone();
    let approved = scene.json(["submission", "approve", "return", "--by", CHIEF]);
    assert_eq!(approved["manifest_sha256"], digest);
    scene.json(["submission", "send-record", "return", "--by", OFFICER, "--to", "home-office"]);
    scene.json(["submission", "send-record", "return", "--by", OFFICER, "--receipt", "HO 17"]);

    // Made again from the ledger, and from an export by somebody without a key: every byte is the same.
    scene.json(["export", "ledger", "copy"]);
    for from in ["ledger", "copy"] {
        let checked = scene.json(["submission", "check", "return", "--from", from]);
        assert_eq!((&checked["same"], &checked["manifest_sha256"]), (&Value::Bool(true), &digest));
        let stages: Vec<_> =
            checked["recorded"].as_array().expect("a list").iter().map(|s| &s["stage"]).collect();
        assert_eq!(stages, ["prepared", "approved", "sent", "acknowledged"]);
    }

    // One byte more, or a file that nobody made: named, and neither approved nor explained.
    fs::write(scene.path("return/ages.csv"), "Age,Searches\r\n").expect("a file can be written");
    fs::write(scene.path("return/note.txt"), "x").expect("a file can be written");
    let checked = scene.run(["submission", "check", "return", "--json"]);
    assert_eq!(checked.code, 3, "{checked:?}");
    let differences = checked.result()["differences"].to_string();
    assert!(differences.contains("ages.csv differs") && differences.contains("note.txt"), "{differences}");
    for doubtful in
        [vec!["submission", "approve", "return", "--by", CHIEF], vec!["explain", "return/ages.csv", "B2"]]
    {
        assert_eq!(scene.run(doubtful).code, 3);
    }
}

#[test]
fn a_cell_leads_to_its_entries_and_each_of_them_is_proved() {
    let scene = with_a_month();
    prepare(&scene, "return");
    let explain = |file: &str, cell: &str| -> Answer {
        scene.run(["explain", &format!("return/{file}"), cell, "--proofs", "proofs", "--json"])
    };
    let text = fs::read_to_string(scene.path("return/find_rates.csv")).expect("the table is there");
    let white: Vec<&str> =
        text.lines().find(|line| line.starts_with("White,")).expect("a row").split(',').collect();
    let found = explain("find_rates.csv", "B2");
    assert_eq!(found.code, 0, "{found:?}");
    let found = found.result();
    assert_eq!((&found["row"], &found["shows"]), (&"ethnicity=White".into(), &white[1].into()));
    let entries = found["grounds"][0]["entries"].as_array().expect("a list").clone();
    assert_eq!(entries.len().to_string(), white[1], "as many entries as the cell counts");

    let policy = scene.run(["policy"]).stdout;
    fs::write(scene.path("policy"), policy).expect("a file can be written");
    for entry in entries.iter().take(5) {
        let proof = format!("proofs/{}.tlog-proof", entry["index"]);
        assert_eq!(scene.run(["check", &proof, "--policy", "policy"]).code, 0, "{proof}");
    }
    // The same cell in the workbook: the table stands below its title and notes.
    let same = (1..40).map(|row| explain(&format!("{TEMPLATE}.ods"), &format!("find_rates!B{row}")));
    let same = same.filter(|a| a.code == 0).find(|a| a.result()["row"] == "ethnicity=White");
    let same = same.expect("a cell of the workbook").result();
    assert_eq!(same["grounds"][0]["entries"], found["grounds"][0]["entries"]);

    for (cell, code) in [("A5", 2), ("B1", 5), ("Z9", 5), ("find_rates!B5", 5), ("", 5)] {
        assert_eq!(explain("find_rates.csv", cell).code, code, "{cell}");
    }
    assert_eq!(explain("input-residents.csv", "B3").code, 5, "an input is explained by nobody");
}

#[test]
fn a_late_form_revises_the_month_and_overwrites_nothing() {
    let scene = with_a_month();
    let table = |reason: Option<&str>| {
        let meeting = "meeting/cambs.srm/2024-05-14";
        let all = ["dataset", "table", "--period", "2024-04", "--meeting", meeting, "--json"];
        let by = ["--by", "analyst as AN of cambridgeshire"];
        let reason: Vec<&str> = reason.map_or_else(Vec::new, |r| vec!["--reason", r]);
        scene.run(all.iter().chain(&by).chain(&reason))
    };
    let first = table(None);
    assert_eq!(first.code, 0, "{first:?}");
    prepare(&scene, "before");
    late_form(&scene);
    assert_eq!(table(None).code, 2, "figures that are revised say why");
    let second = table(Some("A form that came late"));
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(second.result()["revises"], first.result()["sha256"]);

    let revisions = scene.json(["dataset", "revisions", "--period", "2024-04"]);
    let editions = revisions["editions"].as_array().expect("a list");
    assert!(editions.iter().all(|e| e["holds"] == true) && editions.len() == 3, "{editions:?}");
    let changes = revisions["changes"].as_array().expect("a list");
    let all = changes.iter().find(|c| c["figure"] == "searches/all").expect("there is one search more");
    assert_ne!(all["before"], all["after"]);

    prepare(&scene, "after");
    let diff = scene.json(["submission", "diff", "before", "after"]);
    let changed = diff["changes"].as_array().expect("a list");
    assert!(changed.iter().any(|c| c["table"] == "search_types" && c["row"] == "Person search"), "{diff}");
    assert_eq!(scene.run(["submission", "check", "before"]).code, 0, "what was sent stays what it was");
}

#[test]
fn the_public_sees_no_small_number_and_none_that_gives_one_away() {
    let scene = with_a_month();
    let first = scene.json(["publication", "publication-stop-search", "--period", "2024-04", "--out", "one"]);
    assert!(first["withheld"].as_u64().expect("a count") > 0);
    let counts = |dir: &str| -> Vec<u64> {
        let mut found = Vec::new();
        for item in fs::read_dir(scene.path(dir)).expect("a folder") {
            let path = item.expect("a file").path();
            let is_table = path.extension().is_some_and(|e| e == "csv") && !path.ends_with("withheld.csv");
            let text = if is_table { fs::read_to_string(&path).expect("text") } else { String::new() };
            found.extend(
                text.lines()
                    .skip(1)
                    .flat_map(|l| l.rsplit(',').take(2).flat_map(str::parse::<u64>).collect::<Vec<_>>()),
            );
        }
        found
    };
    assert!(counts("one").iter().all(|n| *n >= 5), "{:?}", counts("one"));
    let page = fs::read_to_string(scene.path("one/index.html")).expect("the page");
    assert!(page.contains("SMALL_NUMBERS") && page.contains("<caption>") && page.contains("lang=\"en-GB\""));

    // One form more: no cell moves by one in public.
    let statement = first["statement"].as_str().expect("a statement");
    let statement =
        statement.replace("KEY", "governance-officer").replace("ADDRESS", "force.example/stop-search");
    scene.accept(&statement);
    late_form(&scene);
    let again = ["publication", "publication-stop-search", "--period", "2024-04"];
    let refused = scene.run(again.iter().chain(&["--out", "one"]));
    assert_eq!(refused.code, 7, "an earlier edition is not written over: {refused:?}");
    let forgetful = scene.run(again.iter().chain(&["--out", "two"]));
    assert!(forgetful.code == 7 && forgetful.stderr.contains("--previous"), "{forgetful:?}");
    let second = scene.run(again.iter().chain(&["--out", "two", "--previous", "one"]));
    assert_eq!(second.code, 0, "{second:?}");
    for table in ["search_types.csv", "find_rates.csv", "outcomes.csv"] {
        let read = |dir: &str| fs::read_to_string(scene.path(dir).join(table)).expect("a table");
        for (old, new) in read("one").lines().zip(read("two").lines()) {
            let same_or_withheld = old == new || new.contains("[c]");
            assert!(same_or_withheld, "{table}: {old} became {new}");
        }
    }
    let other = scene.run(again.iter().chain(&["--out", "three", "--previous", "two"]));
    assert!(
        other.code == 7 && other.stderr.contains("what was published last"),
        "two never went out: {other:?}"
    );
}

#[test]
fn bad_questions_are_answered_with_what_would_be_good_ones() {
    let scene = with_a_month();
    for (args, code, word) in [
        (vec!["dataset", "show", "--body", "kent"], 5, "cambridgeshire"),
        (vec!["dataset", "show", "--period", "April"], 2, "2024-03"),
        (vec!["dataset", "show", "--measure", "luck"], 5, "find-rate"),
        (vec!["dataset", "show", "--measure", "find-rate", "--by", "luck"], 5, "ethnicity"),
        (vec!["submission", "prepare", "annual-data-requirement"], 5, "templates"),
        (vec!["submission", "prepare", "scrutiny-stop-search-year", "--period", "2024-04"], 2, "year"),
        (vec!["submission", "check", "nowhere"], 5, "manifest.json"),
        (vec!["explain", "dataset/cambridgeshire/2024-04/luck/all"], 5, "no figure"),
        (vec!["publication", TEMPLATE, "--period", "2024-04"], 2, "one heading"),
    ] {
        let answer = scene.run(&args);
        assert!(answer.code == code && answer.stderr.contains(word), "{args:?}: {answer:?}");
    }
    let empty = Scene::with_people();
    let none = empty.run(["dataset", "months"]);
    assert!(none.code == 0 && none.stderr.contains("import stop-search"), "{none:?}");
    assert_eq!(empty.run(["dataset", "show"]).code, 5);
}
