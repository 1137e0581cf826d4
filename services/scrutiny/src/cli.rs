//! The command line, as clap reads it. What each command does is in `commands`.

mod bus;
mod dataset;
mod hub;
mod import;
mod key;
mod recorder;
mod reviews;
mod sample;
mod sending;
mod services;
mod submission;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

pub(crate) use bus::{
    Bus, BusCheck, BusProvision, BusProvisionForce, BusProvisionHub, BusProvisionWhat, Make, Servers,
};
pub(crate) use dataset::{Coverage, Dataset, Months, Residents, Revisions, ShowDataset, TableFigures, Which};
pub(crate) use hub::{Hub, HubCheckFork, HubEvidence, HubRegister, HubStatus};
pub(crate) use import::{ExportSource, Import, ImportFiles, Sources};
pub(crate) use key::{By, Key, KeyEnrol, KeyNew, KeyReason, KeyRevoke, KeyRotate};
pub(crate) use recorder::{
    LogKeyRule, Recorder, RecorderAuthorise, RecorderEnrol, RecorderLogKeys, RecorderRule, RecorderTakeOver,
};
pub(crate) use reviews::{AllReviews, Pseudonym};
pub(crate) use sample::{Level, PowerName, Sample, SampleCheck, SampleDraw, SampleFrame, SampleShow};
pub(crate) use sending::{
    Inspection, InspectionImport, Outbox, OutboxRetry, ResponseAssemble, ResponseForm, Review, ReviewImport,
    Sending,
};
pub(crate) use services::{Broker, Services, Status, Up};
pub(crate) use submission::{
    Approve, CheckSubmission, DiffSubmissions, Prepare, Publication, SendRecord, Submission, Templates,
};

/// Signed decisions of policing scrutiny, in an order that nobody can quietly rewrite.
#[derive(Debug, Parser)]
#[command(name = "scrutiny", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 2 usage, 3 verification failed, 4 cannot decide (something needed is missing),
5 not found, 6 refused by the charter or a rule, 7 conflict, 8 input/output or locked,
9 signed and kept in the outbox, not recorded yet.

Start with `scrutiny demo`, or with `scrutiny init`.";

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The ledger's folder
    #[arg(long, short = 'L', global = true, env = "SCRUTINY_LEDGER", default_value = "ledger",
          value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) ledger: PathBuf,
    /// The folder with signing keys
    #[arg(long, short = 'K', global = true, env = "SCRUTINY_KEYS", default_value = "keys",
          value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) keys: PathBuf,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no progress and no hints
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record a real inspection into a new ledger and show what came of it
    Demo(Demo),
    /// Found a new ledger: its log keys, two root keys, and entry 0
    Init(Init),
    /// Make, enrol, list, rotate, suspend and revoke signing keys
    #[command(subcommand)]
    Key(Key),
    /// Enrol recorders, say which log keys come with them, take over, and list who recorded from where
    #[command(subcommand)]
    Recorder(Recorder),
    /// Run every service in this process, on this machine's folder
    Up(Up),
    /// Show how the services are, and where their ledger stands
    Status(Status),
    /// Configure a broker for the services, and check one
    #[command(subcommand)]
    Bus(Bus),
    /// Look at every force's ledger side by side, as the national hub mirrors them
    #[command(subcommand)]
    Hub(Hub),
    /// Sign statements and record them
    Record(Record),
    /// List, send again or drop what was signed here and handed in, and has no verified receipt yet
    #[command(subcommand)]
    Outbox(Outbox),
    /// Sign statements without recording them, for several signers or another machine
    Sign(Sign),
    /// Import published records of stop and search and of use of force, and write the files back
    #[command(subcommand)]
    Import(Import),
    /// Draw samples for review that nobody can cherry-pick, and check how they were drawn
    #[command(subcommand)]
    Sample(Sample),
    /// Show the kinds of statement there are, or one with its fields, signers and an example
    Kinds(Kinds),
    /// Show a stream, an entry by index, or a statement by id
    Show(Show),
    /// Show the register of findings, with answers and statutory clocks
    Register(Register),
    /// Show items passed between bodies, and which of them nobody has confirmed
    Flow(View),
    /// Show which searches and uses of force must be reviewed, were reviewed, and wait
    Reviews(AllReviews),
    /// Show the sessions of panels from outside, with their ratings
    Panels(View),
    /// Show lessons, the channels they went out on, and who took them on
    Learning(View),
    /// Make the pseudonyms by which records of powers name people
    Pseudonym(Pseudonym),
    /// Show the figures that bodies report, and how they moved
    Figures(View),
    /// Count stop and search and use of force: rates with their counts, reviews, revisions
    #[command(subcommand)]
    Dataset(Dataset),
    /// Make returns from the figures, have them approved by digest, check and compare them
    #[command(subcommand)]
    Submission(Submission),
    /// Write what the public may see of the figures, with small numbers withheld
    Publication(Publication),
    /// Show what was scrutinised, assured, said, submitted and published, and who is monitored more closely
    Oversight(View),
    /// Show which key holds which role at which body, and from when to when
    Offices(View),
    /// Show how professional standards keep their limits: counts, or each case for those who work on them
    Conduct(Conduct),
    /// Record an inspection report from a spreadsheet or YAML
    #[command(subcommand)]
    Inspection(Inspection),
    /// Record completed reviews from CSV
    #[command(subcommand)]
    Review(Review),
    /// Draft the statutory response of a local policing body, or show where responses stand
    #[command(subcommand)]
    Response(Response),
    /// Write a board pack for a period, as one HTML file
    BoardPack(BoardPack),
    /// List the entries behind a row, a figure or a state
    Explain(Explain),
    /// Reckon a deadline: from a rule and a day to the last day, with every step
    Clock(Clock),
    /// Show the registered bodies, or whom a name as written means
    Bodies(Bodies),
    /// Write the proof that one entry is in the log
    Prove(Prove),
    /// Check a proof offline against a policy file of trusted keys
    Check(Check),
    /// Recompute everything in a ledger, an export or a published log, and report every finding
    Verify(Verify),
    /// Write everything a stranger needs to verify the ledger, as plain files
    Export(Export),
    /// Print the registered keys in the format of `ssh-keygen -Y verify`
    AllowedSigners(AllowedSigners),
    /// Print the policy file that names this ledger's log keys
    Policy,
    /// Compare the store's two copies and heal one from the other
    Scrub,
    /// Show what was refused, when and under which rule
    Refusals {
        /// How many at most: the latest ones
        #[arg(long, value_name = "N", default_value_t = 100)]
        last: usize,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    Manual {
        /// Where to
        #[arg(value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to put the demo; it must not exist
    #[arg(default_value = "scrutiny-demo", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// The day to reckon clocks for
    #[arg(long, value_name = "DATE", default_value = "2022-08-16")]
    pub(crate) as_of: jiff::civil::Date,
    /// Stop after recording this file of `demo/`, with a ledger to try things in: "01-bodies.yaml"
    #[arg(long, value_name = "FILE")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The ledger's name: a web address without its scheme, one per ledger for ever
    #[arg(long)]
    pub(crate) origin: String,
    /// The body that answers for the ledger
    #[arg(long, value_name = "BODY")]
    pub(crate) body: String,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    /// YAML or JSON with one statement or many, a .statement made by `scrutiny sign`, or - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Show exactly what would be signed, and sign nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Pass over what its stream says already: go on with a file that was recorded in part
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// YAML or JSON with one statement or many, a .statement to add a signature to, or - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Where to put the .statement files and their signatures
    #[arg(long, short, default_value = ".", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Kinds {
    /// One kind, by its short or full name
    pub(crate) name: Option<String>,
    /// Print only the kind's example, ready for `scrutiny record -`
    #[arg(long, requires = "name")]
    pub(crate) example: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A stream ("finding/dupp-2021/7"), an index ("12"), or a statement id
    pub(crate) what: String,
    /// Write each statement and its signatures as files for `ssh-keygen -Y verify`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) extract: Option<PathBuf>,
}

/// When to look from. The day limits what had happened, the size what was known.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AsOf {
    /// The day to reckon clocks and colours for [default: today in London]
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<jiff::civil::Date>,
    /// What the ledger knew when it held so many entries [default: all of them]
    #[arg(long, value_name = "SIZE")]
    pub(crate) at: Option<u64>,
}

/// A view and where it goes.
#[derive(Debug, Args)]
pub(crate) struct View {
    #[command(flatten)]
    pub(crate) when: AsOf,
    /// Only what is about this body
    #[arg(long)]
    pub(crate) body: Option<String>,
    /// Write the table as CSV as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Conduct {
    #[command(flatten)]
    pub(crate) view: View,
    /// Each case by its pseudonym, with its clocks. Restricted
    #[arg(long)]
    pub(crate) cases: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Response {
    /// Write the letter to edit, from what is on the ledger
    Draft(ResponseDraft),
    /// Write a form with a gap for each obligation that a local policing body owes an answer to
    Form(ResponseForm),
    /// Record a response from a filled-in form, and show what is still unanswered
    Assemble(ResponseAssemble),
    /// Show each local policing body's response to each report, with its 56 days
    Status(View),
}

#[derive(Debug, Args)]
pub(crate) struct ResponseDraft {
    /// The local policing body: "cambridgeshire-lpb"
    pub(crate) body: String,
    /// The report: "dupp-2021"
    pub(crate) report: String,
    #[command(flatten)]
    pub(crate) when: AsOf,
    /// Write the letter to a file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// Write the statement to record once the letter is written, as YAML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) statement: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BoardPack {
    /// The force or local policing body; the pack is about both
    #[arg(long)]
    pub(crate) body: String,
    /// First day of the period
    #[arg(long, value_name = "DATE")]
    pub(crate) from: jiff::civil::Date,
    /// Last day of the period
    #[arg(long, value_name = "DATE")]
    pub(crate) to: jiff::civil::Date,
    /// What the ledger knew when it held so many entries [default: all of them]
    #[arg(long, value_name = "SIZE")]
    pub(crate) at: Option<u64>,
    /// Where to write the page
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A stream, or what lies under it: "obligation/cambridgeshire/dupp-2021/5/0", "metric/cambridgeshire";
    /// "register/red" for a count of the register; "dataset/BODY/PERIOD/MEASURE/CELL" for a figure; or a file of a
    /// submission
    pub(crate) name: String,
    /// A cell of that file: "B7" in a CSV file, "find_rates!B7" in a workbook
    pub(crate) cell: Option<String>,
    #[command(flatten)]
    pub(crate) when: AsOf,
    /// Write the proof of each entry into a folder, as INDEX.tlog-proof
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) proofs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Clock {
    /// The rule: "R1", "R14-23". Without one, all are listed
    pub(crate) rule: Option<String>,
    /// The day it starts from, or the moment: 2022-06-21, 2022-06-10T10:00:00+01:00
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// The due words, for R3, R5 and R7: "By July 2021"
    #[arg(long)]
    pub(crate) words: Option<String>,
    /// How often, for R8
    #[arg(long)]
    pub(crate) cadence: Option<Cadence>,
    /// How many days, for R9
    #[arg(long)]
    pub(crate) days: Option<u16>,
    /// The day in the template's calendar, for R10
    #[arg(long, value_name = "DATE")]
    pub(crate) due: Option<jiff::civil::Date>,
    /// For R13: the day of the application and the new last day that was granted
    #[arg(long, num_args = 2, value_names = ["APPLIED", "GRANTED"])]
    pub(crate) extended: Option<Vec<jiff::civil::Date>>,
    /// For R13: first day of a judicial review, and the day on which the period runs again
    #[arg(long, num_args = 2, value_names = ["PAUSED", "RESUMED"])]
    pub(crate) paused: Option<Vec<jiff::civil::Date>>,
}

/// How often something is expected.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Cadence {
    Monthly,
    TwoMonthly,
    Quarterly,
    Annual,
}

#[derive(Debug, Args)]
pub(crate) struct Register {
    #[command(flatten)]
    pub(crate) when: AsOf,
    /// Write the rows as CSV as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
    /// Only this body's obligations
    #[arg(long)]
    pub(crate) body: Option<String>,
    /// Only this report's findings
    #[arg(long)]
    pub(crate) report: Option<String>,
    /// With --to, the projector there is asked, and nothing is read from --ledger
    #[command(flatten)]
    pub(crate) services: Services,
}

#[derive(Debug, Args)]
pub(crate) struct Bodies {
    /// A name as a document writes it: "Force Performance Meeting"
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The entry's index
    pub(crate) index: u64,
    /// Where to write it [default: INDEX.tlog-proof]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A .tlog-proof file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Whose signatures count.
#[derive(Debug, Clone, Args)]
pub(crate) struct Trust {
    /// A policy file of trusted keys (C2SP tlog-policy); `scrutiny policy` prints one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) policy: Option<PathBuf>,
    /// A trusted log key in vkey form, instead of a policy
    #[arg(long, value_name = "VKEY", conflicts_with = "policy")]
    pub(crate) vkey: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A ledger's folder, an export's folder, or the web address of a published log [default: --ledger]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// A checkpoint of this log that you kept or got elsewhere: it must be of the same history
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) remember: Vec<PathBuf>,
    /// Leaf hash of entry 0 as you know it: it stands for the keys and the charter that are pinned there
    #[arg(long, value_name = "HASH")]
    pub(crate) genesis: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The ledger's folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) from: PathBuf,
    /// Where to write the export; an earlier export of the same ledger is brought up to date
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) to: PathBuf,
    /// Include sealed content (names, people). For those who may see it, and nobody else
    #[arg(long)]
    pub(crate) with_addenda: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AllowedSigners {
    /// Write to a file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}
