//! CSV: the tables one after another, each under a line with its name in brackets.

use super::grid::{Grid, GridRow, Raw};
use super::{ImportError, MAX_ROWS};

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Grid>, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable(problem);
    let text = std::str::from_utf8(bytes)
        .map_err(|e| unreadable(format!("it is no text in UTF-8 ({e}); save it as \"CSV UTF-8\"")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut grids: Vec<Grid> = Vec::new();
    let mut rows = 0;
    for record in reader.records() {
        let record = record.map_err(|e| unreadable(format!("it is no CSV: {e}")))?;
        let number = record.position().map_or(0, csv::Position::line);
        let cells: Vec<(usize, Raw)> =
            record.iter().map(Raw::text).enumerate().filter(|(_, raw)| !raw.text.is_empty()).collect();
        if let [(0, name)] = &cells[..]
            && let Some(name) = name.text.strip_prefix('[').and_then(|n| n.strip_suffix(']'))
        {
            grids.push(Grid { name: name.trim().to_lowercase(), rows: Vec::new() });
            continue;
        }
        if cells.is_empty() {
            continue;
        }
        rows += 1;
        if rows > MAX_ROWS {
            return Err(unreadable(format!("it has more than {MAX_ROWS} rows")));
        }
        let Some(grid) = grids.last_mut() else {
            let sentence = "line 1 must name a table: [report], then [findings], [judgments], [obligations]";
            return Err(unreadable(format!("{sentence}; got {:?}", cells[0].1.text)));
        };
        grid.rows.push(GridRow { number, cells });
    }
    Ok(grids)
}
