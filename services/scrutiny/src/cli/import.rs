//! The command line of `scrutiny import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Record every row of published stop and search files, each as an entry of its own
    ///
    /// Reads the CSV files of data.police.uk and the JSON of its interface. Every file is read to its end before
    /// anything is recorded, so a file that is cut short or has other columns changes nothing. A file that was
    /// recorded in part (the machine went off, the program was killed) is gone on with; one that is there already
    /// is passed over. Words that no table knows are kept as they are and shown.
    StopSearch(ImportFiles),
    /// Record published tables of the use of force, and raise an issue for each total that is not what its parts are
    ///
    /// Reads CSV files and the Home Office's workbooks (ODS, XLSX). Of a workbook each sheet called "Table…" is
    /// recorded as CSV, and the workbook's digest with it. A total that differs from the sum of its parts is
    /// recorded as a data quality issue with both numbers.
    UseOfForce(ImportFiles),
    /// List the imported files, and whether every row of them is there
    Sources(Sources),
    /// Write an imported file again, byte for byte, from the ledger
    ExportSource(ExportSource),
}

#[derive(Debug, Args)]
pub(crate) struct ImportFiles {
    /// The files, as they were published
    #[arg(required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Who signs: "service-import as SVC:import of cambridgeshire" [default: the key at hand with that role]
    #[arg(long, value_name = "SIGNER")]
    pub(crate) by: Option<String>,
    /// The force whose records these are [default: as the file's name says]
    #[arg(long, value_name = "BODY")]
    pub(crate) force: Option<String>,
    /// The period, in the publisher's words [default: the month in the file's name]
    #[arg(long, value_name = "WORDS")]
    pub(crate) period: Option<String>,
    /// Who published the files
    #[arg(long, value_name = "NAME")]
    pub(crate) publisher: Option<String>,
    /// Under which licence
    #[arg(long, value_name = "NAME")]
    pub(crate) licence: Option<String>,
    /// An earlier file that the one given here takes the place of: its digest, its stream, or its name
    ///
    /// Of the same force, month and sort, and not replaced yet. Its rows stay on the ledger and are counted no more, and
    /// neither are reviews of them. Figures at an earlier tree size stay what they were.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) replaces: Option<String>,
    /// Where they were fetched
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// What the ledger knew when it held so many entries [default: all of them]
    #[arg(long, value_name = "SIZE")]
    pub(crate) at: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportSource {
    /// The file: its stream "source/7fcc3018f59cd3f4", or its name where only one file has it
    pub(crate) source: String,
    /// Where to write it; it must not exist [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}
