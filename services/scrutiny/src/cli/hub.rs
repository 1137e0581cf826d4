//! The command line of `scrutiny hub`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{Services, Trust};

#[derive(Debug, Subcommand)]
pub(crate) enum Hub {
    /// Show how each force's ledger is, as the hub's mirrors have it
    ///
    /// For each force: entries held, what its own recorder says it has, the last checkpoint, how many checkpoints in a
    /// row were found to be consistent with the one before, and what is wrong, if anything, with what to do about it.
    ///
    /// Exit codes: 0 all is well (a force may be behind, or its keys not pinned), 3 a log signed two histories, is
    /// shorter than it was, or sent what does not verify, 4 a force is silent or entries are missing.
    Status(HubStatus),
    /// Show the register of findings of every force side by side, from the hub's mirrors
    ///
    /// Reads the hub's folder on its own machine, beside the hub or without it. Each force's part is computed at the
    /// last checkpoint that its log signed, which is checked again: it says at which size and root.
    Register(HubRegister),
    /// Print the evidence of a force's fork, as the hub keeps it: a file to hand on
    Evidence(HubEvidence),
    /// Check the evidence of a fork: that both notes are signed, and cannot both be true
    CheckFork(HubCheckFork),
}

#[derive(Debug, Args)]
pub(crate) struct HubStatus {
    #[command(flatten)]
    pub(crate) services: Services,
    /// Wait so many seconds at most until nothing is wrong and nothing outstanding
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
}

#[derive(Debug, Args)]
pub(crate) struct HubEvidence {
    /// The force's short name
    #[arg(value_name = "SLUG")]
    pub(crate) force: String,
    #[command(flatten)]
    pub(crate) services: Services,
}

#[derive(Debug, Args)]
pub(crate) struct HubRegister {
    /// The hub's folder
    #[arg(default_value = "hub", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Only these forces
    #[arg(long, value_name = "SLUG")]
    pub(crate) force: Vec<String>,
    /// The day to reckon clocks and colours for [default: today in London]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<jiff::civil::Date>,
    /// Only this report's findings
    #[arg(long)]
    pub(crate) report: Option<String>,
    /// Write the rows as CSV as well, each with its force, size and root
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HubCheckFork {
    /// The file: `evidence/<force>/fork-<size>.txt` in the hub's folder
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
}
