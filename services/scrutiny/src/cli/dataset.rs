//! The command line of `scrutiny dataset`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum Dataset {
    /// List the bodies with records, and the months they have records of
    Months(Months),
    /// Show every figure of a body and period, with counts, intervals and caveats
    ///
    /// A figure is so many of so many. Records that do not say are shown apart. `scrutiny explain
    /// dataset/BODY/PERIOD/MEASURE/CELL` lists the entries behind a figure.
    Show(ShowDataset),
    /// Show which tactics nobody looked at, and samples with how many of them are reviewed
    Coverage(Coverage),
    /// Show what is wrong with data: totals that their parts do not come to, with the difference
    Issues(Months),
    /// Record that figures were put before a meeting, with the digest of their bytes
    ///
    /// Later figures of the same period revise them and never overwrite them: give --reason then.
    Table(TableFigures),
    /// Show figures as they were tabled, and what has changed in them since
    Revisions(Revisions),
}

/// Whose figures, and of when.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// Whose records [default: the only body with records]
    #[arg(long)]
    pub(crate) body: Option<String>,
    /// A month, "2024-03", or a year by its last month, "ye-2024-03" [default: the latest month]
    #[arg(long)]
    pub(crate) period: Option<String>,
}

/// Against which population.
#[derive(Debug, Clone, Args)]
pub(crate) struct Residents {
    /// Residents by force and ethnic group, as CSV [default: the census of 2011]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) population: Option<PathBuf>,
}

/// Over which part of the ledger.
#[derive(Debug, Clone, Args)]
pub(crate) struct Upto {
    /// What the ledger knew when it held so many entries [default: all of them]
    #[arg(long, value_name = "SIZE")]
    pub(crate) at: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Months {
    #[command(flatten)]
    pub(crate) upto: Upto,
}

#[derive(Debug, Args)]
pub(crate) struct ShowDataset {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) upto: Upto,
    #[command(flatten)]
    pub(crate) residents: Residents,
    /// Only this measure: "find-rate"
    #[arg(long)]
    pub(crate) measure: Option<String>,
    /// Only this breakdown of it: "ethnicity", "ethnicity,purpose", "all"
    #[arg(long, requires = "measure", value_delimiter = ',')]
    pub(crate) by: Option<Vec<String>>,
    /// Write the figures as CSV as well, one row for each
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
    /// Write a chart of the one measure and breakdown as SVG
    #[arg(long, value_name = "FILE", requires = "measure", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,
    /// Write a page with every table, and charts of the rates
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) page: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Coverage {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) upto: Upto,
}

#[derive(Debug, Args)]
pub(crate) struct TableFigures {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) residents: Residents,
    /// The meeting, as its stream: "meeting/cambridgeshire.srm/2024-04-09"
    #[arg(long)]
    pub(crate) meeting: String,
    /// Who signs: "analyst as AN of cambridgeshire"
    #[arg(long, value_name = "SIGNER")]
    pub(crate) by: String,
    /// Why the figures are revised; needed when other figures of the period were tabled before
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Revisions {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) residents: Residents,
}
