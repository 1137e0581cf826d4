//! Flags of what is handed in to services.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{AsOf, Broker};

/// Where statements are handed in, and what is known of the log there.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sending {
    /// Hand in to services: a broker, "nats://host:4222", or the folder of a ledger whose `scrutiny up` is running.
    /// Without it, the ledger in this machine's --ledger records it
    #[arg(long, value_name = "WHERE")]
    pub(crate) to: Option<String>,
    /// The force whose desks take it [default: the last part of the log's name]
    #[arg(long, env = "SCRUTINY_FORCE", value_name = "FORCE")]
    pub(crate) force: Option<String>,
    /// The log's keys, as `scrutiny policy` prints them, got from somewhere you trust [default: policy in --keys]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) policy: Option<PathBuf>,
    /// Wait so many seconds at most for each receipt; what has none by then stays in the outbox
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) broker: Broker,
}

/// What waits on this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// List what was signed and handed in here, and has no verified receipt yet
    List,
    /// Hand in again what waits, in order; what was refused only where it is named
    Retry(OutboxRetry),
    /// Forget a refused statement
    Drop {
        /// Its id
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OutboxRetry {
    /// Only these statements, by id
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// What an inspectorate publishes.
#[derive(Debug, Subcommand)]
pub(crate) enum Inspection {
    /// Record an inspection report from a spreadsheet (XLSX, CSV) or YAML: the report, its findings, judgments, and who owes answers
    Import(InspectionImport),
}

#[derive(Debug, Args)]
pub(crate) struct InspectionImport {
    /// The workbook, by its ending: .xlsx, .csv, .yaml
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Write an empty workbook with every table and column explained to FILE, and nothing else
    #[arg(long, conflicts_with_all = ["dry_run", "resume", "write", "to"])]
    pub(crate) template: bool,
    /// Write the statements to a file as a person could have typed them, for `scrutiny sign`, and record nothing
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) write: Option<PathBuf>,
    /// Show exactly what would be signed, and sign nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Pass over what its stream says already: go on with a workbook that was recorded in part
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, Args)]
pub(crate) struct ResponseForm {
    /// The local policing body: "cambridgeshire-lpb"
    pub(crate) body: String,
    /// The report: "dupp-2021"
    pub(crate) report: String,
    #[command(flatten)]
    pub(crate) when: AsOf,
    /// Write the form to a file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ResponseAssemble {
    /// A filled-in form, as `scrutiny response form` writes it
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Where to keep the letter that the answers make up; the statements name its digest
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) letter: Option<PathBuf>,
    /// Record it although obligations are unanswered
    #[arg(long)]
    pub(crate) incomplete: bool,
    /// Show exactly what would be signed, and sign nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Pass over what its stream says already
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// Reviews of how powers are used.
#[derive(Debug, Subcommand)]
pub(crate) enum Review {
    /// Record completed reviews from CSV, a row for each
    Import(ReviewImport),
}

#[derive(Debug, Args)]
pub(crate) struct ReviewImport {
    /// The batch, as CSV
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Write an empty batch with every column explained to FILE, and nothing else
    #[arg(long, conflicts_with_all = ["dry_run", "resume", "to"])]
    pub(crate) template: bool,
    /// Show exactly what would be signed, and sign nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Pass over what its stream says already: go on with a batch that was recorded in part
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) sending: Sending,
}
