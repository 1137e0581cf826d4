//! Recorders: enrolled, given log keys, changed over to.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::By;

#[derive(Debug, Subcommand)]
pub(crate) enum Recorder {
    /// Make a recorder's key, enrol it and give it the role REC, which signs nothing but its epochs
    Enrol(RecorderEnrol),
    /// Say by which rule log keys go from one recorder to the next: adopts the charter in force with that rule
    Rule(RecorderRule),
    /// Make log keys for a recorder of its own, in a file that stays on its machine
    LogKeys(RecorderLogKeys),
    /// Say with which log keys a recorder may sign checkpoints once it takes over; two root keys sign
    Authorise(RecorderAuthorise),
    /// Start an epoch on this machine's ledger, and sign checkpoints with new log keys from then on
    TakeOver(RecorderTakeOver),
    /// List who recorded from where, with which log keys, and who may take over
    List,
}

#[derive(Debug, Args)]
pub(crate) struct RecorderEnrol {
    /// A name for the recorder's key, such as "recorder-2"; one that is in the key folder already is taken as it is
    pub(crate) name: String,
    /// The body that runs it [default: the ledger's own]
    #[arg(long, value_name = "BODY")]
    pub(crate) body: Option<String>,
    #[command(flatten)]
    pub(crate) by: By,
}

/// How log keys go from one recorder to the next.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogKeyRule {
    /// Every recorder has a copy of the same log keys
    HandedOver,
    /// Each recorder has its own, which two root keys authorise
    Rotated,
}

#[derive(Debug, Args)]
pub(crate) struct RecorderRule {
    /// The rule
    pub(crate) rule: LogKeyRule,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) by: By,
}

#[derive(Debug, Args)]
pub(crate) struct RecorderLogKeys {
    /// Where to write them; the file must not exist yet. Their public halves go into FILE.pub
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) to: PathBuf,
    /// The ledger's name, where its folder is not at hand
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RecorderAuthorise {
    /// Which recorder: the name of its key in the key folder, or "SHA256:..."
    pub(crate) name: String,
    /// The public halves of its log keys: the FILE.pub that `scrutiny recorder log-keys` wrote
    #[arg(long, value_name = "FILE", required_unless_present = "none", value_hint = ValueHint::FilePath)]
    pub(crate) log_keys: Option<PathBuf>,
    /// Take back what was authorised for it and is not in force
    #[arg(long, conflicts_with = "log_keys")]
    pub(crate) none: bool,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) by: By,
}

#[derive(Debug, Args)]
pub(crate) struct RecorderTakeOver {
    /// The recorder's key in the key folder
    pub(crate) name: String,
    /// The log keys to change to. They replace log.key in the key folder, which is kept as log.key.before-epoch-N.
    /// Without, those in force are handed over
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) log_keys: Option<PathBuf>,
}
