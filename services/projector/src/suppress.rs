//! Small numbers withheld, so that nobody can find them out from what is left.
//!
//! A count below the threshold could be one person. It is withheld, and since a row or column total would give
//! it away at once, other cells are withheld with it (*secondary suppression*): as few and as small as a
//! shortest path finds, though not always the fewest there are.
//!
//! **What is promised.** For every cell withheld there is another table of counts that agrees with everything
//! shown, totals included, and has another number there. So no withheld cell can be computed. Between two
//! publications of one table: what was withheld stays withheld, and a cell that moved by less than the
//! threshold is withheld, so that a difference is never a small number.
//!
//! **What is not.** A reader may still narrow a cell to a range. Two *different* tables that count the same
//! records by other headings are not compared; publish one grid for one measure. And whoever knows some of the
//! people counted knows more than the table says.

mod graph;

use graph::Graph;

/// Counts below this are small: "cells < 5".
pub const THRESHOLD: u64 = 5;

/// Why a cell is withheld. For those inside: the public is told how many cells are withheld and no more, since
/// two cells known to be small that add up to eight are two fours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Below the threshold.
    Small,
    /// It was withheld before, or moved by a small number since.
    Change,
    /// Another could be computed from it.
    Complement,
}

/// A cell as the public sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Its count.
    Count(u64),
    /// Nothing but that something is withheld: "[c]".
    Withheld(Why),
}

/// Counts in rows and columns. Totals are computed, so that they cannot disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    rows: usize,
    columns: usize,
    /// Row by row, each with its total at the end; the last row has the columns' totals.
    cells: Vec<u64>,
}

/// Which totals are shown beside the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// One for each row.
    pub of_rows: bool,
    /// One for each column.
    pub of_columns: bool,
}

/// A grid as it may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    columns: usize,
    cells: Vec<Shown>,
}

impl Grid {
    /// A grid from its rows.
    ///
    /// # Panics
    /// When a row has another number of columns than the first.
    #[must_use]
    pub fn new(rows: &[Vec<u64>]) -> Self {
        let columns = rows.first().map_or(0, Vec::len);
        let mut cells = Vec::with_capacity((rows.len() + 1) * (columns + 1));
        let mut totals = vec![0; columns + 1];
        for row in rows {
            assert_eq!(row.len(), columns, "every row of a grid has the same columns");
            let with_total = row.iter().copied().chain([row.iter().sum()]);
            for (total, cell) in totals.iter_mut().zip(with_total) {
                *total += cell;
                cells.push(cell);
            }
        }
        cells.extend(totals);
        Self { rows: rows.len(), columns, cells }
    }

    /// The grid with its small cells withheld, and whatever would give them away.
    ///
    /// `before` is what was published last of the same table; its rows and columns must be the same.
    #[must_use]
    pub fn publish(&self, totals: Totals, before: Option<&Published>) -> Published {
        let mut graph = Graph::new(self);
        let mut why: Vec<Option<Why>> = vec![None; self.cells.len()];
        for (at, &count) in self.cells.iter().enumerate() {
            if !self.is_asked(at, totals) {
                graph.withhold(at);
            } else if let Some(reason) = sensitive(count, before.and_then(|b| b.cells.get(at))) {
                graph.withhold(at);
                why[at] = Some(reason);
            }
        }
        for at in (0..why.len()).filter(|&at| why[at].is_some()).collect::<Vec<_>>() {
            for companion in graph.protect(at) {
                why[companion].get_or_insert(Why::Complement);
            }
        }
        self.shown(&why)
    }

    /// The grid for a table whose column totals and grand total other tables show as well: they stand, and only
    /// cells and row totals are withheld. Where that cannot be done, all of those are.
    ///
    /// A small total cannot stand: then the totals are withheld too, and every other table of them must be
    /// withheld as this one is.
    #[must_use]
    pub fn publish_below_totals(&self, before: Option<&Published>) -> Published {
        let mut graph = Graph::new(self).keeping_totals();
        let mut why: Vec<Option<Why>> = vec![None; self.cells.len()];
        for (at, &count) in self.cells.iter().enumerate() {
            if let Some(reason) = sensitive(count, before.and_then(|b| b.cells.get(at))) {
                if self.is_shared(at) {
                    return self.nothing();
                }
                graph.withhold(at);
                why[at] = Some(reason);
            }
        }
        for at in (0..why.len()).filter(|&at| why[at].is_some()).collect::<Vec<_>>() {
            let Some(companions) = graph.try_to_protect(at) else { return self.only_totals() };
            for companion in companions {
                why[companion].get_or_insert(Why::Complement);
            }
        }
        self.shown(&why)
    }

    fn is_shared(&self, at: usize) -> bool {
        at / (self.columns + 1) == self.rows
    }

    fn nothing(&self) -> Published {
        self.shown(&vec![Some(Why::Complement); self.cells.len()])
    }

    fn only_totals(&self) -> Published {
        let why: Vec<_> =
            (0..self.cells.len()).map(|at| (!self.is_shared(at)).then_some(Why::Complement)).collect();
        self.shown(&why)
    }

    fn shown(&self, why: &[Option<Why>]) -> Published {
        let cells = self.cells.iter().zip(why).map(|(&count, why)| match why {
            Some(why) => Shown::Withheld(*why),
            None => Shown::Count(count),
        });
        Published { columns: self.columns, cells: cells.collect() }
    }

    /// Whether a place is a cell, or a total that is shown.
    fn is_asked(&self, at: usize, totals: Totals) -> bool {
        let (row, column) = (at / (self.columns + 1), at % (self.columns + 1));
        (column < self.columns || totals.of_rows) && (row < self.rows || totals.of_columns)
    }
}

fn sensitive(count: u64, before: Option<&Shown>) -> Option<Why> {
    match before {
        _ if count < THRESHOLD => Some(Why::Small),
        Some(Shown::Withheld(_)) => Some(Why::Change),
        Some(Shown::Count(old)) if *old != count && old.abs_diff(count) < THRESHOLD => Some(Why::Change),
        _ => None,
    }
}

impl Published {
    /// A cell; the place after the last row or column is a total.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> Option<Shown> {
        (column <= self.columns).then(|| self.cells.get(row * (self.columns + 1) + column).copied())?
    }

    /// A publication as it was shown earlier, row by row with totals; none is a cell that was withheld.
    #[must_use]
    pub fn remembered(columns: usize, cells: &[Option<u64>]) -> Self {
        let shown = |cell: &Option<u64>| cell.map_or(Shown::Withheld(Why::Change), Shown::Count);
        Self { columns, cells: cells.iter().map(shown).collect() }
    }

    /// How many cells are withheld for each reason, totals that are not asked for left out.
    #[must_use]
    pub fn withheld(&self) -> Vec<(Why, usize)> {
        [Why::Small, Why::Change, Why::Complement]
            .into_iter()
            .map(|why| (why, self.cells.iter().filter(|cell| **cell == Shown::Withheld(why)).count()))
            .filter(|(_, n)| *n > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests;
