//! Workbooks as people fill them in, and what is wrong with them.

use inspection::import::{Format, Import, ImportError, import, template};
use ledger_draft::Draft;

const CSV: &str = "\
[report],,
report,dupp-2021,
title,\"Disproportionate use of police powers: a spotlight\",
publisher,hmicfrs,
type,national,
published_on,2021-02-26,
recommendations,3,
addressed_to,cambridgeshire-lpb,cumbria-lpb
signed_by,governance-officer as HMI-T of cambridgeshire; head-of-partnerships as HMI-T of cambridgeshire
document_title,Board paper
document_sha256,7af969fb33b3c4912346754ecac5ef15b14f160ed01270459592baa79fcada82
owed_by,cambridgeshire
obligations_signed_by,governance-officer as G&I of cambridgeshire

[findings]
finding,kind,title,text,limb,limb_text,addressees,due_words
1,Recommendation,Communication skills,Officers are to communicate well.,,,forces,By July 2022
3,recommendation,Body-worn video,,a,The whole of every stop.,forces,By September 2021
3,,,,b,A regular internal review.,,
4,recommendation,Data on force used,,,,home-office; npcc,as soon as possible
7,cause of concern,Ethnicity,,,,cumbria,
[obligations]
body,finding,limb,owner_role,oversight,signed_by
cumbria,7,,Head of Justice,cumbria-lpb,commissioner-office as LPB-O of cumbria-lpb
";

fn read(format: Format, bytes: &[u8]) -> Import {
    import(format, bytes).unwrap_or_else(|e| panic!("{e}"))
}

fn streams(import: &Import) -> Vec<&str> {
    import.drafts.iter().map(|draft| draft.stream.as_str()).collect()
}

/// What is wrong with the workbook above once `from` reads `to`.
fn complaint(from: &str, to: &str) -> String {
    assert!(CSV.contains(from), "{from:?} is not in the workbook");
    match import(Format::Csv, CSV.replacen(from, to, 1).as_bytes()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{to:?} was taken"),
    }
}

#[test]
fn a_report_becomes_its_findings_and_what_is_owed() {
    let import = read(Format::Csv, CSV.as_bytes());
    assert_eq!(
        streams(&import),
        [
            "report/dupp-2021",
            "finding/dupp-2021/1",
            "finding/dupp-2021/3",
            "finding/dupp-2021/4",
            "finding/dupp-2021/7",
            "obligation/cumbria/dupp-2021/7/0",
            "obligation/cambridgeshire/dupp-2021/1/0",
            "obligation/cambridgeshire/dupp-2021/3/a",
            "obligation/cambridgeshire/dupp-2021/3/b",
        ]
    );
    assert!(import.notes.is_empty(), "{:?}", import.notes);
    let body = |n: usize| {
        let draft: &Draft = &import.drafts[n];
        draft.kind.body_to_json(&draft.body).expect("its own body reads")
    };
    assert_eq!(body(0)["addressed_to"], serde_json::json!(["cambridgeshire-lpb", "cumbria-lpb"]));
    assert_eq!(body(2)["limbs"][1], serde_json::json!({"key": "b", "text": "A regular internal review."}));
    assert_eq!(body(4)["kind"], "cause_of_concern");
    assert_eq!((&body(5)["owner_role"], body(5).get("strict_55_5b")), (&"Head of Justice".into(), None));
    assert_eq!(body(6)["strict_55_5b"], true);
    assert_eq!(import.drafts[5].signed_by[0].role, "LPB-O");
    assert_eq!(import.drafts[0].signed_by.len(), 2);
    assert!(import.drafts.iter().all(|draft| draft.imported && draft.documents.len() == 1));
}

#[test]
fn what_is_made_reads_back_as_a_person_could_have_typed_it() {
    let import = read(Format::Csv, CSV.as_bytes());
    let typed = serde_json::to_string(&import.statements).expect("values are writable");
    let drafts = Draft::parse_many(&typed).expect("statements parse");
    let sides = drafts.iter().zip(&import.drafts);
    assert!(
        sides.clone().all(|(a, b)| a.body == b.body && a.stream == b.stream && a.signed_by == b.signed_by)
    );
    assert_eq!(sides.count(), import.drafts.len());
}

#[test]
fn the_three_templates_say_the_same_and_can_be_read() {
    let made: Vec<Import> = [Format::Csv, Format::Xlsx, Format::Yaml]
        .map(|format| read(format, &template(format).expect("a template can be written")))
        .into();
    assert_eq!(made[0].statements, made[1].statements);
    assert_eq!(made[0].statements, made[2].statements);
    assert_eq!(
        streams(&made[0]),
        [
            "report/example-2026",
            "finding/example-2026/1",
            "judgment/example-2026/using-resources",
            "obligation/cambridgeshire/example-2026/1/0",
        ]
    );
}

#[test]
fn a_problem_names_sheet_row_and_column() {
    let check = |from: &str, to: &str, place: &str, problem: &str| {
        let got = complaint(from, to);
        assert!(got.contains(place) && got.contains(problem), "{to:?}: {got}");
    };
    check("1,Recommendation", "1,suggestion", "sheet findings, row 17, column B (kind)", "suggestion");
    check("Communication skills,Officers", ",Officers", "row 17, title", "must not be empty");
    check("publisher,hmicfrs", "publisher,HMI CFRS", "sheet report, row 4, column B (publisher)", "HMI CFRS");
    check("2021-02-26", "26/02/2021", "sheet report, row 6, column B", "26/02/2021");
    check(
        "limb_text,addressees",
        "limb_text,adressees",
        "row 16, column G (adressees)",
        "did you mean addressees?",
    );
    check(
        "cumbria,7,,Head",
        "cumbria,8,,Head",
        "sheet obligations, row 24, column B (finding)",
        "no finding 8",
    );
    check("cumbria,7,,Head", "cumbria,7,a,Head", "column C (limb)", "has no limbs");
    check("4,recommendation", "1,recommendation", "row 20, column A (finding)", "already");
    check("[findings]", "[finding]", "sheet finding", "no such table");
    check(
        "obligations_signed_by,governance-officer as G&I",
        "obligations_signed_by,governance-officer",
        "column B (obligations_signed_by)",
        "must read",
    );
    check(
        "recommendations,3",
        "recommendations,three",
        "sheet report, row 7, column B (recommendations)",
        "three",
    );
    check(
        "signed_by,governance-officer",
        "#,governance-officer",
        "sheet report, signed_by",
        "must not be empty",
    );
    check("published_on,2021-02-26", "programme,x", "occurred", "published_on");
}

#[test]
fn every_problem_is_listed_at_once_up_to_twenty() {
    let both = CSV.replace("hmicfrs", "HMI CFRS").replace("1,Recommendation", "1,suggestion");
    let Err(ImportError::Problems(problems)) = import(Format::Csv, both.as_bytes()) else {
        panic!("two things are wrong");
    };
    assert_eq!(problems.len(), 2, "{problems:?}");
    let many = format!("{CSV}{}", "cumbria,99,,,,\n".repeat(30));
    let Err(ImportError::Problems(problems)) = import(Format::Csv, many.as_bytes()) else {
        panic!("thirty things are wrong");
    };
    assert_eq!(problems.len(), 20);
    assert!(problems[19].problem.ends_with("(and 10 more)"), "{}", problems[19]);
}

#[test]
fn a_total_that_does_not_agree_is_said_and_not_refused() {
    let import = read(Format::Csv, CSV.replace("recommendations,3", "recommendations,8").as_bytes());
    assert_eq!(import.notes, ["the report says it makes 8 recommendations; the workbook has 3"]);
}

#[test]
fn a_number_that_a_spreadsheet_may_have_rounded_is_not_taken() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet().set_name("findings").expect("a name");
    for (column, name) in (0..).zip(["finding", "kind", "title", "addressees"]) {
        page.write(0, column, name).expect("a cell");
    }
    for (row, number) in [(1, 1.0), (2, 1.1)] {
        page.write(row, 0, number).expect("a cell");
    }
    let got = import(Format::Xlsx, &book.save_to_buffer().expect("a book"))
        .expect_err("1.1 is ambiguous")
        .to_string();
    assert!(got.contains("sheet findings, row 3, column A (finding): 1.1 is a number"), "{got}");
    assert!(!got.contains("row 2, column A"), "{got}");
    let yaml = "report: {report: r}\nfindings:\n  - {finding: 1.1, kind: recommendation}\n";
    let got = import(Format::Yaml, yaml.as_bytes()).expect_err("1.1 is ambiguous").to_string();
    assert!(got.contains("sheet findings, row 3, finding: 1.1 is a number"), "{got}");
}

#[test]
fn a_day_in_a_spreadsheet_is_a_day() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet().set_name("Report").expect("a name");
    let fields = [
        ("report", "r-1"),
        ("title", "T"),
        ("publisher", "hmicfrs"),
        ("type", "force"),
        ("signed_by", "k as HMI of hmicfrs"),
    ];
    for (row, (name, value)) in (0..).zip(fields) {
        page.write(row, 0, name).expect("a cell");
        page.write(row, 1, value).expect("a cell");
    }
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2022, 6, 21).expect("a day");
    let style = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    page.write(5, 0, "published_on").expect("a cell");
    page.write_datetime_with_format(5, 1, &day, &style).expect("a cell");
    let import = read(Format::Xlsx, &book.save_to_buffer().expect("a book"));
    assert_eq!(import.statements[0]["body"]["published_on"], "2022-06-21");
    assert_eq!(import.notes, ["there is no finding in it"]);
}

#[test]
fn what_is_no_workbook_is_said_so() {
    for (format, bytes, word) in [
        (Format::Xlsx, &b"PK\x03\x04 not really"[..], "XLSX"),
        (Format::Csv, b"finding,kind\n1,x\n", "must name a table"),
        (Format::Csv, b"\xff\xfe[report]\n", "UTF-8"),
        (Format::Yaml, b"report: [", "line"),
        (Format::Yaml, b"reports: {}", "reports"),
        (Format::Csv, b"", "report"),
    ] {
        let got = import(format, bytes).expect_err("it is none").to_string();
        assert!(got.contains(word), "{got}");
    }
}
