//! A bar chart as SVG: horizontal bars with their intervals, each with its numbers in words beside it.
//!
//! It has a title and a description that a screen reader finds, text that stays text, and no meaning in colour:
//! whoever sees no bars reads the numbers. A chart stands beside its table, never in its place.

use std::fmt::Write as _;

use crate::html::escape;

/// A chart of percentages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    /// What it shows.
    pub title: String,
    /// What a reader who does not see it has to know: of what, which period, what it does not say.
    pub description: String,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What it is of.
    pub label: String,
    /// Percent with one decimal; none for a gap, which the words explain.
    pub percent: Option<String>,
    /// Lower and upper end of its interval.
    pub interval: Option<(String, String)>,
    /// The figure in words: "41 of 79 (51.9 %)".
    pub words: String,
}

const LABELS: u32 = 260;
const PLOT: u32 = 400;
const WORDS: u32 = 280;
const ROW: u32 = 34;
const TOP: u32 = 64;

impl Bars {
    /// The chart as a document of its own.
    #[must_use]
    pub fn to_svg(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.markup("chart"))
    }

    /// The chart to stand in a page; `id` tells it from others there.
    pub(crate) fn markup(&self, id: &str) -> String {
        let height = TOP + ROW * u32::try_from(self.bars.len()).unwrap_or(0) + 46;
        let width = LABELS + PLOT + WORDS;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" lang=\"en-GB\" \
             font-family=\"Arial,Helvetica,sans-serif\" font-size=\"16\" fill=\"#0b0c0c\">\n\
             <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             <text x=\"0\" y=\"26\" font-size=\"19\" font-weight=\"bold\">{}</text>\n",
            escape(&self.title),
            escape(&self.description),
            escape(&self.title)
        );
        let bottom = TOP + ROW * u32::try_from(self.bars.len()).unwrap_or(0);
        for percent in [0, 25, 50, 75, 100] {
            let x = LABELS + PLOT * percent / 100;
            let _ = writeln!(
                svg,
                "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"#b1b4b6\"/>\
                 <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{percent} %</text>",
                TOP - 8,
                bottom + 22
            );
        }
        for (at, bar) in (0..).zip(&self.bars) {
            row(&mut svg, bar, TOP + ROW * at);
        }
        svg + "</svg>\n"
    }
}

fn row(svg: &mut String, bar: &Bar, y: u32) {
    let baseline = y + 21;
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{}</text>",
        LABELS - 10,
        escape(&bar.label)
    );
    if let Some(percent) = &bar.percent {
        let _ = writeln!(
            svg,
            "<rect x=\"{LABELS}\" y=\"{}\" width=\"{}\" height=\"20\" fill=\"#1d70b8\"/>",
            y + 6,
            tenths(percent, 0)
        );
    }
    if let Some((lower, upper)) = &bar.interval {
        let (from, to, middle) = (tenths(lower, LABELS), tenths(upper, LABELS), y + 16);
        let _ = writeln!(
            svg,
            "<path d=\"M{from} {middle}H{to}M{from} {}V{}M{to} {}V{}\" stroke=\"#0b0c0c\" stroke-width=\"2\" fill=\"none\"/>",
            y + 10,
            y + 22,
            y + 10,
            y + 22
        );
    }
    let _ =
        writeln!(svg, "<text x=\"{}\" y=\"{baseline}\">{}</text>", LABELS + PLOT + 12, escape(&bar.words));
}

/// A percentage of one decimal as a length in the plot, in whole tenths of a unit, so that every machine writes
/// the same digits.
fn tenths(percent: &str, from: u32) -> String {
    let digits: u32 = percent.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let length = digits.min(1000) * PLOT / 100 + from * 10;
    format!("{}.{}", length / 10, length % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_a_title_a_description_and_every_number_in_words() {
        let chart = Bars {
            title: "Find rates <March>".to_owned(),
            description: "Of all searches.".to_owned(),
            bars: vec![
                Bar {
                    label: "White & other".to_owned(),
                    percent: Some("51.9".to_owned()),
                    interval: Some(("41.0".to_owned(), "62.6".to_owned())),
                    words: "41 of 79 (51.9 %)".to_owned(),
                },
                Bar { label: "Black".to_owned(), percent: None, interval: None, words: "[c]".to_owned() },
            ],
        };
        let svg = chart.to_svg();
        for part in [
            "role=\"img\" aria-labelledby=\"chart-title chart-desc\"",
            "<title id=\"chart-title\">Find rates &lt;March&gt;</title>",
            "<desc id=\"chart-desc\">Of all searches.</desc>",
            "width=\"207.6\" height=\"20\"",
            "M424.0 ",
            ">41 of 79 (51.9 %)</text>",
            ">[c]</text>",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert_eq!(svg.matches("<rect").count(), 2, "the ground and one bar: a gap has none");
        assert!(!svg.contains("<script") && !svg.contains("href"));
    }
}
