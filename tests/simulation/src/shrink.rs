//! A shorter schedule that fails in the same way.

use crate::schedule::Schedule;
use crate::step::Step;

/// Runs of one shrinking, at most: some ten seconds.
const RUNS: u32 = 3_000;

/// Leaves out and shortens steps as long as `fails` says that what is left still does.
pub fn shrink(schedule: &Schedule, mut fails: impl FnMut(&Schedule) -> bool) -> Schedule {
    let mut best = schedule.clone();
    let mut runs = 0;
    let mut still = |steps: Vec<Step>, recorders: u8| {
        runs += 1;
        let candidate = Schedule { recorders, steps };
        (runs <= RUNS && fails(&candidate)).then_some(candidate)
    };
    loop {
        let before = best.clone();
        let mut size = best.steps.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < best.steps.len() {
                let end = (at + size).min(best.steps.len());
                let mut steps = best.steps.clone();
                steps.drain(at..end);
                match still(steps, best.recorders) {
                    Some(shorter) => best = shorter,
                    None => at = end,
                }
            }
            size /= 2;
        }
        for at in 0..best.steps.len() {
            for simpler in simpler(&best.steps[at]) {
                let mut steps = best.steps.clone();
                steps[at] = simpler;
                if let Some(shorter) = still(steps, best.recorders) {
                    best = shorter;
                    break;
                }
            }
        }
        if best == before {
            return best;
        }
    }
}

/// The same step, with less of it.
fn simpler(step: &Step) -> Vec<Step> {
    match step {
        Step::Submit(statements) if statements.len() > 1 => {
            let without = |at: usize| {
                let mut fewer = statements.clone();
                fewer.remove(at);
                Step::Submit(fewer)
            };
            (0..statements.len()).map(without).collect()
        }
        Step::Run(who, turns) if *turns > 1 => {
            vec![Step::Run(*who, turns / 2), Step::Run(*who, turns - 1)]
        }
        Step::Append(what, times) if *times > 1 => vec![Step::Append(*what, times - 1)],
        Step::LoseTail(count, ids) if *count > 1 => vec![Step::LoseTail(count - 1, *ids)],
        _ => Vec::new(),
    }
}
