//! What an analyst does with the files that every force publishes: imports them, is interrupted, goes on, makes
//! mistakes, and gets every file back.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::{Answer, Scene, root};

const MONTH: &str = "2024-04-cambridgeshire-stop-and-search.csv";

fn month() -> Vec<u8> {
    fs::read(root().join("demo/data").join(MONTH)).expect("the project carries one month")
}

impl Scene {
    fn put(&self, name: &str, bytes: &[u8]) -> &Self {
        fs::write(self.path(name), bytes).expect("a file can be written");
        self
    }

    /// How many rows were read, added, there already, flagged.
    fn import(&self, name: &str) -> [u64; 4] {
        let result = self.json(["import", "stop-search", name]);
        ["rows_read", "added", "already_there", "flagged"].map(|what| result[what].as_u64().expect("a count"))
    }

    fn written_again(&self, name: &str) -> Vec<u8> {
        let out = format!("{name}.again");
        let answer = self.run(["import", "export-source", name, "--out", &out]);
        assert_eq!(answer.code, 0, "{answer:?}");
        fs::read(self.path(&out)).expect("it was written")
    }
}

#[test]
fn a_month_is_imported_once_and_comes_back_byte_for_byte() {
    let scene = Scene::with_people();
    let none = scene.run(["import", "sources"]);
    assert!(none.stdout.contains("No file was imported yet."), "{none:?}");
    scene.put(MONTH, &month());
    let before = scene.size();
    assert_eq!(scene.import(MONTH), [197, 197, 0, 0]);
    assert_eq!(scene.size(), before + 198, "the file and each of its rows");
    assert_eq!(scene.import(MONTH), [197, 0, 197, 0], "a second time adds nothing");
    assert_eq!(scene.size(), before + 198);
    assert_eq!(scene.written_again(MONTH), month());

    let sources = scene.json(["import", "sources"]);
    assert_eq!(sources[0]["source"], "source/7b8bb2f318d0435a");
    assert_eq!(sources[0]["force"], "cambridgeshire");
    assert_eq!(sources[0]["period"], "2024-04");
    let first = scene.run(["show", "search/7b8bb2f318d0435a-1"]);
    assert!(first.code == 0 && first.stdout.contains("SVC:import of cambridgeshire"), "{first:?}");
}

/// Rows that people would call broken: a byte order mark, mixed line endings, a value over two lines, bytes that are
/// no UTF-8, two rows that are the same, words that nobody knows, no end to the last line.
#[test]
fn every_row_survives_whatever_it_looks_like() {
    let scene = Scene::with_people();
    let text = String::from_utf8(month()).expect("published in UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    bytes.extend(format!("{}\r\n{}\n{}\r\n\r\n{}\r", lines[0], lines[1], lines[1], lines[2]).bytes());
    bytes.extend(lines[3].replace("Cambridge", "").replacen("Person", "\"Per\r\nson\"", 1).bytes());
    bytes.extend(b"\n");
    let strange = lines[4].split(',').enumerate().map(|(at, value)| match at {
        1 => "2204-04-01T10:00:00+00:00",
        12 => "Told off",
        13 => "maybe",
        _ => value,
    });
    bytes.extend(strange.collect::<Vec<_>>().join(",").bytes());
    bytes.extend(b"\r\nPerson search,2024-04-02,,Caf\xe9,,,,,,,,,,,");
    scene.put("odd.csv", &bytes);
    assert_eq!(
        scene.import("odd.csv"),
        [6, 6, 0, 5],
        "a day to come, two words, a type over two lines, no text"
    );
    assert_eq!(scene.written_again("odd.csv"), bytes);
    assert_eq!(scene.json(["verify", "ledger"])["verdict"]["state"], "clean");

    let array = b"[\n  {\"type\": \"Person search\", \"datetime\": \"2024-04-02T10:00:00+00:00\", \"outcome\": false}  ,\r\n{\"datetime\":\"\",\"type\":\"Person search\",\"new\":[1,{\"]\":2}]}\n] \n";
    scene.put("answer.json", array);
    assert_eq!(scene.import("answer.json")[..2], [2, 2]);
    assert_eq!(scene.written_again("answer.json"), array);
    let renamed = scene.run(["import", "stop-search", "answer.json", "--force", "cambridgeshire"]);
    assert_eq!(renamed.code, 7, "{renamed:?}");
    assert!(renamed.stderr.contains("answer.json is recorded with no force, by entry #"), "{renamed:?}");
}

#[test]
fn a_file_that_is_none_changes_nothing_and_says_what_is_wrong() {
    let scene = Scene::with_people();
    let good = month();
    let text = String::from_utf8(good.clone()).expect("published in UTF-8");
    let end = good.len() - 100;
    scene
        .put(MONTH, &good)
        .put("empty.csv", b"")
        .put("page.csv", b"<!DOCTYPE html><title>404</title>")
        .put("street.csv", b"Crime ID,Month,Reported by\r\n1,2024-04,Cambridgeshire Constabulary\r\n")
        .put("cut.csv", &good[..end])
        .put("short.csv", text.replacen(",False\r\n", "\r\n", 1).as_bytes())
        .put("answer.json", b"[{\"type\":\"Person search\"");
    let before = scene.size();
    let refused = |args: &[&str], code: i32, says: &str| {
        let answer: Answer = scene.run(["import", "stop-search"].iter().chain(args));
        assert_eq!(answer.code, code, "{args:?}: {answer:?}");
        assert!(answer.stderr.contains(says), "{args:?}: {answer:?}");
    };
    refused(&["nowhere.csv"], 5, "nowhere.csv");
    refused(&["empty.csv"], 2, "empty.csv: the file is empty");
    refused(&["page.csv"], 2, "page.csv: it is neither a CSV file nor a JSON array");
    refused(&["street.csv"], 2, "unknown [\"Crime ID\", \"Month\", \"Reported by\"]");
    refused(
        &["cut.csv"],
        2,
        "row 197 (line 198) has 9 values where the first line names 15 columns; is the file cut short?",
    );
    refused(&["short.csv"], 2, "has 14 values");
    refused(&["answer.json"], 2, "element 1, at byte 1");
    refused(
        &[MONTH, "--force", "cumbria"],
        2,
        "its name says it is of cambridgeshire, and --force says cumbria",
    );
    refused(&[MONTH, "--by", "tactical-lead as TL of cambridgeshire"], 2, "imports are signed as SVC:import");
    // The first of the two is good. Nothing of it is recorded either.
    refused(&[MONTH, "cut.csv"], 2, "cut.csv: row 197");
    assert_eq!(scene.size(), before, "nothing was recorded");
    assert_eq!(scene.import(MONTH), [197, 197, 0, 0], "and nothing stands in the way of the good file");
    let unknown = scene.run(["import", "export-source", "other.csv"]);
    assert!(unknown.code == 5 && unknown.stderr.contains("no such file was imported"), "{unknown:?}");
}

/// The program is killed with SIGKILL while it imports, again and again, each time a little later.
#[test]
fn an_import_that_is_killed_goes_on_where_it_stopped() {
    let scene = Scene::with_people();
    let text = String::from_utf8(month()).expect("published in UTF-8");
    let (head, rows) = text.split_once("\r\n").expect("a line of columns");
    let big = format!("{head}\r\n{}", rows.repeat(60));
    let all = 60 * 197;
    scene.put("big.csv", big.as_bytes());
    let mut killed = 0;
    for round in 0..12 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scrutiny"))
            .args(["import", "stop-search", "big.csv", "--quiet"])
            .current_dir(scene.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_millis(40 + 90 * round));
        let was_running = child.try_wait().expect("it can be asked").is_none();
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        killed += u32::from(was_running);
        if !was_running {
            break;
        }
    }
    assert!(killed > 0, "at least one import was killed");
    let [read, added, already, _] = scene.import("big.csv");
    assert_eq!((read, added + already), (all, all));
    assert_eq!(scene.import("big.csv"), [all, 0, all, 0]);
    assert_eq!(scene.json(["import", "sources"])[0]["rows_there"], all);
    assert_eq!(scene.written_again("big.csv"), big.as_bytes());
    assert_eq!(scene.json(["verify", "ledger"])["verdict"]["state"], "clean");
}

/// The recap of October 2023: what is stated for the month before is not what its two parts come to.
#[test]
fn a_table_that_does_not_add_up_raises_an_issue_with_the_difference_once() {
    let scene = Scene::with_people();
    let recap = "Type of force,Tactic,Previous month,Current month\r\n\
                 Restraint,\"Handcuffing, of which\",581,533\r\n\
                 Restraint,Compliant handcuffing,339,311\r\n\
                 Restraint,Non-compliant handcuffing,254,222";
    scene
        .put("recap.csv", recap.as_bytes())
        .put("words.csv", b"no columns\n")
        .put("book.ods", b"PK\x03\x04 no book");
    let before = scene.size();
    let imported = scene.json(["import", "use-of-force", "recap.csv", "--period", "October 2023"]);
    assert_eq!((&imported["added"], &imported["totals_compared"]), (&3.into(), &2.into()));
    let issue = &imported["issues"][0];
    assert_eq!(
        (&issue["stated"], &issue["computed"], &issue["difference"]),
        (&581.into(), &593.into(), &12.into())
    );
    assert_eq!(issue["parts"], "Compliant handcuffing 339 + Non-compliant handcuffing 254");
    assert_eq!(imported["issues"].as_array().map(Vec::len), Some(1), "533 is what its parts come to");
    assert_eq!(scene.size(), before + 5, "the file, three rows, the issue");
    let stream = issue["stream"].as_str().expect("a stream");
    let shown = scene.run(["show", stream]);
    assert!(shown.code == 0 && shown.stdout.contains("DataQualityIssueRecorded"), "{shown:?}");

    let again = scene.json(["import", "use-of-force", "recap.csv"]);
    assert_eq!((&again["added"], &again["issues"][0]["new"]), (&0.into(), &false.into()));
    assert_eq!(scene.size(), before + 5);
    assert_eq!(scene.written_again("recap.csv"), recap.as_bytes());
    for (file, says) in
        [("words.csv", "neither a CSV file"), ("book.ods", "book.ods: "), ("gone.csv", "gone.csv")]
    {
        let answer = scene.run(["import", "use-of-force", file]);
        assert!(matches!(answer.code, 2 | 5) && answer.stderr.contains(says), "{answer:?}");
    }
    assert_eq!(scene.size(), before + 5);
}

/// The Home Office's own tables: every total that can be compared with its parts is what they come to.
#[test]
fn the_tables_of_the_home_office_are_imported_from_csv_and_from_workbooks() {
    let folder = root().join("../shared/data/use-of-force");
    let files =
        ["ced-by-force-april2018-march2019.csv", "police-use-of-force-apr2017-mar2018-hosb3018-tables.ods"];
    if !folder.join(files[1]).exists() {
        println!("SKIPPED: {} is not on this machine", folder.display());
        return;
    }
    let scene = Scene::with_people();
    let paths = files.map(|file| folder.join(file).display().to_string());
    let imported = scene.json(["import", "use-of-force", &paths[0], &paths[1]]);
    assert_eq!(imported["totals_that_differ"], 0, "{}", imported["issues"]);
    assert!(imported["totals_compared"].as_u64() > Some(1_000), "{imported}");
    let sheets = imported["files"].as_array().expect("a list").len();
    assert_eq!(sheets, 16, "one file, and fifteen tables of the workbook");
    assert_eq!(scene.written_again(files[0]), fs::read(&paths[0]).expect("it can be read"));
    let sheet = scene.run(["import", "export-source", &format!("{} Table_12.csv", files[1])]);
    assert!(sheet.stdout.contains("East of England,Cambridgeshire,"), "{sheet:?}");
}

/// The same searches once more in another file: rows in another order, or a revised publication. Nothing tells them
/// apart from new ones, so they are imported, and the person is told.
#[test]
fn the_same_file_by_another_name_and_another_file_of_the_same_month_are_told() {
    let scene = Scene::with_people();
    scene.put(MONTH, &month());
    assert_eq!(scene.json(["import", "stop-search", MONTH])["notes"], serde_json::json!([]));
    assert_eq!(scene.json(["import", "stop-search", MONTH])["notes"], serde_json::json!([]), "again");

    scene.put("april.csv", &month());
    let renamed = scene.json(["import", "stop-search", "april.csv", "--force", "cambridgeshire"]);
    assert_eq!(renamed["added"], 0);
    let note = renamed["notes"][0].as_str().expect("a note");
    assert!(note.starts_with(&format!("april.csv is here already, as {MONTH}")), "{note}");

    let text = String::from_utf8(month()).expect("published in UTF-8");
    let (head, rows) = text.split_once('\n').expect("a line of columns");
    let reversed: Vec<&str> = rows.split_inclusive('\n').rev().collect();
    scene.put(MONTH, format!("{head}\n{}", reversed.concat()).as_bytes());
    let other = scene.json(["import", "stop-search", MONTH]);
    assert_eq!(other["added"], 197, "no row is taken for another");
    let note = other["notes"][0].as_str().expect("a note");
    assert!(note.contains("source/7b8bb2f318d0435a of cambridgeshire 2024-04; a search that"), "{note}");
}

/// Somebody with the importing service's key records rows by hand that the file does not have. The rules keep no
/// rows, so they are recorded; `verify` once passed them.
#[test]
fn a_row_that_the_file_does_not_have_is_found_by_whoever_verifies() {
    let scene = Scene::with_people();
    scene.put(MONTH, &month());
    scene.import(MONTH);
    assert_eq!(scene.json(["verify"])["counts"]["files"], 1);
    let file = b"head\na row\nanother\n";
    let sha = ledger_core::hash::Hash::of(file).to_hex();
    let source = &sha[..16];
    let who = "service-import as SVC:import of cambridgeshire";
    scene.accept(&format!(
        "{{kind: SourceFileImported, stream: source/{source}, signed_by: {who}, imported: true, body: {{sha256: {sha}, \
         file_name: f.csv, shape: stop_search_csv, rows: 2, head: {}}}}}",
        hex(b"head\n")
    ));
    let row = |number: u32, bytes: &[u8]| {
        scene.accept(&format!(
            "{{kind: StopSearchRecorded, stream: search/{source}-{number}, signed_by: {who}, imported: true, \
             body: {{source_line: {}}}}}",
            hex(bytes)
        ));
    };
    row(2, b"another\n");
    assert_eq!(scene.run(["verify"]).code, 0, "rows that are still to come are no finding");
    row(1, b"a roe\n");
    let answer = scene.run(["verify"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    assert!(
        answer.stdout.contains(&format!("SOURCE-FILE: source/{source}: head, rows and tail")),
        "{answer:?}"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A publisher puts out a month again. Once both files counted, with a warning.
#[test]
fn a_file_that_takes_the_place_of_another_is_counted_alone_and_the_past_stays() {
    let scene = Scene::with_people();
    let first = String::from_utf8(month()).expect("published in UTF-8");
    scene.put(MONTH, first.as_bytes());
    assert_eq!(scene.import(MONTH)[1], 197);
    let counted = |more: &[&str]| {
        let which = ["dataset", "show", "--body", "cambridgeshire", "--period", "2024-04"];
        scene.run([&which[..], &["--json"], more].concat()).result()
    };
    let before = (scene.size(), counted(&[]));
    assert_eq!(before.1["records"][0], 197);

    // Two rows fewer, as if they had been published by mistake.
    let kept: Vec<&str> = first.split_inclusive('\n').collect();
    let again = "2024-04-cambridgeshire-stop-and-search-2.csv";
    scene.put(again, kept[..kept.len() - 2].concat().as_bytes());
    for (args, code, says) in [
        (vec!["--replaces", "source/0011223344556677"], 5, "no such file was imported"),
        (vec!["--replaces", MONTH, "--period", "2024-05"], 6, "period_words"),
    ] {
        let args = [&["import", "stop-search", again, "--force", "cambridgeshire"][..], &args].concat();
        let refused = scene.run(args);
        assert!(refused.code == code && refused.stderr.contains(says), "{refused:?}");
    }
    let with = |file: &str| {
        let args = ["--force", "cambridgeshire", "--period", "2024-04", "--replaces", MONTH];
        scene.run([&["import", "stop-search", file][..], &args].concat())
    };
    let done = with(again);
    assert!(done.code == 0 && !done.stderr.contains("counted twice"), "{done:?}");
    let now = counted(&[]);
    assert_eq!((&now["records"][0], &now["same_month"]), (&195.into(), &serde_json::json!([])));
    let size = before.0.to_string();
    assert_eq!(counted(&["--at", &size]), before.1, "what was counted then is what it was");

    // Again changes nothing; a third file cannot take the same place; the rows stay and come back byte for byte.
    assert_eq!(with(again).code, 0);
    scene.put("third.csv", kept[..kept.len() - 3].concat().as_bytes());
    let third = with("third.csv");
    assert!(third.code == 6 && third.stderr.contains("took the place"), "{third:?}");
    assert_eq!(scene.written_again(MONTH), first.as_bytes());
    let sources = scene.json(["import", "sources"]);
    assert_eq!(
        (&sources[0]["replaced_by"], &sources[1]["replaced_by"]),
        (&sources[1]["source"], &serde_json::Value::Null)
    );
    let frame = |more: &[&str]| {
        let lead = "tactical-lead as TL of cambridgeshire";
        let args = ["sample", "frame", "x", "--level", "rgrg", "-n", "10", "--by", lead, "--dry-run"];
        scene.run([&args[..], &["--json"], more].concat()).result()["would_commit"]["frame_size"].clone()
    };
    let older = sources[0]["source"].as_str().expect("a stream");
    assert_eq!((frame(&["--month", "2024-04"]), frame(&["--source", older])), (195.into(), 197.into()));
    assert_eq!(scene.run(["verify", "ledger"]).code, 0);
}
