//! A schedule: how many recorders there are, and the steps. As text, for people and for regression files.
//!
//! ```text
//! # anything that a person should know
//! recorders 2
//! lead a
//! run a 40
//! submit 3 4
//! ```

use std::fmt;
use std::str::FromStr;

use crate::step::Step;

/// Recorders of one schedule, at most.
pub const MOST_RECORDERS: u8 = 3;

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// How many recorders.
    pub recorders: u8,
    /// In order.
    pub steps: Vec<Step>,
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct NoSchedule {
    /// Which line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "recorders {}", self.recorders)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let none = || NoSchedule {
            line: 1,
            problem: "it begins with \"recorders 1\" to \"recorders 3\"".to_owned(),
        };
        let (_, first) = lines.next().ok_or_else(none)?;
        let recorders = first.strip_prefix("recorders ").and_then(|n| n.parse().ok());
        let recorders = recorders.filter(|n| (1..=MOST_RECORDERS).contains(n)).ok_or_else(none)?;
        let step = |(line, text): (usize, &str)| {
            text.parse::<Step>().map_err(|e| NoSchedule { line, problem: e.to_string() })
        };
        Ok(Self { recorders, steps: lines.map(step).collect::<Result<_, _>>()? })
    }
}
