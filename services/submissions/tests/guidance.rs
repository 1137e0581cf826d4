//! The Analysis Function's guidance on statistics in spreadsheets, point by point, on files as they are written:
//! "Releasing statistics in spreadsheets" and "Making spreadsheets accessible: a brief checklist of the basics"
//! (analysisfunction.civilservice.gov.uk). Read back by a reader that is not ours.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use calamine::{Data, Ods, Range, Reader, Xlsx};
use submissions::sheet::{Mark, Sheet, Value, Workbook, front};
use submissions::write::{csv, json, ods, xlsx};

fn workbook() -> Workbook {
    let text = |words: &str| Value::Text(words.to_owned());
    let row = |group: &str, count, percent| vec![text(group), Value::Count(count), percent];
    Workbook {
        title: "Stop and search, a month".to_owned(),
        cover: vec!["Made from 12 entries.".to_owned()],
        notes: vec!["Counts are of records.".to_owned()],
        sheets: vec![
            Sheet {
                name: "find_rates".to_owned(),
                title: "Searches by ethnicity, & what was found [note 1]".to_owned(),
                lines: vec!["Source: the ledger.".to_owned()],
                columns: ["Ethnicity", "Searches", "Found, percent"].map(str::to_owned).to_vec(),
                keys: 1,
                rows: vec![
                    row("White", 100, Value::Decimal("91.0".to_owned())),
                    row("=cmd|' /C calc'!A0", 7, Value::Mark(Mark::Confidential)),
                    row("Mixed", 0, Value::Mark(Mark::NotApplicable)),
                ],
            },
            Sheet {
                name: "footage".to_owned(),
                title: "Footage".to_owned(),
                lines: Vec::new(),
                columns: vec!["Present".to_owned()],
                keys: 0,
                rows: vec![vec![Value::Mark(Mark::NotAvailable)]],
            },
        ],
        made: 1_711_962_000,
    }
}

fn both() -> [Vec<(String, Range<Data>)>; 2] {
    let office: Xlsx<_> = read(xlsx::write(&workbook()).expect("it fits"));
    let open: Ods<_> = read(ods::write(&workbook()));
    [pages(office), pages(open)]
}

fn read<R: Reader<Cursor<Vec<u8>>>>(bytes: Vec<u8>) -> R {
    R::new(Cursor::new(bytes)).unwrap_or_else(|_| panic!("a stranger's reader opens it"))
}

fn pages<R: Reader<Cursor<Vec<u8>>>>(mut book: R) -> Vec<(String, Range<Data>)> {
    let names = book.sheet_names();
    let page = |name: String| {
        let range = book.worksheet_range(&name).unwrap_or_else(|_| panic!("{name} can be read"));
        (name, range)
    };
    names.into_iter().map(page).collect()
}

/// A member of a document that is a ZIP archive.
fn member(document: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(document)).expect("an archive");
    let mut text = String::new();
    archive.by_name(name).expect(name).read_to_string(&mut text).expect("XML");
    text
}

#[test]
fn a_cover_contents_notes_and_one_table_a_sheet() {
    for sheets in both() {
        let names: Vec<_> = sheets.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Cover", "Contents", "Notes", "find_rates", "footage"]);
        for (name, range) in &sheets {
            assert_eq!(range.start(), Some((0, 0)), "{name}: begins in A1");
            let said = range.get((1, 0)).map(ToString::to_string).unwrap_or_default();
            assert!(name == "Cover" || said == "This worksheet contains one table.", "{name}: {said}");
        }
    }
}

#[test]
fn the_title_is_in_a1_and_no_row_or_cell_of_a_table_is_blank() {
    let meant = workbook();
    let meant: Vec<_> = front(&meant).into_iter().chain(meant.sheets).collect();
    for sheets in both() {
        for ((name, range), sheet) in sheets.iter().zip(&meant) {
            assert_eq!(range.get((0, 0)).map(ToString::to_string), Some(sheet.title.clone()), "{name}");
            let above = sheet.above_or_cover().len();
            assert!(range.rows().all(|row| row[0] != Data::Empty), "{name}: a blank row");
            for row in range.rows().skip(above) {
                assert!(row.iter().all(|cell| *cell != Data::Empty), "{name}: a blank cell in {row:?}");
                assert_eq!(row.len(), sheet.columns.len(), "{name}");
            }
        }
    }
}

#[test]
fn headings_are_one_row_each_different_and_shorthand_is_explained_where_it_is_used() {
    for sheets in both() {
        let (_, range) = &sheets[3];
        let column_a: Vec<_> = range.rows().map(|row| row[0].to_string()).collect();
        for mark in [Mark::Confidential, Mark::NotApplicable] {
            let explained = column_a.iter().filter(|line| line.starts_with(mark.shorthand())).count();
            assert_eq!(explained, 1, "{column_a:?}");
        }
        assert!(!column_a.iter().any(|line| line.starts_with("[x]")), "what is not used is not explained");
        let head = workbook().sheets[0].above().len();
        let headings: BTreeSet<_> =
            range.rows().nth(head).expect("headings").iter().map(|h| h.to_string()).collect();
        assert_eq!(headings.len(), 3);
    }
}

#[test]
fn numbers_are_numbers_and_words_never_formulas() {
    for sheets in both() {
        let head = workbook().sheets[0].above().len();
        let rows: Vec<_> = sheets[3].1.rows().skip(head + 1).collect();
        assert_eq!((&rows[0][1], &rows[0][2]), (&Data::Float(100.0), &Data::Float(91.0)));
        assert_eq!(rows[1][0], Data::String("=cmd|' /C calc'!A0".to_owned()));
        assert_eq!(rows[1][2], Data::String("[c]".to_owned()));
    }
    let text = String::from_utf8(csv::write(&workbook().sheets[0])).expect("text");
    assert!(text.contains("\r\n'=cmd|' /C calc'!A0,7,[c]\r\n"), "{text}");
}

#[test]
fn tables_are_marked_up_nothing_is_merged_hidden_filtered_or_frozen() {
    let written = xlsx::write(&workbook()).expect("it fits");
    let tables: Vec<_> = (1..=4).map(|n| member(&written, &format!("xl/tables/table{n}.xml"))).collect();
    assert!(tables.iter().all(|t| t.contains("headerRowCount") || !t.contains("headerRowCount=\"0\"")));
    assert!(tables[2].contains("displayName=\"table_find_rates\""), "{}", tables[2]);
    let sheets: Vec<_> = (1..=5).map(|n| member(&written, &format!("xl/worksheets/sheet{n}.xml"))).collect();
    let content = member(&ods::write(&workbook()), "content.xml");
    for xml in tables.iter().chain(&sheets).chain([&content]) {
        for bad in
            ["mergeCell", "autoFilter", "<pane", "hidden=\"1\"", "number-columns-spanned", "visibility="]
        {
            assert!(!xml.contains(bad), "{bad} in {xml}");
        }
    }
    assert_eq!(content.matches("<table:database-range ").count(), 4);
    assert!(
        content.contains("table:target-range-address=\"$find_rates.$A$6:$find_rates.$C$9\""),
        "{content}"
    );
}

#[test]
fn a_document_says_its_title_and_language_and_uses_a_readable_font() {
    let office = xlsx::write(&workbook()).expect("it fits");
    assert!(member(&office, "docProps/core.xml").contains("<dc:title>Stop and search, a month</dc:title>"));
    assert!(member(&office, "docProps/custom.xml").contains("en-GB"));
    assert!(member(&office, "xl/styles.xml").contains("<sz val=\"12\"/>"));
    let open = ods::write(&workbook());
    let meta = member(&open, "meta.xml");
    assert!(meta.contains("<dc:language>en-GB</dc:language>") && meta.contains("<dc:title>"), "{meta}");
    assert!(meta.contains("<dc:date>2024-04-01T09:00:00Z</dc:date>"), "the time is the workbook's: {meta}");
    assert!(
        member(&open, "styles.xml").contains("fo:font-size=\"12pt\" fo:language=\"en\" fo:country=\"GB\"")
    );
    assert_eq!(&open[30..38], b"mimetype", "a file can be told by its first bytes");
}

/// Digests that a test run on another machine must find as well. They change when a format is changed on
/// purpose, and a submission made before then is checked by the version that made it.
#[test]
fn the_same_workbook_has_the_same_bytes_everywhere() {
    let digest = |bytes: &[u8]| ledger_core::hash::Hash::of(bytes).to_hex();
    let written = [
        csv::write(&workbook().sheets[0]),
        json::write(&workbook()),
        ods::write(&workbook()),
        xlsx::write(&workbook()).expect("it fits"),
    ];
    let digests: Vec<_> = written.iter().map(|bytes| digest(bytes)[..16].to_owned()).collect();
    assert_eq!(digests, ["8d1ac3a71f25d484", "ef7c850ae2b675b5", "04e3634a8258e5b8", "7d3c2c5a9d1906cc"]);
}
