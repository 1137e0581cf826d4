//! The command line of `scrutiny reviews` and `scrutiny pseudonym`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct AllReviews {
    #[command(flatten)]
    pub(crate) view: View,
    /// Only records of what happened in this month: "2023-10"
    #[arg(long, value_name = "MONTH")]
    pub(crate) month: Option<String>,
    /// List what waits for a review, the longest overdue first
    #[arg(long, group = "what")]
    pub(crate) outstanding: bool,
    /// List only what is past its last day. Where a force adopted no number of days, nothing is
    #[arg(long, group = "what")]
    pub(crate) overdue: bool,
    /// Everything about one record: "uof/2b7e151628aed2a6"
    #[arg(long, value_name = "STREAM", group = "what")]
    pub(crate) record: Option<String>,
    /// Only this level: self, supervisor, irg, rgrg, taser_tl, taser_ttt, jps, superintendent
    #[arg(long)]
    pub(crate) level: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Pseudonym {
    /// The numbers by which the force knows the people, one pseudonym each; "-" reads them from standard input, line by
    /// line, where no list of processes shows them. They are not kept
    #[arg(required_unless_present = "new_secret", value_name = "NUMBER")]
    pub(crate) numbers: Vec<String>,
    /// The file with the force's secret. Whoever has it can tell who a pseudonym is
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, default_value = "pseudonym.secret")]
    pub(crate) secret: PathBuf,
    /// Make a new secret first; the file must not be there
    #[arg(long)]
    pub(crate) new_secret: bool,
}
