//! Sums that do not add up: totals of a table beside what their parts come to.
//!
//! Nothing is put right. A total that differs from the sum of its parts is reported with both numbers and the parts;
//! a sum of which a part is not known is not judged.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::codes;
use crate::tables::{Row, Table};

/// A total that its parts do not come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The row that states the total.
    pub row: u64,
    /// Which total: "Handcuffing, of which".
    pub total: String,
    /// In which column.
    pub column: String,
    /// The column's place, 0-based.
    pub column_at: usize,
    /// The total as stated.
    pub stated: u64,
    /// The parts, each with its name.
    pub parts: Vec<(String, u64)>,
}

impl Mismatch {
    /// What the parts come to.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.parts.iter().map(|(_, n)| n).sum()
    }

    /// By how much the two differ.
    #[must_use]
    pub fn difference(&self) -> u64 {
        self.stated.abs_diff(self.computed())
    }

    /// "Compliant handcuffing 339 + Non-compliant handcuffing 254".
    #[must_use]
    pub fn words(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(|(name, n)| format!("{name} {n}")).collect();
        parts.join(" + ")
    }
}

/// Every total in a table that differs from the sum of its parts, and how many were compared.
#[must_use]
pub fn check(table: &Table) -> (Vec<Mismatch>, u64) {
    let mut checks = Checks { table, found: Vec::new(), compared: 0 };
    if let Some(tactic) = table.column("Tactic") {
        checks.tactics(tactic);
    } else if let (Some(region), Some(force)) = (table.column("Region"), table.column("Police force")) {
        checks.regions(region, force);
    }
    checks.tasers();
    (checks.found, checks.compared)
}

/// Totals of columns in tables of conducted energy devices (Tasers).
const TASERS: [(&str, &[&str]); 3] = [
    ("Total non-discharge", &["Drawn", "Aimed", "Red-dot", "Arced"]),
    ("Total discharge", &["Drive stun", "Fired", "Angled drive stun"]),
    ("Total", &["Total non-discharge", "Total discharge", "Not stated"]),
];

struct Checks<'a> {
    table: &'a Table,
    found: Vec<Mismatch>,
    compared: u64,
}

impl<'a> Checks<'a> {
    /// Rows of one tactic below "…, of which", and the tactics of a group below "Total …".
    fn tactics(&mut self, tactic: usize) {
        let rows = &self.table.rows;
        let columns = (tactic + 1..self.table.columns.len()).collect::<Vec<_>>();
        // A row inside "…, of which" is no part of the group's total a second time.
        let mut inside = HashSet::new();
        for (at, row) in
            rows.iter().enumerate().filter(|(_, row)| name(row.words(tactic)).ends_with(", of which"))
        {
            let is_part = |part: &&Row| {
                group(part, tactic) == group(row, tactic)
                    && is_part(name(row.words(tactic)), name(part.words(tactic)))
            };
            let parts: Vec<&Row> = rows[at + 1..].iter().take_while(is_part).collect();
            inside.extend(parts.iter().map(|part| part.number));
            self.compare(row, &parts, &columns, tactic);
        }
        for row in rows.iter().filter(|row| is_total(row.words(tactic))) {
            let same = |part: &&Row| {
                group(part, tactic) == group(row, tactic)
                    && part.number != row.number
                    && !inside.contains(&part.number)
            };
            let parts: Vec<&Row> = rows.iter().filter(same).collect();
            self.compare(row, &parts, &columns, tactic);
        }
    }

    /// The forces of a region, and the regions of the whole, for each year where there are several.
    fn regions(&mut self, region: usize, force: usize) {
        let rows = &self.table.rows;
        let columns = (force + 1..self.table.columns.len()).collect::<Vec<_>>();
        for row in rows.iter().filter(|row| is_total(row.words(force))) {
            let year = |other: &Row| other.values[..region.min(other.values.len())] == row.values[..region];
            let is_whole = row.words(region).eq_ignore_ascii_case("England and Wales");
            let is_part = |other: &&Row| {
                let total = is_total(other.words(force));
                let inside = if is_whole {
                    total && other.number != row.number
                } else {
                    !total && other.words(region) == row.words(region)
                };
                year(other) && inside
            };
            let parts: Vec<&Row> = rows.iter().filter(is_part).collect();
            self.compare(row, &parts, &columns, force);
        }
    }

    /// Columns that are parts of columns.
    fn tasers(&mut self) {
        let place = |name: &str| self.table.column(name);
        let sums: Vec<(usize, Vec<usize>)> = TASERS
            .iter()
            .filter_map(|(total, parts)| {
                Some((place(total)?, parts.iter().map(|part| place(part)).collect::<Option<_>>()?))
            })
            .collect();
        for row in &self.table.rows {
            for (total, parts) in &sums {
                let named = parts.iter().map(|at| (self.table.columns[*at].clone(), row.number(*at)));
                let who = row.values.iter().rfind(|v| crate::tables::number(v).is_none() && !v.is_empty());
                self.judge(row, who.cloned().unwrap_or_default(), *total, named.collect());
            }
        }
    }

    fn compare(&mut self, row: &Row, parts: &[&Row], columns: &[usize], names: usize) {
        for &column in columns {
            // An incident with two tactics is one incident of each: such columns are not sums.
            if self.table.columns[column].to_lowercase().contains("incidents involving") || parts.is_empty() {
                continue;
            }
            let named = parts.iter().map(|part| (name(part.words(names)).to_owned(), part.number(column)));
            self.judge(row, name(row.words(names)).to_owned(), column, named.collect());
        }
    }

    fn judge(&mut self, row: &Row, total: String, column_at: usize, parts: Vec<(String, Option<u64>)>) {
        let Some(stated) = row.number(column_at) else { return };
        let known: Option<Vec<(String, u64)>> = parts.into_iter().map(|(name, n)| Some((name, n?))).collect();
        let Some(parts) = known else { return };
        self.compared += 1;
        let column = self.table.columns[column_at].clone();
        let mismatch = Mismatch { row: row.number, total, column, column_at, stated, parts };
        if mismatch.difference() > 0 {
            self.found.push(mismatch);
        }
    }
}

/// What stands before the tactic: the type of force, and in some tables the police force.
fn group(row: &Row, tactic: usize) -> &[String] {
    &row.values[..tactic.min(row.values.len())]
}

/// "Total North East", "*Total Restraint".
fn is_total(words: &str) -> bool {
    words.trim_start_matches('*').to_lowercase().starts_with("total ")
}

/// A name without its star and its footnote.
fn name(words: &str) -> &str {
    words.trim_start_matches('*').trim_end_matches(|c: char| c.is_ascii_digit()).trim()
}

fn is_part(total: &str, part: &str) -> bool {
    static PARTS: OnceLock<HashSet<[String; 2]>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| codes::rows(include_str!("../data/sums.csv")).collect());
    part.starts_with("Not stated") || parts.contains(&[total.to_owned(), part.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::read;

    fn mismatches(text: &str) -> (Vec<Mismatch>, u64) {
        check(&Table::of(&read(text.as_bytes()).unwrap()))
    }

    /// The recap of October 2023: 487 of 854 uses were compliant or not; the month before is stated as 581.
    #[test]
    fn the_recap_of_october_2023_does_not_add_up_by_twelve() {
        let (found, compared) = mismatches(
            "Type of force,Tactic,Previous month,Current month\n\
             Restraint,\"Handcuffing, of which\",581,533\n\
             Restraint,Compliant handcuffing,339,311\n\
             Restraint,Non-compliant handcuffing,254,222\n",
        );
        assert_eq!(compared, 2, "311 + 222 is 533, and reconciles");
        let [one] = &found[..] else { panic!("{found:?}") };
        assert_eq!((one.stated, one.computed(), one.difference()), (581, 593, 12));
        assert_eq!(one.words(), "Compliant handcuffing 339 + Non-compliant handcuffing 254");
        assert_eq!((one.row, one.column.as_str()), (1, "Previous month"));
    }

    #[test]
    fn a_sum_with_an_unknown_part_is_not_judged() {
        let table = "Region,Police force,Total\nA,Total A,10\nA,One,..\nA,Two,4\n";
        assert_eq!(mismatches(table), (Vec::new(), 0));
        let (found, compared) = mismatches(&table.replace("..", "5.0"));
        assert_eq!((found.len(), found[0].difference(), compared), (1, 1, 1));
    }

    #[test]
    fn columns_of_a_taser_table_are_checked_against_each_other() {
        let head = "Region,Police force,Total,Total non-discharge,Drawn,Aimed,Red-dot,Arced,Total discharge,Drive stun,Fired,Angled drive stun,Not stated\n";
        let essex = "East of England,Essex,247,94,24,10,60,0,47,0,47,0,106\n";
        assert_eq!(mismatches(&format!("{head}{essex}")), (Vec::new(), 3));
        let (found, _) = mismatches(&format!("{head}{}", essex.replace(",94,24,", ",94,25,")));
        assert_eq!(
            (found[0].total.as_str(), found[0].column.as_str(), found[0].difference()),
            ("Essex", "Total non-discharge", 1)
        );
    }
}
