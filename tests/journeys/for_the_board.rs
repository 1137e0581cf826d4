//! What an officer brings to the board: the register as it stood, a pack, a drafted letter, and the entries
//! behind a number that somebody doubts.

use std::fs;

use crate::harness::Scene;

/// Cambridgeshire's answer to the spotlight report, and something that no board should run.
fn scene() -> Scene {
    let scene = Scene::with_people();
    scene.record_file("02-spotlight-report.yaml").record_file("03-cambridgeshire-april-2021.yaml");
    scene
}

#[test]
fn a_board_pack_is_one_page_that_runs_nothing_and_says_what_was_verified() {
    let scene = scene();
    scene.accept(
        "kind: ScrutinyFactRecorded\nstream: fact/cambridgeshire/ethnicity-data\noccurred: 2021-04-13\nimported: true\n\
         signed_by: governance-officer as G&I of cambridgeshire\n\
         body: {fact: DataQualityIssueRaised, text: \"Flaws in the data <script>alert(1)</script>\"}",
    );
    let pack = scene.json([
        "board-pack",
        "--body",
        "cambridgeshire",
        "--from",
        "2021-02-01",
        "--to",
        "2021-08-01",
        "-o",
        "pack.html",
    ]);
    assert_eq!(pack["verification"]["clean"], true, "{pack}");
    assert_eq!(pack["overdue"].as_array().map(Vec::len), Some(3), "4.2, 4.5 and 4.6");
    assert_eq!(pack["new"].as_array().map(Vec::len), Some(10));
    assert_eq!(
        pack["oldest"].as_array().map(Vec::len),
        Some(8),
        "what is not addressed to the force is not open"
    );
    let asked = &pack["meetings"][0]["papers"][0];
    assert_eq!((&asked["ask"], &asked["decision"]), (&"note".into(), &"noted".into()), "{asked}");
    assert_eq!(pack["breaches"][0]["verdict"], "breached", "no response is on the ledger: {pack}");

    let html = fs::read_to_string(scene.path("pack.html")).expect("a page");
    assert!(
        html.contains("Flaws in the data &lt;script&gt;alert(1)&lt;/script&gt;"),
        "escaped, not left out"
    );
    for banned in ["<script", "<a ", "href=", "src=", "<img", "<link", "@import", "url("] {
        assert!(!html.contains(banned), "a page that loads or runs nothing has no {banned}");
    }
    assert!(html.starts_with("<!doctype html>\n<html lang=\"en-GB\">"), "the language is declared");
    assert_eq!(
        html.matches("<table>").count(),
        html.matches("<caption>").count(),
        "each table says what it shows"
    );
    assert!(html.contains("RED: overdue since 2021-07-31"), "colours are words");
    assert!(html.contains("Everything was recomputed from the bytes of"), "what was verified");

    let unknown = scene.run([
        "board-pack",
        "--body",
        "nowhere",
        "--from",
        "2021-02-01",
        "--to",
        "2021-03-01",
        "-o",
        "x.html",
    ]);
    assert_eq!((unknown.code, scene.path("x.html").exists()), (5, false), "{unknown:?}");
}

#[test]
fn a_drafted_letter_leaves_open_what_only_the_local_policing_body_can_say() {
    let scene = scene();
    let draft = scene.json(["response", "draft", "cambridgeshire-lpb", "dupp-2021", "--as-of", "2021-04-13"]);
    assert_eq!(
        draft["obligations"].as_array().map(Vec::len),
        Some(8),
        "six findings, one of them in three limbs"
    );
    let letter = draft["letter"].as_str().expect("text");
    assert!(letter.contains("must be published by 2021-04-22 (day 56"), "{letter}");
    assert_eq!(letter.matches("We: [action taken or proposed, or why none.").count(), 8, "a gap for each");
    assert!(letter.contains("Not addressed to the force") && letter.contains("dupp-2021/8/0"), "{letter}");

    // The statement beside it can be recorded as soon as somebody has signed for it.
    let statement = draft["statement"].as_str().expect("text");
    let filled = statement
        .replace("KEY as", "acting-commissioner-cambridgeshire as acting")
        .replace("YYYY-MM-DD", "2021-04-20");
    scene.accept(&format!("{filled}occurred: 2021-04-20\nimported: true\n"));
    let view = scene.json(["response", "status", "--as-of", "2021-04-21"]);
    let rows = view["rows"].as_array().expect("a list");
    let row = rows.iter().find(|row| row["body"] == "cambridgeshire-lpb").expect("a row");
    assert_eq!(
        (&row["coverage"]["specific"], &row["verdict"]),
        (&8.into(), &"running".into()),
        "a letter stops no clock"
    );
    assert!(
        row["coverage"]["each"].as_array().expect("a list").iter().all(|each| each["mode"] == "specific")
    );

    let nothing = scene.run(["response", "draft", "cambridgeshire-lpb", "no-such-report"]);
    assert_eq!(nothing.code, 5, "{nothing:?}");
}

#[test]
fn every_row_and_figure_leads_to_its_entries_and_the_register_can_go_back() {
    let scene = scene();
    let row = "obligation/cambridgeshire/dupp-2021/6/0";
    let explained = scene.json(["explain", row, "--as-of", "2021-08-01"]);
    let ground = &explained["grounds"][0];
    assert!(ground["says"].as_str().expect("text").starts_with("red: overdue since 2021-07-31"), "{ground}");
    let kinds: Vec<_> =
        ground["entries"].as_array().expect("a list").iter().map(|e| e["kind"].clone()).collect();
    for kind in [
        "ReportPublished",
        "FindingIssued",
        "FindingAliasAdded",
        "ObligationCreated",
        "ForceResponseRecorded",
        "ActionProgressed",
    ] {
        assert!(kinds.contains(&kind.into()), "{kind} is among {kinds:?}");
    }
    let red = scene.json(["explain", "register/red", "--as-of", "2021-08-01"]);
    assert_eq!(red["grounds"][0]["says"], "3 of 10 obligations", "{red}");
    assert_eq!(scene.run(["explain", "obligation/nowhere"]).code, 5);

    // As the ledger was before the last of these entries: the delay was not known.
    let last =
        ground["entries"].as_array().and_then(|all| all.last()).expect("an entry")["index"].to_string();
    let then = scene.json(["register", "--as-of", "2021-08-01", "--at", &last, "--csv", "then.csv"]);
    assert_eq!(then["register"]["tree_size"].to_string(), last);
    let status = |view: &serde_json::Value| {
        let rows = view["register"]["rows"].as_array().expect("a list").clone();
        rows.into_iter().find(|r| r["obligation"] == row).expect("a row")["force_status"].clone()
    };
    assert_eq!(status(&then), "responded");
    assert_eq!(status(&scene.register("2021-08-01")), "in progress");
    let csv = fs::read_to_string(scene.path("then.csv")).expect("a table");
    assert_eq!(csv.lines().count(), 11, "heads and ten rows");
    assert_eq!(scene.run(["register", "--at", "1000000"]).code, 5, "the ledger was never so long");
}

#[test]
fn a_clock_answers_with_its_words_and_its_source() {
    let scene = Scene::empty();
    let day = |args: &[&str], field: &str| {
        let all = ["clock"].iter().chain(args).chain(&["--json"]).copied().collect::<Vec<_>>();
        let answer = scene.run(all);
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.result()[field].clone()
    };
    for (args, field, expected) in [
        (&["R1", "--from", "2022-06-21"][..], "last_day", "2022-08-15"),
        (&["R1", "--from", "2022-06-21"], "plain_56", "2022-08-16"),
        (&["r1", "--from", "2024-03-12"], "last_day", "2024-05-06"),
        (&["R3", "--from", "2021-02-26", "--words", "By July 2021"], "last_day", "2021-07-31"),
        (&["R3", "--from", "2021-02-26", "--words", "By July 2021"], "strict", "2021-06-30"),
        (&["R8", "--from", "2022-01-10", "--cadence", "monthly"], "last_day", "2022-02-28"),
        (
            &["R13", "--from", "2022-06-21", "--extended", "2022-08-01", "2022-09-30"],
            "last_day",
            "2022-09-30",
        ),
        (&["R1", "--from", "2022-06-21"], "source", "Police Act 1996 s.55(5A)"),
    ] {
        assert_eq!(day(args, field), expected, "{args:?}");
    }
    assert_eq!(scene.run(["clock", "R99", "--from", "2022-06-21"]).code, 5);
    assert_eq!(scene.run(["clock", "R1", "--from", "yesterday"]).code, 2);
    let beyond = scene.run(["clock", "R11", "--from", "2029-12-20"]);
    assert_eq!(beyond.code, 4, "beyond the calendar nobody can decide: {beyond:?}");
}

#[test]
fn who_may_speak_for_a_body_is_told_by_key_and_day() {
    let scene = Scene::with_people();
    let body = "cambridgeshire-lpb";
    let view = scene.json(["offices", "--body", body, "--csv", "offices.csv"]);
    let offices = view["offices"].as_array().expect("a list");
    assert!(offices.iter().all(|o| o["body"] == body && o["held"] == true), "{view}");
    let commissioners: Vec<_> = offices.iter().filter(|o| o["role"] == "LPB").collect();
    assert_eq!(commissioners.iter().filter(|o| o["acting"] == true).count(), 1, "{view}");
    assert_eq!(commissioners.len(), 2, "{view}");
    let csv = fs::read_to_string(scene.path("offices.csv")).expect("a table");
    assert_eq!(csv.lines().count(), offices.len() + 1, "heads, and a row for each");

    let acting = commissioners.iter().find(|o| o["acting"] == true).expect("counted above");
    let (stream, key) = (acting["stream"].as_str().expect("text"), acting["key"].as_str().expect("text"));
    let explained = scene.json(["explain", stream]);
    let kinds: Vec<_> = explained["grounds"][0]["entries"].as_array().expect("entries").iter().collect();
    assert_eq!((&kinds[0]["kind"], &kinds[1]["kind"]), (&"KeyEnrolled".into(), &"RoleAssigned".into()));
    assert!(explained["grounds"][0]["says"].as_str().expect("text").contains(key), "{explained}");

    // Another key takes over what the old one held.
    scene.json(["key", "new", "successor"]);
    scene.json([
        "key",
        "rotate",
        "acting-commissioner-cambridgeshire",
        "--new",
        "successor",
        "--by",
        "first-registrar as KA of ledger-office",
        "--by",
        "second-registrar as KA of ledger-office",
    ]);
    let after = scene.json(["offices", "--body", body]);
    let of_stream: Vec<_> =
        after["offices"].as_array().expect("a list").iter().filter(|o| o["stream"] == stream).collect();
    assert_eq!(of_stream.len(), 2, "{after}");
    let old = of_stream.iter().find(|o| o["key"] == key).expect("it was there");
    let new = of_stream.iter().find(|o| o["key"] != key).expect("it took over");
    assert_eq!((&old["held"], &old["ended_by"]), (&false.into(), &"key rotated".into()));
    assert_eq!((&new["held"], &new["acting"]), (&true.into(), &true.into()));
    let none = scene.json(["offices", "--body", body, "--as-of", "2020-01-01"]);
    assert_eq!(none["offices"].as_array().map(Vec::len), Some(0), "nobody yet");
}

#[test]
fn the_figures_of_a_remark_are_shown_with_what_they_do_not_say() {
    let scene = Scene::with_people();
    scene.record_file("08-peel-2018-legitimacy.yaml");
    let shown = scene.run(["register", "--as-of", "2022-08-20"]).stdout;
    for words in [
        "report/peel-2018-legitimacy (force inspection, PEEL 2018/19, last updated 2020-01-21): 3 of 3 areas",
        "held reasonable grounds: 91 of 100 (91.0 %); Grounds as recorded by the searching officer, not the",
        "of how many is not said: 18.0 % (percentage only)",
        "of how many is not said: 16.7 % (percentage only); 40 more staff were recruited that month.",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}
