//! Where a table leaves room: a graph of rows and columns.
//!
//! Take the counts with their totals as one table in which each row and each column must add up. Turn the sign
//! of the totals: then every row and every column adds up to zero. A change of the withheld cells that keeps
//! all sums is a set of closed walks from rows to columns and back, up on the way to a column, down on the way
//! to a row. A count cannot fall below zero, so a walk may only go down where there is something. A cell is
//! safe when such a walk goes through it: one table fits with it, and one without.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Grid;

/// The table's rows and columns as nodes, its cells as edges.
pub(super) struct Graph<'a> {
    grid: &'a Grid,
    withheld: Vec<bool>,
    /// Whether walks must leave the last row alone, because other tables show it too.
    keeps_totals: bool,
}

/// Which way a walk uses a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToColumn,
    ToRow,
}

impl<'a> Graph<'a> {
    pub(super) fn new(grid: &'a Grid) -> Self {
        Self { grid, withheld: vec![false; grid.cells.len()], keeps_totals: false }
    }

    pub(super) fn keeping_totals(self) -> Self {
        Self { keeps_totals: true, ..self }
    }

    pub(super) fn withhold(&mut self, at: usize) {
        self.withheld[at] = true;
    }

    /// Withholds what it takes for a cell not to be computed, and names it.
    ///
    /// There is always a way: the cell, its row's total, its column's and the table's can all be one larger.
    pub(super) fn protect(&mut self, at: usize) -> Vec<usize> {
        self.try_to_protect(at).expect("a cell and its totals can always grow together")
    }

    /// The same, where the last row may have to be left alone: then there may be no way.
    pub(super) fn try_to_protect(&mut self, at: usize) -> Option<Vec<usize>> {
        let walks = [Way::ToColumn, Way::ToRow].into_iter().filter(|&way| self.may(at, way));
        let cheapest = walks.filter_map(|way| self.way_back(at, way)).min_by_key(|(cost, _)| *cost);
        let (_, walk) = cheapest?;
        let new: Vec<_> = walk.into_iter().filter(|&cell| !self.withheld[cell]).collect();
        new.iter().for_each(|&cell| self.withhold(cell));
        Some(new)
    }

    /// The cheapest walk that starts where `at` used this way ends, and ends where it starts (Dijkstra).
    fn way_back(&self, at: usize, way: Way) -> Option<(u64, Vec<usize>)> {
        let (row, column) = self.place(at);
        let (start, goal) = match way {
            Way::ToColumn => (self.column_node(column), row),
            Way::ToRow => (row, self.column_node(column)),
        };
        let mut best: Vec<Option<(u64, usize, usize)>> = vec![None; self.height() + self.width()];
        let mut queue = BinaryHeap::from([Reverse((0, start))]);
        while let Some(Reverse((cost, node))) = queue.pop() {
            if node == goal {
                return Some((cost, trace(&best, start, goal)));
            }
            if best[node].is_some_and(|(known, ..)| known < cost) {
                continue;
            }
            for (cell, next) in self.steps(node).filter(|(cell, _)| *cell != at) {
                let total = cost + self.price(cell);
                if next != start && best[next].is_none_or(|(known, ..)| total < known) {
                    best[next] = Some((total, node, cell));
                    queue.push(Reverse((total, next)));
                }
            }
        }
        None
    }

    /// Cells by which a walk can leave a node, and where each leads.
    fn steps(&self, node: usize) -> impl Iterator<Item = (usize, usize)> {
        let (height, width) = (self.height(), self.width());
        let count = if node < height { width } else { height };
        (0..count).filter_map(move |i| {
            let (cell, next, way) = if node < height {
                (node * width + i, height + i, Way::ToColumn)
            } else {
                (i * width + node - height, i, Way::ToRow)
            };
            self.may(cell, way).then_some((cell, next))
        })
    }

    /// Whether a cell can change that way without falling below zero. Totals have their sign turned.
    fn may(&self, at: usize, way: Way) -> bool {
        let (row, column) = self.place(at);
        if self.keeps_totals && row + 1 == self.height() {
            return false;
        }
        let is_turned = (row + 1 == self.height()) != (column + 1 == self.width());
        let falls = (way == Way::ToRow) != is_turned;
        !falls || self.grid.cells[at] > 0
    }

    /// What is withheld already costs nothing; a small cell is a smaller loss than a large one, and totals are
    /// what a reader misses most.
    fn price(&self, at: usize) -> u64 {
        if self.withheld[at] {
            return 0;
        }
        let (row, column) = self.place(at);
        let is_total = row + 1 == self.height() || column + 1 == self.width();
        let worth = self.grid.cells[at].min(1 << 32) + 1;
        if is_total { worth << 20 } else { worth }
    }

    fn place(&self, at: usize) -> (usize, usize) {
        (at / self.width(), at % self.width())
    }

    fn column_node(&self, column: usize) -> usize {
        self.height() + column
    }

    fn height(&self) -> usize {
        self.grid.rows + 1
    }

    fn width(&self) -> usize {
        self.grid.columns + 1
    }
}

fn trace(best: &[Option<(u64, usize, usize)>], start: usize, goal: usize) -> Vec<usize> {
    let mut walk = Vec::new();
    let mut node = goal;
    while node != start {
        let (_, from, cell) = best[node].expect("every node on the way was reached from another");
        walk.push(cell);
        node = from;
    }
    walk
}
