//! OpenDocument Spreadsheet, the format that government publishes in.
//!
//! Four small XML files beside the media type, written here by hand: the crates that write ODS note the moment
//! of writing, and bytes must not. OpenDocument 1.3, parts 2 and 3.

use std::fmt::Write as _;

use super::archive;
use crate::sheet::{LANGUAGE, Place, Sheet, Value, Workbook, front};

const MEDIA_TYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const SPACES: &str = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
    xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
    xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" \
    xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\" \
    xmlns:fo=\"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0\" \
    xmlns:number=\"urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0\" \
    xmlns:meta=\"urn:oasis:names:tc:opendocument:xmlns:meta:1.0\" \
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\" office:version=\"1.3\"";

/// A workbook.
#[must_use]
pub fn write(workbook: &Workbook) -> Vec<u8> {
    // The media type comes first and uncompressed, so that a file can be told by its first bytes.
    archive::pack(&[
        ("mimetype".to_owned(), MEDIA_TYPE.as_bytes().to_vec()),
        ("META-INF/manifest.xml".to_owned(), manifest().into_bytes()),
        ("meta.xml".to_owned(), meta(workbook).into_bytes()),
        ("styles.xml".to_owned(), styles().into_bytes()),
        ("content.xml".to_owned(), content(workbook).into_bytes()),
    ])
}

fn manifest() -> String {
    let mut xml = format!(
        "{HEAD}<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" \
         manifest:version=\"1.3\">\n<manifest:file-entry manifest:full-path=\"/\" manifest:version=\"1.3\" \
         manifest:media-type=\"{MEDIA_TYPE}\"/>\n"
    );
    for name in ["meta.xml", "styles.xml", "content.xml"] {
        let _ = writeln!(
            xml,
            "<manifest:file-entry manifest:full-path=\"{name}\" manifest:media-type=\"text/xml\"/>"
        );
    }
    xml + "</manifest:manifest>\n"
}

fn meta(workbook: &Workbook) -> String {
    let made = jiff::Timestamp::from_second(workbook.made).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let title = escape(&workbook.title);
    format!(
        "{HEAD}<office:document-meta {SPACES}><office:meta><meta:generator>Scrutiny Ledger</meta:generator>\
         <dc:title>{title}</dc:title><dc:language>{LANGUAGE}</dc:language>\
         <meta:creation-date>{made}</meta:creation-date><dc:date>{made}</dc:date>\
         </office:meta></office:document-meta>\n"
    )
}

fn styles() -> String {
    format!(
        "{HEAD}<office:document-styles {SPACES}><office:styles>\
         <style:default-style style:family=\"table-cell\"><style:text-properties fo:font-family=\"Arial\" \
         fo:font-size=\"12pt\" fo:language=\"en\" fo:country=\"GB\"/></style:default-style>\
         <style:style style:name=\"Default\" style:family=\"table-cell\"/>\
         </office:styles></office:document-styles>\n"
    )
}

fn content(workbook: &Workbook) -> String {
    let mut xml = format!("{HEAD}<office:document-content {SPACES}><office:automatic-styles>");
    for (name, width) in [("wide", "18cm"), ("column", "4.5cm")] {
        let _ = write!(
            xml,
            "<style:style style:name=\"{name}\" style:family=\"table-column\">\
             <style:table-column-properties style:column-width=\"{width}\"/></style:style>"
        );
    }
    xml.push_str(
        "<style:style style:name=\"bold\" style:family=\"table-cell\" style:parent-style-name=\"Default\">\
         <style:table-cell-properties fo:wrap-option=\"wrap\" style:vertical-align=\"top\"/>\
         <style:text-properties fo:font-weight=\"bold\"/></style:style>\
         <style:style style:name=\"title\" style:family=\"table-cell\" style:parent-style-name=\"Default\">\
         <style:text-properties fo:font-weight=\"bold\"/></style:style>\
         <style:style style:name=\"wrap\" style:family=\"table-cell\" style:parent-style-name=\"Default\">\
         <style:table-cell-properties fo:wrap-option=\"wrap\" style:vertical-align=\"top\"/></style:style>\
         </office:automatic-styles><office:body><office:spreadsheet>\n",
    );
    let front = front(workbook);
    let sheets: Vec<_> = front.iter().chain(&workbook.sheets).collect();
    sheets.iter().for_each(|s| sheet(&mut xml, s));
    xml.push_str("<table:database-ranges>");
    sheets.iter().filter(|s| !s.columns.is_empty()).for_each(|s| range(&mut xml, s));
    xml + "</table:database-ranges></office:spreadsheet></office:body></office:document-content>\n"
}

fn sheet(xml: &mut String, sheet: &Sheet) {
    let _ = write!(xml, "<table:table table:name=\"{}\">", escape(&sheet.name));
    match sheet.columns.len() {
        0 => xml.push_str("<table:table-column table:style-name=\"wide\"/>"),
        n => {
            let _ = write!(
                xml,
                "<table:table-column table:style-name=\"column\" table:number-columns-repeated=\"{n}\"/>"
            );
        }
    }
    for (at, line) in sheet.above_or_cover().iter().enumerate() {
        row(xml, [text(line, if at == 0 { "title" } else { "Default" })]);
    }
    if !sheet.columns.is_empty() {
        xml.push_str("<table:table-header-rows>");
        row(xml, sheet.columns.iter().map(|heading| text(heading, "bold")));
        xml.push_str("</table:table-header-rows>");
    }
    for values in &sheet.rows {
        row(xml, values.iter().map(cell));
    }
    xml.push_str("</table:table>\n");
}

fn row(xml: &mut String, cells: impl IntoIterator<Item = String>) {
    xml.push_str("<table:table-row>");
    xml.extend(cells);
    xml.push_str("</table:table-row>\n");
}

fn cell(value: &Value) -> String {
    match value {
        Value::Text(words) => text(words, "wrap"),
        Value::Mark(mark) => text(mark.shorthand(), "wrap"),
        Value::Count(_) | Value::Decimal(_) => {
            let digits = value.text();
            format!(
                "<table:table-cell table:style-name=\"wrap\" office:value-type=\"float\" \
                 office:value=\"{digits}\"><text:p>{digits}</text:p></table:table-cell>"
            )
        }
    }
}

fn text(words: &str, style: &str) -> String {
    format!(
        "<table:table-cell table:style-name=\"{style}\" office:value-type=\"string\"><text:p>{}</text:p>\
         </table:table-cell>",
        escape(words)
    )
}

/// What marks a range of cells as a table with headings.
fn range(xml: &mut String, sheet: &Sheet) {
    let head = sheet.above_or_cover().len();
    let first = Place { row: head, column: 0 };
    let last = Place { row: head + sheet.rows.len(), column: sheet.columns.len() - 1 };
    let absolute = |place: Place| {
        let name = place.name();
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        format!("${}${}", &name[..digits], &name[digits..])
    };
    let _ = write!(
        xml,
        "<table:database-range table:name=\"table_{0}\" table:target-range-address=\"${0}.{1}:${0}.{2}\" \
         table:contains-header=\"true\" table:display-filter-buttons=\"false\"/>",
        escape(&sheet.name),
        absolute(first),
        absolute(last)
    );
}

/// Text in an element or an attribute. What XML cannot hold is left out; what reorders text is shown as U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}')
            }
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
