use proptest::prelude::*;

use super::*;

const ALL: Totals = Totals { of_rows: true, of_columns: true };

fn is_shown(published: &Published, at: usize) -> bool {
    matches!(published.cells[at], Shown::Count(_))
}

/// Every table of counts that agrees with what is shown, near the true one: each inner cell one up, one down
/// or as it is. Totals follow from the cells.
fn alternatives(rows: &[Vec<u64>], shown: &dyn Fn(usize) -> bool) -> Vec<Vec<u64>> {
    let truth = Grid::new(rows);
    let (height, width) = (rows.len(), rows[0].len());
    let inner: Vec<_> = (0..height * width).collect();
    let mut found = Vec::new();
    for code in 0..3_usize.pow(u32::try_from(inner.len()).expect("a small table")) {
        let mut code = code;
        let mut other = rows.to_vec();
        let mut negative = false;
        for &cell in &inner {
            let value = &mut other[cell / width][cell % width];
            match code % 3 {
                1 => *value += 1,
                2 if *value == 0 => negative = true,
                2 => *value -= 1,
                _ => {}
            }
            code /= 3;
        }
        if negative {
            continue;
        }
        let other = Grid::new(&other).cells;
        if (0..other.len()).all(|at| !shown(at) || other[at] == truth.cells[at]) {
            found.push(other);
        }
    }
    found
}

fn recovered(rows: &[Vec<u64>], totals: Totals, published: &Published) -> Vec<usize> {
    let truth = Grid::new(rows);
    let seen = |at: usize| truth.is_asked(at, totals) && is_shown(published, at);
    let others = alternatives(rows, &seen);
    let hidden = (0..truth.cells.len()).filter(|&at| truth.is_asked(at, totals) && !is_shown(published, at));
    hidden.filter(|&at| others.iter().all(|other| other[at] == truth.cells[at])).collect()
}

#[test]
fn one_small_cell_takes_three_others_with_it() {
    let grid = Grid::new(&[vec![3, 40, 50], vec![20, 30, 60], vec![25, 35, 70]]);
    let published = grid.publish(ALL, None);
    let withheld = published.withheld();
    assert_eq!(withheld, [(Why::Small, 1), (Why::Complement, 3)], "{published:?}");
    assert_eq!(published.get(0, 0), Some(Shown::Withheld(Why::Small)));
    assert_eq!(published.get(3, 3), Some(Shown::Count(333)), "totals are withheld last of all");
    assert_eq!(published.get(0, 4), None);
}

#[test]
fn the_brute_force_finds_what_primary_suppression_alone_gives_away() {
    let rows = [vec![3, 40], vec![20, 30]];
    let mut naive = Grid::new(&rows).publish(ALL, None);
    naive.cells = Grid::new(&rows)
        .cells
        .iter()
        .map(|&n| if n < THRESHOLD { Shown::Withheld(Why::Small) } else { Shown::Count(n) })
        .collect();
    assert_eq!(recovered(&rows, ALL, &naive), [0]);
}

#[test]
fn nothing_small_withholds_nothing_and_an_empty_table_is_all_withheld() {
    let grid = Grid::new(&[vec![5, 6], vec![7, 8]]);
    assert_eq!(grid.publish(ALL, None).withheld(), []);
    let empty = Grid::new(&[vec![0, 0]]).publish(ALL, None);
    assert_eq!(empty.withheld(), [(Why::Small, 6)]);
}

#[test]
fn a_late_form_does_not_show_in_the_difference_of_two_publications() {
    let before = Grid::new(&[vec![20, 30], vec![40, 50]]).publish(ALL, None);
    let after = Grid::new(&[vec![22, 30], vec![40, 50]]).publish(ALL, Some(&before));
    assert_eq!(after.get(0, 0), Some(Shown::Withheld(Why::Change)));
    assert_eq!(after.get(0, 2), Some(Shown::Withheld(Why::Change)), "its row's total moved by two as well");
    let later = Grid::new(&[vec![60, 30], vec![40, 50]]).publish(ALL, Some(&after));
    assert_eq!(later.get(0, 0), Some(Shown::Withheld(Why::Change)), "what was withheld stays so");
}

fn small_tables() -> impl Strategy<Value = Vec<Vec<u64>>> {
    let count = prop_oneof![2 => 0_u64..5, 3 => 5_u64..12];
    (1_usize..=3, 1_usize..=3).prop_flat_map(move |(height, width)| {
        prop::collection::vec(prop::collection::vec(count.clone(), width), height)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_withheld_cell_follows_from_what_is_shown(
        rows in small_tables(), of_rows in any::<bool>(), of_columns in any::<bool>(),
    ) {
        let totals = Totals { of_rows, of_columns };
        let published = Grid::new(&rows).publish(totals, None);
        prop_assert_eq!(recovered(&rows, totals, &published), Vec::<usize>::new(), "{:?}", published);
    }

    #[test]
    fn below_totals_that_stand_nothing_follows_either(rows in small_tables()) {
        let published = Grid::new(&rows).publish_below_totals(None);
        let columns = rows[0].len();
        let truth = Grid::new(&rows);
        let totals_are_small = truth.cells[rows.len() * (columns + 1)..].iter().any(|n| *n < THRESHOLD);
        for column in 0..=columns {
            let shown = matches!(published.get(rows.len(), column), Some(Shown::Count(_)));
            prop_assert_eq!(shown, !totals_are_small, "totals stand, or none does");
        }
        // One row is its own total, and no breakdown.
        if rows.len() > 1 {
            prop_assert_eq!(recovered(&rows, ALL, &published), Vec::<usize>::new(), "{:?}", published);
        }
    }

    #[test]
    fn what_is_shown_is_true_and_not_small(rows in small_tables()) {
        let grid = Grid::new(&rows);
        for (cell, truth) in grid.publish(ALL, None).cells.iter().zip(&grid.cells) {
            if let Shown::Count(count) = cell {
                prop_assert!(count == truth && *count >= THRESHOLD);
            }
        }
    }

    #[test]
    fn two_publications_never_differ_by_a_small_number(
        rows in small_tables(), late in prop::collection::vec(0_u64..9, 9),
    ) {
        let width = rows[0].len();
        let moved: Vec<Vec<u64>> = rows
            .iter()
            .enumerate()
            .map(|(i, row)| row.iter().enumerate().map(|(j, n)| n + late[i * width + j]).collect())
            .collect();
        let before = Grid::new(&rows).publish(ALL, None);
        let after = Grid::new(&moved).publish(ALL, Some(&before));
        prop_assert_eq!(recovered(&moved, ALL, &after), Vec::<usize>::new());
        for (old, new) in before.cells.iter().zip(&after.cells) {
            match (old, new) {
                (Shown::Count(old), Shown::Count(new)) => {
                    prop_assert!(old == new || old.abs_diff(*new) >= THRESHOLD);
                }
                (Shown::Withheld(_), Shown::Count(n)) => prop_assert!(false, "{n} was withheld before"),
                _ => {}
            }
        }
    }
}
