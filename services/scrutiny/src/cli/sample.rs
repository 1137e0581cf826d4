//! The command line of `scrutiny sample`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Sample {
    /// Commit to what a sample will be drawn from, before anybody can know the seed
    ///
    /// Records which records the sample is drawn from (a query over the entries so far, with the digest of what it
    /// gives), how many, and how. The seed is the root of the first checkpoint over at least one more entry than
    /// this one, so it does not exist yet.
    Frame(SampleFrame),
    /// Draw the sample that the committed frame and the seed give, and record it
    Draw(SampleDraw),
    /// Repeat a draw from a ledger, an export or a published log, and say whether it is the one recorded
    ///
    /// Needs no key and changes nothing. It evaluates the query again over the entries that the frame names, takes
    /// the root from the entries and from the checkpoint, draws again, and compares record by record. Whether the
    /// entries are genuine is for `scrutiny verify`.
    Check(SampleCheck),
    /// Show the samples, or one with what was drawn
    Show(SampleShow),
}

/// For which review a sample is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    /// The direct supervisor's dip sample
    Supervisor,
    /// The Internal Review Group
    Irg,
    /// The Reasonable Grounds Review Group: searches
    Rgrg,
    /// The Tactical Lead, of Taser uses
    #[value(name = "taser_tl")]
    TaserTl,
    /// The Taser Training Team, of other uses than fired ones
    #[value(name = "taser_ttt")]
    TaserTtt,
    /// A Superintendent, in addition
    Superintendent,
    /// A panel from outside
    Panel,
}

/// Which power was used.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PowerName {
    /// Stop and search
    Search,
    /// Use of force
    Force,
}

#[derive(Debug, Args)]
pub(crate) struct SampleFrame {
    /// A name for the sample: "rgrg-2024-04"
    pub(crate) name: String,
    /// For which review
    #[arg(long, value_enum)]
    pub(crate) level: Level,
    /// Searches or uses of force
    #[arg(long, value_enum, default_value = "search")]
    pub(crate) power: PowerName,
    /// Only rows of this imported file, "source/7fcc3018f59cd3f4"; may be repeated
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Vec<String>,
    /// Only records of this month in London, or from it on with --to
    #[arg(long, value_name = "MONTH")]
    pub(crate) month: Option<String>,
    /// The last month
    #[arg(long, value_name = "MONTH", requires = "month")]
    pub(crate) to: Option<String>,
    /// Only records with this value in this field: "object=Controlled drugs"; may be repeated, and all must hold
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub(crate) filters: Vec<String>,
    /// How many to draw
    #[arg(short, value_name = "N")]
    pub(crate) n: u32,
    /// What the sample is for, in words
    #[arg(long, value_name = "WORDS")]
    pub(crate) purpose: Option<String>,
    /// Who signs: "tactical-lead as TL of cambridgeshire"
    #[arg(long, value_name = "SIGNER")]
    pub(crate) by: String,
    /// Show what would be committed to, and record nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SampleDraw {
    /// The sample's name
    pub(crate) name: String,
    /// Who signs: "tactical-lead as TL of cambridgeshire"
    #[arg(long, value_name = "SIGNER")]
    pub(crate) by: String,
}

#[derive(Debug, Args)]
pub(crate) struct SampleCheck {
    /// The sample's name
    pub(crate) name: String,
    /// A ledger's folder, an export's folder, or the web address of a published log [default: --ledger]
    pub(crate) target: Option<String>,
    /// Look only at the first so many entries [default: all of them]
    #[arg(long, value_name = "SIZE")]
    pub(crate) at: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct SampleShow {
    /// The sample's name; without one, all are listed
    pub(crate) name: Option<String>,
    /// Look only at the first so many entries [default: all of them]
    #[arg(long, value_name = "SIZE")]
    pub(crate) at: Option<u64>,
}
