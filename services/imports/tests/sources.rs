//! Files are cut and put together again: the real ones, nasty ones that a generator makes, and ones that are refused.

use std::fs;
use std::path::{Path, PathBuf};

use imports::source::search;
use imports::{COLUMNS, Format, LineEnds, ReadError, Source, flags};
use proptest::prelude::*;

/// The published files, or none where this machine does not have them.
fn published() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/stop-search");
    let mut found = Vec::new();
    for publisher in fs::read_dir(&folder).into_iter().flatten() {
        let publisher = publisher.expect("a folder can be listed").path();
        found.extend(
            fs::read_dir(publisher).into_iter().flatten().map(|f| f.expect("a folder can be listed").path()),
        );
    }
    if found.is_empty() {
        println!("SKIPPED: {} is not on this machine, so no published file was read", folder.display());
    }
    found
}

fn put_together(source: &Source<'_>) -> Vec<u8> {
    let mut bytes = source.head().to_vec();
    source.rows().for_each(|(_, row)| bytes.extend_from_slice(row));
    bytes
}

#[test]
fn every_published_file_comes_back_byte_for_byte_and_every_word_is_known() {
    let (mut files, mut rows) = (0, 0);
    for file in published() {
        let bytes = fs::read(&file).expect("a file can be read");
        let source = Source::read(&bytes).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        assert_eq!(put_together(&source), bytes, "{}", file.display());
        for (number, row) in source.rows() {
            let read = search(row).unwrap_or_else(|e| panic!("{}, row {number}: {e}", file.display()));
            assert_eq!(flags(&read), [], "{}, row {number}", file.display());
            let named = imports::period::named(&file.file_name().unwrap_or_default().to_string_lossy()).month;
            assert_eq!(read.month(), Some(named), "{}, row {number}", file.display());
        }
        let ends = if source.format == Format::Csv { LineEnds::CrLf } else { LineEnds::Lf };
        assert_eq!(source.line_ends(), ends, "{}", file.display());
        (files, rows) = (files + 1, rows + source.len());
    }
    assert!(files == 0 || (files, rows) == (43, 16_452), "{files} files, {rows} rows");
}

fn csv(rows: &[&str], end: &str) -> String {
    let mut text = COLUMNS.join(",");
    for row in rows {
        text.push_str(end);
        text.push_str(row);
    }
    text
}

const ROW: &str = "Person search,2024-06-01T02:52:00+00:00,True,,52.2,0.1,Male,18-24,White - Irish,White,Misuse of Drugs Act 1971 (section 23),Controlled drugs,Arrest,,False";

#[test]
fn both_shapes_say_the_same_of_a_search() {
    let file = csv(&[ROW], "\r\n");
    let source = Source::read(file.as_bytes()).unwrap();
    let element = r#"[{"type":"Person search","datetime":"2024-06-01T02:52:00+00:00","operation":true,"operation_name":null,
        "location":{"latitude":"52.2","longitude":"0.1","street":{"id":1,"name":"On or near a street"}},"gender":"Male",
        "age_range":"18-24","self_defined_ethnicity":"White - Irish","officer_defined_ethnicity":"White",
        "legislation":"Misuse of Drugs Act 1971 (section 23)","object_of_search":"Controlled drugs","outcome":"Arrest",
        "outcome_linked_to_object_of_search":null,"removal_of_more_than_outer_clothing":false,"involved_person":true}]"#;
    let array = Source::read(element.as_bytes()).unwrap();
    let (line, object) = (search(source.row(1).unwrap()).unwrap(), search(array.row(1).unwrap()).unwrap());
    assert_eq!(line, object);
    assert_eq!((line.outcome_linked.known(), line.removal_of_clothing.known()), (None, Some(false)));
    assert_eq!((source.row(0), source.row(2)), (None, None), "rows are counted from 1");
}

#[test]
fn a_file_that_is_no_source_is_refused_with_its_place() {
    let refused = |bytes: &[u8]| Source::read(bytes).expect_err("it is no source").to_string();
    for (bytes, says) in [
        (&b""[..], "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"%PDF-1.7", "neither a CSV file nor a JSON array: it begins with \"%PDF-1.7\""),
        (b"PK\x03\x04\x14\x00", "neither a CSV file nor a JSON array"),
        (b"<html>", "neither a CSV file nor a JSON array"),
        (b"{\"error\":\"Not found\"}", "neither a CSV file nor a JSON array"),
        (b"just some words\n", "neither a CSV file nor a JSON array"),
        (b"\xff\xfeT\x00", "UTF-16"),
        (b"Crime ID,Month,Type\r\n", "unknown [\"Crime ID\", \"Month\"]"),
        (b"[{\"type\":\"Person search\"}]", "element 1, at byte 1: it has no \"datetime\""),
        (b"[{\"month\":\"2024-06\"}]", "it has no \"type\""),
        (b"[1]", "here an object should begin"),
        (b"[{\"type\":\"a\",\"datetime\":\"b\"}", "file cut short"),
        (b"[{\"type\":\"a\",\"datetime\":\"b\"},]", "element 2, at byte 29: here an object should begin"),
        (b"[{\"type\":\"a\",\"datetime\":\"b\"}] x", "something stands behind the end"),
        (b"[{\"type\":\"a\",\"dateti", "element 1, at byte 1: EOF"),
    ] {
        assert!(refused(bytes).contains(says), "{bytes:?}: {}", refused(bytes));
    }
    let cut = csv(&[ROW, "Person search,2024-06-01"], "\n");
    assert!(
        refused(cut.as_bytes())
            .starts_with("row 2 (line 3) has 2 values where the first line names 15 columns")
    );
    let open = csv(&[ROW, "\"Person search,2024"], "\n");
    assert!(
        refused(open.as_bytes()).starts_with("row 2 (line 3) opens a quotation mark that nothing closes")
    );
    let other_order = COLUMNS.iter().rev().copied().collect::<Vec<_>>().join(",");
    assert!(refused(other_order.as_bytes()).contains("in another order"));
    let long = csv(&[&ROW.replace("Arrest", &"x".repeat(40_000))], "\n");
    assert!(refused(long.as_bytes()).starts_with("row 1 has 40"), "{}", refused(long.as_bytes()));
}

#[test]
fn a_month_without_a_search_has_no_rows() {
    for text in [csv(&[], "\r\n"), format!("{}\r\n", csv(&[], "\r\n")), "[]".to_owned(), " [ ]\n".to_owned()]
    {
        let source = Source::read(text.as_bytes()).unwrap();
        assert!(source.is_empty(), "{text:?}");
        assert_eq!(put_together(&source), text.as_bytes());
    }
}

/// A value as a system that nobody tested might write it.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        "[ a-zA-Z0-9{}\\[\\]:;'£é]{1,12}".prop_map(String::into_bytes),
        "[a-z,\"\r\n]{0,10}".prop_map(|text| format!("\"{}\"", text.replace('"', "\"\"")).into_bytes()),
        "[a-z]{1,3}\"[a-z]{0,3}".prop_map(String::into_bytes),
        Just(b"caf\xe9 \x96".to_vec()),
    ]
}

fn nasty_csv() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let end = || prop_oneof![Just("\r\n"), Just("\n"), Just("\r"), Just("\r\n\r\n"), Just("\n  \n")];
    let row = (prop::collection::vec(value(), COLUMNS.len()), end());
    let mark = any::<bool>();
    (mark, end(), prop::collection::vec(row, 0..12), any::<bool>()).prop_map(|(mark, end, rows, cut)| {
        let mut bytes = if mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        bytes.extend(COLUMNS.join(",").bytes());
        bytes.extend(end.bytes());
        for (at, (values, end)) in rows.iter().enumerate() {
            bytes.extend(values.join(&b","[..]));
            // The last line may lack its end.
            if !(cut && at + 1 == rows.len()) {
                bytes.extend(end.bytes());
            }
        }
        (rows.len(), bytes)
    })
}

fn nasty_json() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let blank = || "[ \t\r\n]{0,3}";
    let element = ("[^\u{0}-\u{1f}]{0,10}", any::<bool>(), blank(), blank()).prop_map(
        |(words, extra, before, behind)| {
            let words = serde_json::to_string(&words).expect("a text is always writable");
            let extra = if extra { format!(",\"new\": [{{\"]\":{words}}}]") } else { String::new() };
            format!("{before}{{ \"type\":{words},\"datetime\" : null, \"datetime2\":\"\"{extra}}}{behind}")
                .replace("null", words.as_str())
        },
    );
    (any::<bool>(), prop::collection::vec(element, 0..8), blank(), blank()).prop_map(
        |(mark, elements, a, b)| {
            let mark = if mark { "\u{feff}" } else { "" };
            (elements.len(), format!("{mark}{a}[{}]{b}", elements.join(",")).into_bytes())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nasty_lines_come_back_byte_for_byte((rows, bytes) in nasty_csv()) {
        let source = Source::read(&bytes).unwrap();
        prop_assert_eq!(source.len(), rows as u64);
        prop_assert_eq!(put_together(&source), &bytes[..]);
        for (_, row) in source.rows() {
            prop_assert!(search(row).is_ok(), "{:?}", row);
        }
    }

    #[test]
    fn nasty_arrays_come_back_byte_for_byte((rows, bytes) in nasty_json()) {
        let source = Source::read(&bytes).unwrap();
        prop_assert_eq!(source.len(), rows as u64);
        prop_assert_eq!(put_together(&source), &bytes[..]);
        for (_, row) in source.rows() {
            prop_assert!(search(row).is_ok(), "{:?}", row);
        }
    }

    /// Whatever is done to a file, it is read whole or refused: no byte is dropped, and nothing panics.
    #[test]
    fn a_damaged_file_is_read_whole_or_refused(
        (_, mut bytes) in prop_oneof![nasty_csv(), nasty_json()],
        at in any::<prop::sample::Index>(),
        cut in 0usize..6,
        put in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put);
        match Source::read(&bytes) {
            Ok(source) => prop_assert_eq!(put_together(&source), bytes),
            Err(ReadError::TooLong(_)) => prop_assert!(false, "it is short"),
            Err(_) => {}
        }
    }
}
