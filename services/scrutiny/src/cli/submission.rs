//! The command line of `scrutiny submission` and `scrutiny publication`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::dataset::{Residents, Upto, Which};

#[derive(Debug, Subcommand)]
pub(crate) enum Submission {
    /// List the templates that the program carries, or print one to make another from
    Templates(Templates),
    /// Write the files of a submission and their manifest
    ///
    /// The same entries, template and population give the same bytes on any machine. With --by the manifest's
    /// digest is recorded as prepared.
    Prepare(Prepare),
    /// Record that a chief officer approves a submission, by the digest of its manifest
    Approve(Approve),
    /// Record that a submission was sent, or with --receipt that it was acknowledged
    SendRecord(SendRecord),
    /// Make a submission again from a ledger or an export, and compare every byte
    Check(CheckSubmission),
    /// Show every cell that differs between two submissions
    Diff(DiffSubmissions),
}

#[derive(Debug, Args)]
pub(crate) struct Templates {
    /// Print this one
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Prepare {
    /// A template's name, or a file with one
    pub(crate) template: String,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) upto: Upto,
    #[command(flatten)]
    pub(crate) residents: Residents,
    /// The folder to write [default: TEMPLATE-BODY-PERIOD]
    #[arg(long, short, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
    /// Who signs that it is prepared: "governance-officer as G&I of cambridgeshire"
    #[arg(long, value_name = "SIGNER")]
    pub(crate) by: Option<String>,
    /// The body it goes to, with --by
    #[arg(long, value_name = "BODY", requires = "by")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The submission's folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// The chief officer: "chief-constable as CC of cambridgeshire"
    #[arg(long, value_name = "SIGNER")]
    pub(crate) by: String,
}

#[derive(Debug, Args)]
pub(crate) struct SendRecord {
    /// The submission's folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Who signs
    #[arg(long, value_name = "SIGNER")]
    pub(crate) by: String,
    /// The body it was sent to
    #[arg(long, value_name = "BODY")]
    pub(crate) to: Option<String>,
    /// The recipient's reference: records that it was acknowledged
    #[arg(long, value_name = "TEXT")]
    pub(crate) receipt: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckSubmission {
    /// The submission's folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// A ledger's or an export's folder to make it again from [default: --ledger]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) from: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffSubmissions {
    /// The earlier submission's folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) before: PathBuf,
    /// The later one's
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) after: PathBuf,
    /// Write the changes as CSV as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Publication {
    /// "publication-stop-search", "publication-use-of-force", or a file with a template
    pub(crate) template: String,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) upto: Upto,
    /// The folder to write [default: TEMPLATE-BODY-PERIOD]
    #[arg(long, short, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
    /// What was published last of the same period, so that no difference gives anything away
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) previous: Option<PathBuf>,
    /// Write the statement to record once the page is out, as YAML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) statement: Option<PathBuf>,
}
