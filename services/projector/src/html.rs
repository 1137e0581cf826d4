//! Standalone HTML: text, headings, lists and tables, and nothing that runs.
//!
//! Whatever comes from the ledger is escaped here and nowhere else: [`Page`] takes text, never markup. A page
//! links to nothing and loads nothing, so that it reads the same in ten years and prints from any browser.

use crate::svg::Bars;
use crate::table::Table;

/// How a page looks. Colour carries no meaning: words do.
const STYLE: &str = "\
:root{color-scheme:light}\
body{font:1rem/1.5 Arial,Helvetica,sans-serif;color:#0b0c0c;background:#fff;max-width:70rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.9rem;line-height:1.2}h2{font-size:1.4rem;margin-top:2.2rem;border-top:2px solid #0b0c0c;padding-top:.6rem}\
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;font-size:.92rem}\
caption{text-align:left;font-weight:bold;padding:.3rem 0}\
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #b1b4b6}\
thead th{border-bottom:2px solid #0b0c0c}\
.meta{color:#383f43}figure{margin:1rem 0}code{overflow-wrap:anywhere}\
@media print{body{max-width:none;margin:0;font-size:10pt}h2{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}}";

/// A page in the making.
#[derive(Debug)]
pub struct Page {
    head: String,
    body: String,
    /// Charts so far, so that each has names of its own.
    charts: usize,
}

impl Page {
    /// A page with its title as the only heading of the first level.
    #[must_use]
    pub fn new(title: &str) -> Self {
        let title = escape(title);
        let head = format!(
            "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        );
        Self { head, body: format!("<h1>{title}</h1>\n"), charts: 0 }
    }

    /// A heading of the second level.
    pub fn section(&mut self, heading: &str) -> &mut Self {
        self.push(format!("<h2>{}</h2>\n", escape(heading)))
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.push(format!("<p>{}</p>\n", escape(text)))
    }

    /// A paragraph about the page itself.
    pub fn meta(&mut self, text: &str) -> &mut Self {
        self.push(format!("<p class=\"meta\">{}</p>\n", escape(text)))
    }

    /// A list; nothing for no items.
    pub fn list(&mut self, items: &[String]) -> &mut Self {
        if items.is_empty() {
            return self;
        }
        let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect();
        self.push(format!("<ul>\n{items}</ul>\n"))
    }

    /// A table with its title as caption, the first cell of each row as its head, and notes below. A table
    /// without rows is the sentence `none` instead.
    pub fn table(&mut self, table: &Table, none: &str) -> &mut Self {
        if table.rows.is_empty() {
            return self.paragraph(none);
        }
        self.grid(&table.title, &table.columns, &table.rows).list(&table.notes)
    }

    /// Rows under headings, with a caption.
    pub fn grid<S: AsRef<str>>(&mut self, caption: &str, columns: &[S], rows: &[Vec<String>]) -> &mut Self {
        let heads: String =
            columns.iter().map(|c| format!("<th scope=\"col\">{}</th>", escape(c.as_ref()))).collect();
        let rows: String = rows.iter().map(|row| line(row)).collect();
        let caption = escape(caption);
        self.push(format!(
            "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table>\n\
             <caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
        ))
    }

    /// A chart, which stands above its table.
    pub fn chart(&mut self, chart: &Bars) -> &mut Self {
        self.charts += 1;
        let markup = chart.markup(&format!("chart-{}", self.charts));
        self.push(format!("<figure class=\"wide\">{markup}</figure>\n"))
    }

    /// The whole page.
    #[must_use]
    pub fn finish(self) -> String {
        format!("{}<body>\n<main>\n{}</main>\n</body>\n</html>\n", self.head, self.body)
    }

    fn push(&mut self, markup: String) -> &mut Self {
        self.body.push_str(&markup);
        self
    }
}

fn line(row: &[String]) -> String {
    let cells: String = row
        .iter()
        .enumerate()
        .map(|(at, cell)| match at {
            0 => format!("<th scope=\"row\">{}</th>", escape(cell)),
            _ => format!("<td>{}</td>", escape(cell)),
        })
        .collect();
    format!("<tr>{cells}</tr>\n")
}

/// Text as HTML shows it, in an element or a quoted attribute. Characters that reorder what surrounds them
/// are written out, so that a name cannot turn a sentence round.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_anybody_typed_becomes_markup() {
        let hostile = "<script>alert(1)</script>\" onload='x' & \u{202e}gnp";
        let mut page = Page::new(hostile);
        page.section(hostile).paragraph(hostile).meta(hostile).list(&[hostile.to_owned()]);
        let table = Table {
            title: hostile.to_owned(),
            columns: vec!["<b>"],
            rows: vec![vec![hostile.to_owned()]],
            notes: vec![hostile.to_owned()],
        };
        let html = page.table(&table, "").finish_copy();
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains('\u{202e}'), "{html}");
        assert_eq!(
            html.matches("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;").count(),
            10
        );
    }

    impl Page {
        fn finish_copy(&mut self) -> String {
            format!("{}{}", self.head, self.body)
        }
    }
}
